"""Write an event in the transaction of the change it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert

from open311_api.db.database import Session
from open311_api.events.models import Event


async def record(
    session: Session,
    *,
    jurisdiction_key: int,
    type: str,  # noqa: A002 the word of the event's column and of the wire
    data: Mapping[str, Any],
    request_key: int | None = None,
    sequence: int | None = None,
    service_key: int | None = None,
    department_key: int | None = None,
    status: str | None = None,
    api_key_key: int | None = None,
) -> int:
    """One event for one verb. ``data`` lists all its changes and holds no personal data; the position comes later."""
    key: int = await session.value(
        insert(Event)
        .values(
            jurisdiction_key=jurisdiction_key,
            type=type,
            data=dict(data),
            request_key=request_key,
            sequence=sequence,
            service_key=service_key,
            department_key=department_key,
            status=status,
            api_key_key=api_key_key,
        )
        .returning(Event.event_key)
    )
    return key
