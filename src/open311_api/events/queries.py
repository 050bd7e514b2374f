"""Every SELECT over events."""

from __future__ import annotations

from sqlalchemy import BigInteger, any_, exists, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from open311_api.db.columns import parameter
from open311_api.db.database import Session
from open311_api.db.statements import Statement
from open311_api.events.models import Event, FeedPosition, ImportRun

FEED_POSITIONS = Statement(select(FeedPosition.jurisdiction_key, FeedPosition.position, FeedPosition.published_at))

_WAITING = Statement(
    select(
        or_(
            exists().where(Event.position.is_(None), Event.import_key.is_(None)),
            exists().where(ImportRun.position.is_(None), ImportRun.finished_at.is_not(None)),
        )
    )
)


async def anything_unpublished(session: Session) -> bool:
    """Two index look-ups; true while a committed event has no position."""
    found: bool = await session.value(_WAITING)
    return found


HISTORY = Statement(
    select(Event.request_key, Event.sequence, Event.type, Event.occurred_at, Event.status, Event.data)
    .where(
        Event.jurisdiction_key == parameter("jurisdiction_key", BigInteger),
        Event.request_key == any_(parameter("request_keys", ARRAY(BigInteger))),
    )
    .order_by(Event.request_key, Event.sequence)
)
"""Parameters jurisdiction_key, request_keys: the events of some requests, oldest first for each."""
