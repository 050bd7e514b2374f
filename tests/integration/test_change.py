"""Changing a request: one verb, one version, one event; nothing for nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from open311_api.api_keys.types import Caller
from open311_api.catalog.create import create_jurisdiction
from open311_api.catalog.queries import load_catalog
from open311_api.catalog.snapshot import CitySnapshot, build_snapshot
from open311_api.db.database import Database
from open311_api.errors import Conflict, Invalid, ServiceRequestNotFound
from open311_api.events.models import Event
from open311_api.service_requests.change import Changed, change
from open311_api.service_requests.changes import Changes
from open311_api.service_requests.models import Note, ServiceRequest

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
CALLER = Caller(1, "staff", frozenset({"admin"}), None)


async def _city(db: Database, settings: str = "{}") -> CitySnapshot:
    async with db.begin() as session:
        key = await create_jurisdiction(session, jurisdiction_id="a.example", name="A")
        await session.execute(text(f"UPDATE jurisdiction SET settings = '{settings}'::jsonb".replace(":", r"\:")))
        await session.execute(text(f"INSERT INTO service (jurisdiction_key, code, name) VALUES ({key}, 'pothole', 'Pothole')"))
        await session.execute(text(f"INSERT INTO department (jurisdiction_key, code, name) VALUES ({key}, 'streets', 'Streets')"))
        await session.execute(
            text(
                "INSERT INTO service_request (jurisdiction_key, service_request_id, service_key, department_key, detailed_status,"
                " requested_datetime, updated_datetime) SELECT service.jurisdiction_key, 'SR-1', service_key,"
                " department.department_key, 'received', '2026-05-01', '2026-05-01' FROM service, department WHERE triage"
            )
        )
        return build_snapshot(await load_catalog(session, key))


async def _change(db: Database, city: CitySnapshot, changes: Changes, *, now: datetime = NOW, **options: Any) -> Changed:
    return await change(db, city=city, service_request_id="SR-1", changes=changes, caller=CALLER, now=now, **options)


async def _events(db: Database) -> list[tuple[str, int, dict[str, Any]]]:
    async with db.read() as session:
        rows = await session.fetch(select(Event.type, Event.sequence, Event.data).order_by(Event.sequence))
    return [(row["type"], row["sequence"], row["data"]) for row in rows]


async def test_a_life_tells_its_story_in_events(db: Database) -> None:
    city = await _city(db)
    await _change(db, city, Changes(department="streets"))
    await _change(db, city, Changes(detailed_status="on_hold", status_notes="Waiting for parts"))
    await _change(db, city, Changes(status="closed", public_note="Filled", private_note="Ask for the invoice"))
    await _change(db, city, Changes(status="open"))
    assert [(kind, sequence) for kind, sequence, _ in await _events(db)] == [
        ("service_request.rerouted", 2),
        ("service_request.status_changed", 3),
        ("service_request.closed", 4),
        ("service_request.reopened", 5),
    ]
    async with db.read() as session:
        notes = [
            (row["sequence"], row["public"])
            for row in await session.fetch(select(Note.sequence, Note.public).order_by(Note.public))
        ]
    assert notes == [(4, False), (4, True)]


async def test_closing_stamps_both_times_alike_and_reopening_clears_the_close(db: Database) -> None:
    city = await _city(db)

    async def times() -> tuple[Any, Any]:
        async with db.read() as session:
            row = await session.row(select(ServiceRequest.updated_datetime, ServiceRequest.closed_datetime))
        assert row is not None
        return row["updated_datetime"], row["closed_datetime"]

    await _change(db, city, Changes(status="closed"), now=NOW.replace(microsecond=900_000))
    assert await times() == (NOW, NOW)
    await _change(db, city, Changes(status="open"), now=NOW + timedelta(hours=1))
    assert await times() == (NOW + timedelta(hours=1), None)


async def test_no_difference_writes_nothing(db: Database) -> None:
    city = await _city(db)
    assert await _change(db, city, Changes(status="open", department="triage", title=None)) == Changed(1, 1, effective=False)
    assert await _events(db) == []


async def test_a_private_note_leaves_the_public_time_alone(db: Database) -> None:
    city = await _city(db)
    await _change(db, city, Changes(private_note="Known caller"))
    async with db.read() as session:
        assert await session.value(select(ServiceRequest.updated_datetime)) == datetime(2026, 5, 1, tzinfo=UTC)
    assert await _events(db) == [("service_request.note_added", 2, {"notes": ["private"]})]


async def test_events_hold_no_words_of_people(db: Database) -> None:
    city = await _city(db)
    await _change(db, city, Changes(description="Ann Smith, 555-0100", status_notes="Called Ann", public_note="Dear Ann"))
    assert "Ann" not in str(await _events(db))


async def test_writers_of_one_request_queue_up_and_number_their_events(db: Database) -> None:
    city = await _city(db)
    await asyncio.gather(*(_change(db, city, Changes(private_note=f"note {number}")) for number in range(20)))
    assert [sequence for _, sequence, _ in await _events(db)] == list(range(2, 22))


async def test_a_stale_version_is_refused_with_the_present_state(db: Database) -> None:
    city = await _city(db)
    await _change(db, city, Changes(detailed_status="planned"), expected_version=1)
    with pytest.raises(Conflict) as refused:
        await _change(db, city, Changes(status="closed"), expected_version=1)
    assert refused.value.current == {"version": 2, "status": "open", "detailed_status": "planned"}


async def test_a_closed_request_reopens_only_within_the_limit(db: Database) -> None:
    city = await _city(db, settings='{"reopen_days": 14}')
    await _change(db, city, Changes(status="closed"))
    with pytest.raises(Conflict, match="14 days"):
        await _change(db, city, Changes(status="open"), now=NOW + timedelta(days=15))
    assert (await _change(db, city, Changes(status="open"), now=NOW + timedelta(days=13))).effective


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        (Changes(status="weird"), "status"),
        (Changes(detailed_status="nope"), "detailed_status"),
        (Changes(status="open", detailed_status="fixed"), "contradicts"),
        (Changes(department="nobody"), "department"),
    ],
)
async def test_what_cannot_be_is_named(db: Database, changes: Changes, word: str) -> None:
    city = await _city(db)
    with pytest.raises(Invalid, match=word):
        await _change(db, city, changes)
    assert await _events(db) == []


async def test_an_unknown_request_is_not_found(db: Database) -> None:
    city = await _city(db)
    with pytest.raises(ServiceRequestNotFound):
        await change(db, city=city, service_request_id="SR-9", changes=Changes(status="closed"), caller=CALLER, now=NOW)
