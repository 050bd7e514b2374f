"""Change a request: the row, its notes and one event, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer, Text, insert, select, update

from open311_api.api_keys.types import Caller
from open311_api.catalog.snapshot import CitySnapshot
from open311_api.db.columns import parameter
from open311_api.db.database import Database, Session
from open311_api.db.statements import Statement
from open311_api.errors import ServiceRequestNotFound, StaleVersion
from open311_api.events.record import record
from open311_api.service_requests.changes import Changes, CurrentState, Effect, effect_of
from open311_api.service_requests.models import Note, ServiceRequest

_VALUES = (
    "title",
    "description",
    "address",
    "address_id",
    "zipcode",
    "status_notes",
    "visibility",
    "moderation",
    "priority",
    "expected_datetime",
)
_CURRENT = Statement(
    select(
        ServiceRequest.request_key,
        ServiceRequest.service_request_id,
        ServiceRequest.version,
        ServiceRequest.service_key,
        ServiceRequest.department_key,
        ServiceRequest.status,
        ServiceRequest.detailed_status,
        ServiceRequest.closed_datetime,
        *(getattr(ServiceRequest, name) for name in _VALUES),
    )
    .where(
        ServiceRequest.jurisdiction_key == parameter("jurisdiction_key", Integer),
        ServiceRequest.service_request_id == parameter("service_request_id", Text),
    )
    .with_for_update()
)
_NOTE = Statement(
    insert(Note).values(
        jurisdiction_key=parameter("jurisdiction_key", Integer),
        request_key=parameter("request_key", BigInteger),
        sequence=parameter("sequence", Integer),
        public=parameter("public", Note.public.type),
        text=parameter("text", Text),
    )
)


@dataclass(frozen=True, slots=True)
class Changed:
    """Where the request stands now."""

    request_key: int
    version: int
    effective: bool
    """False: nothing was different, so nothing was written and no event was made."""


async def change(
    db: Database,
    *,
    city: CitySnapshot,
    service_request_id: str,
    changes: Changes,
    caller: Caller,
    now: datetime,
    expected_version: int | None = None,
) -> Changed:
    """One verb, one version, one event. Writers of one request wait for each other on its row.

    Raises ServiceRequestNotFound, Invalid, StaleVersion, or Conflict (a transition that is not allowed).
    """
    async with db.begin() as session:
        current = await _lock(session, city, service_request_id)
        if expected_version is not None and expected_version != current.version:
            raise StaleVersion(
                f"service_request_id {service_request_id} is at version {current.version}, not {expected_version}; read it again",
                current={"version": current.version, "status": current.status, "detailed_status": current.detailed_status},
            )
        effect = effect_of(changes, current, city, now=now)
        if effect is None:
            return Changed(current.request_key, current.version, effective=False)
        version = current.version + 1
        await _write(session, city, current, effect, changes, version, caller, now)
    return Changed(current.request_key, version, effective=True)


async def _lock(session: Session, city: CitySnapshot, service_request_id: str) -> CurrentState:
    row = await session.row(_CURRENT, {"jurisdiction_key": city.key, "service_request_id": service_request_id})
    if row is None:
        raise ServiceRequestNotFound(f"service_request_id {service_request_id} was not found")
    plain = {name: row[name] for name in CurrentState.__slots__ if name != "values"}
    return CurrentState(**plain, values={name: row[name] for name in _VALUES})


async def _write(
    session: Session,
    city: CitySnapshot,
    current: CurrentState,
    effect: Effect,
    changes: Changes,
    version: int,
    caller: Caller,
    now: datetime,
) -> None:
    where = {"jurisdiction_key": city.key, "request_key": current.request_key}
    columns = {**effect.columns, "version": version}
    if effect.public:
        columns["updated_datetime"] = now.replace(microsecond=0)
    await session.execute(_update(tuple(sorted(columns))), {**where, **{f"new_{name}": value for name, value in columns.items()}})
    for text, public in ((changes.public_note, True), (changes.private_note, False)):
        if text:
            await session.execute(_NOTE, {**where, "sequence": version, "public": public, "text": text})
    await record(
        session,
        **where,
        type=effect.event_type,
        sequence=version,
        service_key=current.service_key,
        department_key=columns.get("department_key", current.department_key),
        status=columns.get("status", current.status),
        api_key_key=caller.api_key_key,
        data=effect.data,
    )


@lru_cache(maxsize=256)
def _update(names: tuple[str, ...]) -> Statement:
    """Compiled once for each set of columns."""
    values: dict[str, Any] = {name: parameter(f"new_{name}", getattr(ServiceRequest, name).type) for name in names}
    return Statement(
        update(ServiceRequest)
        .where(
            ServiceRequest.jurisdiction_key == parameter("jurisdiction_key", Integer),
            ServiceRequest.request_key == parameter("request_key", BigInteger),
        )
        .values(**values)
    )
