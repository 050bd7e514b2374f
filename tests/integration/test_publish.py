"""Positions: given once, without gaps, in the order of each request, whoever publishes."""

from __future__ import annotations

import asyncio

from sqlalchemy import insert, select, text

from open311_api.db.database import Database
from open311_api.events.models import Event, ImportRun
from open311_api.events.publish import publish
from open311_api.events.record import record


async def _write(db: Database, jurisdiction_key: int, request_key: int, sequence: int) -> None:
    async with db.begin() as session:
        await record(
            session,
            jurisdiction_key=jurisdiction_key,
            type="service_request.updated",
            data={},
            request_key=request_key,
            sequence=sequence,
        )


async def _positions(db: Database) -> list[tuple[int, int, int, int]]:
    async with db.read() as session:
        rows = await session.fetch(
            select(Event.jurisdiction_key, Event.position, Event.request_key, Event.sequence).order_by(
                Event.jurisdiction_key, Event.position
            )
        )
    return [tuple(row) for row in rows]


async def test_each_jurisdiction_counts_from_one_without_gaps(db: Database) -> None:
    for sequence in (1, 2):
        for jurisdiction_key in (1, 2):
            await _write(db, jurisdiction_key, 10, sequence)
    assert await publish(db)
    assert not await publish(db)
    await _write(db, 2, 11, 1)
    assert await publish(db)
    assert await _positions(db) == [(1, 1, 10, 1), (1, 2, 10, 2), (2, 1, 10, 1), (2, 2, 10, 2), (2, 3, 11, 1)]


async def test_many_publishers_and_writers_give_every_event_one_position_in_order(db: Database) -> None:
    async def writer(request_key: int) -> None:
        for sequence in range(1, 41):
            await _write(db, 1, request_key, sequence)

    async def publisher(stop: asyncio.Event) -> None:
        while not stop.is_set():
            await publish(db)

    stop = asyncio.Event()
    publishers = [asyncio.create_task(publisher(stop)) for _ in range(3)]
    await asyncio.gather(*(writer(key) for key in range(5)))
    stop.set()
    await asyncio.gather(*publishers)
    await publish(db)
    rows = await _positions(db)
    assert [row[1] for row in rows] == list(range(1, 201))
    for key in range(5):
        assert [row[3] for row in rows if row[2] == key] == list(range(1, 41))


async def test_an_import_gets_one_position_for_all_its_events(db: Database) -> None:
    async with db.begin() as session:
        run = await session.value(
            insert(ImportRun).values(jurisdiction_key=1, source="x", finished_at=text("now()")).returning(ImportRun.import_key)
        )
        await session.execute(
            insert(Event).values(
                jurisdiction_key=1, type="service_request.imported", data={}, request_key=1, sequence=1, import_key=run
            )
        )
    await _write(db, 1, 2, 1)
    assert await publish(db)
    async with db.read() as session:
        assert await session.value(select(ImportRun.position)) == 2
        assert await session.value(select(Event.position).where(Event.import_key == run)) is None
