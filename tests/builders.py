"""Rows for tests that GeoReport cannot make: old reports, closed ones, masked ones, thousands of them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from open311_api.db.database import connect

JURISDICTION = "riverton.example"


def ago(**duration: float) -> datetime:
    """A moment in the past, in whole seconds as the server stores them."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(**duration)


@dataclass(frozen=True)
class StoredRequest:
    """One row of service_request and the events and notes that go with it."""

    service_request_id: str
    service_code: str
    columns: dict[str, Any]
    lat: float | None
    long: float | None
    department: str | None = None
    parent: str | None = None
    notes: tuple[tuple[str, bool], ...] = ()
    events: tuple[dict[str, Any], ...] = field(default_factory=tuple)


def build_service_request(
    service_request_id: str | None = None,
    *,
    service_code: str = "tree-down",
    requested_datetime: datetime | None = None,
    updated_datetime: datetime | None = None,
    closed_datetime: datetime | None = None,
    status: str = "open",
    detailed_status: str | None = None,
    lat: float | None = 52.1,
    long: float | None = 5.05,
    department: str | None = None,
    parent: str | None = None,
    notes: Sequence[tuple[str, bool]] = (),
    **columns: Any,
) -> StoredRequest:
    """``notes`` are texts with whether they are public; ``columns`` are any others of service_request."""
    requested = requested_datetime or ago(minutes=10)
    closed = closed_datetime or (updated_datetime or requested) if status == "closed" else None
    events: list[dict[str, Any]] = [
        {"type": "service_request.created", "occurred_at": requested, "status": "open", "data": {"status": {"to": "open"}}}
    ]
    events += [
        {"type": "service_request.note_added", "occurred_at": requested + timedelta(minutes=index), "status": "open", "data": {}}
        for index, _ in enumerate(notes, 1)
    ]
    if closed is not None:
        change = {"status": {"to": "closed"}, "detailed_status": {"to": detailed_status or "closed"}}
        events.append({"type": "service_request.closed", "occurred_at": closed, "status": "closed", "data": change})
    return StoredRequest(
        service_request_id=service_request_id or f"T-{uuid.uuid4().hex[:16]}",
        service_code=service_code,
        columns={
            "requested_datetime": requested,
            "updated_datetime": updated_datetime or closed or requested,
            "closed_datetime": closed,
            "status": status,
            "detailed_status": detailed_status,
            **columns,
        },
        lat=lat,
        long=long,
        department=department,
        parent=parent,
        notes=tuple(notes),
        events=tuple(events),
    )


def store(database_url: str, *requests: StoredRequest, jurisdiction: str = JURISDICTION) -> list[str]:
    """Commit them to the database of a running server, and say their ids."""
    asyncio.run(_store(database_url, requests, jurisdiction))
    return [request.service_request_id for request in requests]


async def _store(database_url: str, requests: Sequence[StoredRequest], jurisdiction: str) -> None:
    connection = await connect(database_url)
    try:
        async with connection.transaction():
            await store_with(connection, requests, jurisdiction)
    finally:
        await connection.close()


async def store_with(connection: Any, requests: Iterable[StoredRequest], jurisdiction: str = JURISDICTION) -> None:
    """In the caller's transaction. Requests of the same shape go in together."""
    city = await connection.fetchval("SELECT jurisdiction_key FROM jurisdiction WHERE jurisdiction_id = $1", jurisdiction)
    services = dict(await connection.fetch("SELECT code, service_key FROM service WHERE jurisdiction_key = $1", city))
    departments = dict(await connection.fetch("SELECT code, department_key FROM department WHERE jurisdiction_key = $1", city))
    triage = await connection.fetchval("SELECT department_key FROM department WHERE jurisdiction_key = $1 AND triage", city)
    defaults = dict(
        await connection.fetch("SELECT status, code FROM detailed_status WHERE jurisdiction_key = $1 AND is_default", city)
    )
    shapes: dict[tuple[str, ...], list[StoredRequest]] = {}
    for request in requests:
        shapes.setdefault(tuple(request.columns), []).append(request)
    for names, alike in shapes.items():
        fixed = ("jurisdiction_key", "service_request_id", "service_key", "department_key", "long", "lat")
        values = [
            (
                city,
                request.service_request_id,
                services[request.service_code],
                departments[request.department] if request.department else triage,
                request.long,
                request.lat,
                *(
                    request.columns[name] or defaults[request.columns["status"]]
                    if name == "detailed_status"
                    else request.columns[name]
                    for name in names
                ),
            )
            for request in alike
        ]
        marks = ", ".join(f"${index}" for index in range(len(fixed) + 1, len(fixed) + len(names) + 1))
        await connection.executemany(
            f"INSERT INTO service_request (jurisdiction_key, service_request_id, service_key, department_key, location, "
            f"{', '.join(names)}) VALUES ($1, $2, $3, $4, ST_SetSRID(ST_MakePoint($5::float8, $6::float8), 4326), {marks})",
            values,
        )
    await _tell(connection, city, [request for alike in shapes.values() for request in alike])


async def _tell(connection: Any, city: int, requests: list[StoredRequest]) -> None:
    ids = [request.service_request_id for request in requests]
    rows = await connection.fetch(
        "SELECT service_request_id, request_key, service_key, department_key FROM service_request "
        "WHERE jurisdiction_key = $1 AND service_request_id = ANY($2)",
        city,
        ids,
    )
    keys = {row["service_request_id"]: row for row in rows}
    events, notes, parents = [], [], []
    for request in requests:
        row = keys[request.service_request_id]
        for sequence, event in enumerate(request.events, 1):
            place = (city, row["request_key"], sequence, row["service_key"], row["department_key"])
            events.append((*place, event["type"], event["occurred_at"], event["status"], event["data"]))
        for sequence, (text, public) in enumerate(request.notes, 2):
            notes.append((city, row["request_key"], sequence, public, text))
        if request.parent:
            parents.append((city, row["request_key"], request.parent))
    await connection.executemany(
        "INSERT INTO event (jurisdiction_key, request_key, sequence, service_key, department_key, type, occurred_at, status, data) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        events,
    )
    await connection.executemany(
        "INSERT INTO note (jurisdiction_key, request_key, sequence, public, text) VALUES ($1, $2, $3, $4, $5)", notes
    )
    await connection.executemany(
        "UPDATE service_request SET parent_request_key = (SELECT request_key FROM service_request p "
        "WHERE p.jurisdiction_key = $1 AND p.service_request_id = $3) WHERE jurisdiction_key = $1 AND request_key = $2",
        parents,
    )


def change(database_url: str, service_request_id: str, jurisdiction: str = JURISDICTION, **columns: Any) -> None:
    """Change a stored request the way a verb does: new version, new updated_datetime, one event."""

    async def run() -> None:
        connection = await connect(database_url)
        try:
            async with connection.transaction():
                columns.setdefault("updated_datetime", ago())
                names = ", ".join(f"{name} = ${index}" for index, name in enumerate(columns, 3))
                row = await connection.fetchrow(
                    f"UPDATE service_request SET version = version + 1, {names} "
                    "WHERE service_request_id = $1 AND jurisdiction_key = "
                    "(SELECT jurisdiction_key FROM jurisdiction WHERE jurisdiction_id = $2) RETURNING *",
                    service_request_id,
                    jurisdiction,
                    *columns.values(),
                )
                await connection.execute(
                    "INSERT INTO event (jurisdiction_key, request_key, sequence, service_key, department_key, type, status, data) "
                    "SELECT $1, $2, max(sequence) + 1, $3, $4, 'service_request.updated', $5, '{}' FROM event "
                    "WHERE jurisdiction_key = $1 AND request_key = $2",
                    row["jurisdiction_key"],
                    row["request_key"],
                    row["service_key"],
                    row["department_key"],
                    row["status"],
                )
        finally:
            await connection.close()

    asyncio.run(run())
