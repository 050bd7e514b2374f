"""Every SELECT over single service requests; lists have list_sql.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, any_, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from open311_api.api_keys.models import IdempotencyRecord
from open311_api.db.columns import IdText, Moment, parameter
from open311_api.db.database import Session
from open311_api.db.statements import Statement
from open311_api.events.queries import HISTORY
from open311_api.service_requests.listing import Found
from open311_api.service_requests.models import ClientReference, Note, ServiceRequest
from open311_api.service_requests.types import HistoryItem, RequestRow, Submitted

_JURISDICTION = parameter("jurisdiction_key", Integer)


def document_columns() -> Select[Any]:
    """Everything of a request that RequestRow holds, in its order: rows become values by place, not by name."""
    request = ServiceRequest
    parent = aliased(ServiceRequest)
    parent_id = (
        select(parent.service_request_id)
        .where(
            parent.jurisdiction_key == request.jurisdiction_key,
            parent.request_key == request.parent_request_key,
            request.parent_request_key.is_not(None),
        )
        .correlate(request)
        .scalar_subquery()
    )
    made = {
        "lat": func.ST_Y(request.location).label("lat"),
        "long": func.ST_X(request.location).label("long"),
        "parent_service_request_id": parent_id.label("parent_service_request_id"),
    }
    return select(*(made[name] if name in made else getattr(request, name) for name in RequestRow.__slots__))


_BY_IDS = Statement(
    document_columns().where(
        ServiceRequest.jurisdiction_key == _JURISDICTION,
        ServiceRequest.service_request_id == any_(parameter("ids", ARRAY(IdText))),
    )
)
_BY_ID = Statement(
    document_columns().where(
        ServiceRequest.jurisdiction_key == _JURISDICTION, ServiceRequest.service_request_id == parameter("id", IdText)
    )
)
_VERSION = Statement(
    select(ServiceRequest.version, ServiceRequest.listed).where(
        ServiceRequest.jurisdiction_key == _JURISDICTION, ServiceRequest.service_request_id == parameter("id", IdText)
    )
)
_LISTED_VERSIONS = Statement(
    select(ServiceRequest.service_request_id, ServiceRequest.version, ServiceRequest.requested_datetime)
    .where(
        ServiceRequest.jurisdiction_key == _JURISDICTION,
        ServiceRequest.service_request_id == any_(parameter("ids", ARRAY(IdText))),
        ServiceRequest.listed,
    )
    .order_by(ServiceRequest.requested_datetime.desc(), ServiceRequest.service_request_id.desc())
)
_TOKEN = Statement(
    select(ServiceRequest.token, ServiceRequest.service_request_id).where(
        ServiceRequest.jurisdiction_key == _JURISDICTION, ServiceRequest.token == parameter("token", IdText)
    )
)
_PUBLIC_NOTES = Statement(
    select(Note.request_key, Note.sequence, Note.text).where(
        Note.jurisdiction_key == _JURISDICTION, Note.request_key == any_(parameter("request_keys", ARRAY(BigInteger))), Note.public
    )
)
_REPEAT = Statement(
    select(IdempotencyRecord.body_hash, IdempotencyRecord.answer).where(
        IdempotencyRecord.api_key_key == parameter("api_key_key", BigInteger),
        IdempotencyRecord.operation == parameter("operation", IdText),
        IdempotencyRecord.idempotency_key == parameter("idempotency_key", IdText),
        IdempotencyRecord.created_at >= parameter("since", Moment),
    )
)
_REPEAT_BY_REFERENCE = Statement(
    select(ServiceRequest.service_request_id, ServiceRequest.token, ServiceRequest.service_notice, ServiceRequest.visibility)
    .join(
        ClientReference,
        (ClientReference.jurisdiction_key == ServiceRequest.jurisdiction_key)
        & (ClientReference.request_key == ServiceRequest.request_key),
    )
    .where(
        ClientReference.jurisdiction_key == _JURISDICTION,
        ClientReference.api_key_key == parameter("api_key_key", BigInteger),
        ClientReference.service_key == parameter("service_key", Integer),
        ClientReference.kind == parameter("kind", IdText),
        ClientReference.reference == parameter("reference", IdText),
    )
)


async def version_of(session: Session, jurisdiction_key: int, service_request_id: str) -> tuple[int, bool] | None:
    """Version and whether lists show it: one index look-up."""
    row = await session.row(_VERSION, {"jurisdiction_key": jurisdiction_key, "id": service_request_id})
    return None if row is None else (row["version"], row["listed"])


async def listed_versions(session: Session, jurisdiction_key: int, ids: Iterable[str]) -> list[Found]:
    """Those ids that lists may show, newest first; unknown ids are left out."""
    rows = await session.fetch(_LISTED_VERSIONS, {"jurisdiction_key": jurisdiction_key, "ids": list(ids)})
    return [Found(row["service_request_id"], row["version"], row["requested_datetime"]) for row in rows]


async def find_request(session: Session, jurisdiction_key: int, service_request_id: str) -> RequestRow | None:
    row = await session.row(_BY_ID, {"jurisdiction_key": jurisdiction_key, "id": service_request_id})
    return None if row is None else RequestRow(*row)


async def find_requests(session: Session, jurisdiction_key: int, ids: Sequence[str]) -> list[RequestRow]:
    """In no particular order."""
    rows = await session.fetch(_BY_IDS, {"jurisdiction_key": jurisdiction_key, "ids": list(ids)})
    return [RequestRow(*row) for row in rows]


async def find_token(session: Session, jurisdiction_key: int, token: str) -> tuple[str, str | None] | None:
    """The token and the id it stands for, if that was assigned already."""
    row = await session.row(_TOKEN, {"jurisdiction_key": jurisdiction_key, "token": token})
    return None if row is None else (row["token"], row["service_request_id"])


async def public_history(session: Session, jurisdiction_key: int, request_keys: Sequence[int]) -> dict[int, list[HistoryItem]]:
    """By request, oldest first, with the public note of each event."""
    values = {"jurisdiction_key": jurisdiction_key, "request_keys": list(request_keys)}
    notes = {(row["request_key"], row["sequence"]): row["text"] for row in await session.fetch(_PUBLIC_NOTES, values)}
    history: dict[int, list[HistoryItem]] = {key: [] for key in request_keys}
    for row in await session.fetch(HISTORY, values):
        history[row["request_key"]].append(
            HistoryItem(
                at=row["occurred_at"],
                type=row["type"],
                status=row["status"],
                text=notes.get((row["request_key"], row["sequence"])),
                data=row["data"],
            )
        )
    return history


async def find_repeat(
    session: Session, *, api_key_key: int, operation: str, idempotency_key: str, since: datetime
) -> tuple[bytes, Submitted] | None:
    """The hash of the body and the answer that were kept under an Idempotency-Key."""
    row = await session.row(
        _REPEAT, {"api_key_key": api_key_key, "operation": operation, "idempotency_key": idempotency_key, "since": since}
    )
    return None if row is None else (row["body_hash"], Submitted(**row["answer"], repeated=True))


async def find_repeat_by_reference(
    session: Session, *, jurisdiction_key: int, api_key_key: int, service_key: int, kind: str, reference: str
) -> Submitted | None:
    """What was answered when this reference came for the first time."""
    row = await session.row(
        _REPEAT_BY_REFERENCE,
        {
            "jurisdiction_key": jurisdiction_key,
            "api_key_key": api_key_key,
            "service_key": service_key,
            "kind": kind,
            "reference": reference,
        },
    )
    if row is None:
        return None
    promised = row["token"] is not None
    return Submitted(
        service_request_id=None if promised else row["service_request_id"],
        token=row["token"],
        service_notice=row["service_notice"],
        repeated=True,
    )
