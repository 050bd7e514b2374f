"""Submissions that come again: under an Idempotency-Key, or with the client's own reference."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Text, literal
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from open311_api.api_keys.models import IdempotencyRecord
from open311_api.api_keys.types import Caller
from open311_api.catalog.snapshot import CitySnapshot
from open311_api.db.columns import Moment, parameter
from open311_api.db.database import Session
from open311_api.db.statements import Statement
from open311_api.errors import IdempotencyConflict, Unavailable
from open311_api.service_requests.models import ClientReference
from open311_api.service_requests.queries import find_repeat, find_repeat_by_reference
from open311_api.service_requests.types import Idempotency, Submission, Submitted

IDEMPOTENCY_LIFE = timedelta(hours=24)


class Repeated(Exception):
    """Another submission with the same key or reference committed first; this one is rolled back."""


_REFERENCE = Statement(
    upsert(ClientReference)
    .values(
        jurisdiction_key=parameter("jurisdiction_key", Integer),
        api_key_key=parameter("api_key_key", BigInteger),
        service_key=parameter("service_key", Integer),
        kind=parameter("kind", Text),
        reference=parameter("reference", Text),
        request_key=parameter("request_key", BigInteger),
    )
    .on_conflict_do_nothing()
    .returning(literal(True, Boolean))
)

_record = upsert(IdempotencyRecord).values(
    api_key_key=parameter("api_key_key", BigInteger),
    operation=parameter("operation", Text),
    idempotency_key=parameter("idempotency_key", Text),
    body_hash=parameter("body_hash", LargeBinary),
    status_code=201,
    answer=parameter("answer", JSONB),
    created_at=parameter("now", Moment),
)
_REMEMBER = Statement(
    _record.on_conflict_do_update(
        index_elements=[IdempotencyRecord.api_key_key, IdempotencyRecord.operation, IdempotencyRecord.idempotency_key],
        set_={
            "body_hash": _record.excluded.body_hash,
            "answer": _record.excluded.answer,
            "created_at": _record.excluded.created_at,
        },
        where=IdempotencyRecord.created_at < parameter("stale", Moment),
    ).returning(literal(True, Boolean))
)


async def remember(
    session: Session,
    city: CitySnapshot,
    caller: Caller,
    submission: Submission,
    request_key: int,
    idempotency: Idempotency | None,
    answer: Submitted,
    now: datetime,
) -> None:
    """Write under which names this submission may come again. Raises Repeated when one of them was first."""
    for kind, reference in submission.references.items():
        values = {
            "jurisdiction_key": city.key,
            "api_key_key": caller.api_key_key,
            "service_key": submission.service.service_key,
            "kind": kind,
            "reference": reference,
            "request_key": request_key,
        }
        if not await session.value(_REFERENCE, values):
            raise Repeated
    if idempotency is not None:
        kept = {"service_request_id": answer.service_request_id, "token": answer.token, "service_notice": answer.service_notice}
        values = {
            "api_key_key": caller.api_key_key,
            "operation": idempotency.operation,
            "idempotency_key": idempotency.key,
            "body_hash": idempotency.body_hash,
            "answer": kept,
            "now": now,
            "stale": now - IDEMPOTENCY_LIFE,
        }
        if not await session.value(_REMEMBER, values):
            raise Repeated


async def first_answer(
    session: Session,
    *,
    city: CitySnapshot,
    caller: Caller,
    submission: Submission,
    idempotency: Idempotency | None,
    now: datetime,
) -> Submitted:
    """The answer the first submission of this kind got. Raises IdempotencyConflict, or Unavailable when it vanished."""
    if idempotency is not None:
        found = await find_idempotent(session, caller=caller, idempotency=idempotency, now=now)
        if found is not None:
            return found
    for kind, reference in submission.references.items():
        found = await find_repeat_by_reference(
            session,
            jurisdiction_key=city.key,
            api_key_key=caller.api_key_key,
            service_key=submission.service.service_key,
            kind=kind,
            reference=reference,
        )
        if found is not None:
            return replace(found, service_request_id=None) if submission.service.type == "blackbox" else found
    raise Unavailable("the first submission of this kind was just removed, try again")


async def find_idempotent(session: Session, *, caller: Caller, idempotency: Idempotency, now: datetime) -> Submitted | None:
    """What was answered under this Idempotency-Key within its life. Raises IdempotencyConflict for another body."""
    row = await find_repeat(
        session,
        api_key_key=caller.api_key_key,
        operation=idempotency.operation,
        idempotency_key=idempotency.key,
        since=now - IDEMPOTENCY_LIFE,
    )
    if row is None:
        return None
    body_hash, answer = row
    if body_hash != idempotency.body_hash:
        raise IdempotencyConflict("Idempotency-Key was used before with a different body; send a new key for a new report")
    return answer
