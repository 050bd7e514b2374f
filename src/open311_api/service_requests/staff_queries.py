"""What only staff may read of a request: every column, its contact, and its whole story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, Integer, any_, select
from sqlalchemy.dialects.postgresql import ARRAY

from open311_api.api_keys.models import ApiKey
from open311_api.db.columns import IdText, parameter
from open311_api.db.database import Session
from open311_api.db.sealing import Sealer
from open311_api.db.statements import Statement
from open311_api.events.models import Event
from open311_api.service_requests.models import Contact, Note, ServiceRequest
from open311_api.service_requests.queries import document_columns
from open311_api.service_requests.types import ContactData, RequestRow


@dataclass(frozen=True, slots=True)
class StaffRow(RequestRow):
    """A request with what the public never sees."""

    token: str | None
    priority: int
    extra_answers: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One event of a request, who caused it, and the words that went with it."""

    sequence: int
    at: datetime
    type: str
    author: str | None
    status: str | None
    data: dict[str, Any]
    public_note: str | None
    private_note: str | None


_STAFF = document_columns().add_columns(ServiceRequest.token, ServiceRequest.priority, ServiceRequest.extra_answers)
_JURISDICTION = ServiceRequest.jurisdiction_key == parameter("jurisdiction_key", Integer)
_BY_ID = Statement(_STAFF.where(_JURISDICTION, ServiceRequest.service_request_id == parameter("id", IdText)))
_BY_KEYS = Statement(_STAFF.where(_JURISDICTION, ServiceRequest.request_key == any_(parameter("keys", ARRAY(BigInteger)))))
_CONTACT = Statement(
    select(Contact.sealed).where(
        Contact.jurisdiction_key == parameter("jurisdiction_key", Integer),
        Contact.request_key == parameter("request_key", BigInteger),
    )
)
_STORY = Statement(
    select(Event.sequence, Event.occurred_at.label("at"), Event.type, ApiKey.name.label("author"), Event.status, Event.data)
    .outerjoin(ApiKey, ApiKey.api_key_key == Event.api_key_key)
    .where(
        Event.jurisdiction_key == parameter("jurisdiction_key", Integer),
        Event.request_key == parameter("request_key", BigInteger),
    )
    .order_by(Event.sequence)
)
_NOTES = Statement(
    select(Note.sequence, Note.public, Note.text).where(
        Note.jurisdiction_key == parameter("jurisdiction_key", Integer),
        Note.request_key == parameter("request_key", BigInteger),
    )
)


async def find_for_staff(session: Session, jurisdiction_key: int, service_request_id: str) -> StaffRow | None:
    row = await session.row(_BY_ID, {"jurisdiction_key": jurisdiction_key, "id": service_request_id})
    return None if row is None else StaffRow(**row)


async def find_many_for_staff(session: Session, jurisdiction_key: int, request_keys: Sequence[int]) -> dict[int, StaffRow]:
    """By request_key; one that vanished in between is left out."""
    rows = await session.fetch(_BY_KEYS, {"jurisdiction_key": jurisdiction_key, "keys": list(request_keys)})
    return {row["request_key"]: StaffRow(**row) for row in rows}


async def find_contact(session: Session, sealer: Sealer, jurisdiction_key: int, request_key: int) -> ContactData | None:
    """Who reported, opened; None where nobody said."""
    sealed = await session.value(_CONTACT, {"jurisdiction_key": jurisdiction_key, "request_key": request_key})
    if sealed is None:
        return None
    plain = orjson.loads(sealer.open(sealed, bound_to="contact"))
    return ContactData(**{name: plain.get(name) for name in ContactData.__slots__})


async def find_story(session: Session, jurisdiction_key: int, request_key: int) -> list[StoryRow]:
    """Every event of a request, oldest first, with its notes."""
    values = {"jurisdiction_key": jurisdiction_key, "request_key": request_key}
    notes = {(row["sequence"], row["public"]): row["text"] for row in await session.fetch(_NOTES, values)}
    return [
        StoryRow(
            **row,
            public_note=notes.get((row["sequence"], True)),
            private_note=notes.get((row["sequence"], False)),
        )
        for row in await session.fetch(_STORY, values)
    ]
