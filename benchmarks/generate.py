"""Fill a city with one to thirty million requests and their events through COPY."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.place import JURISDICTION, Place
from benchmarks.rows import EVENT_COLUMNS, REQUEST_COLUMNS, Town, event_of, requests
from open311_api.catalog.create import number_sequence
from open311_api.cities.demo.files import write_demo_files

_CHUNK = 20_000


async def connect(url: str) -> asyncpg.Connection:
    """A plain connection that takes jsonb and points as the rows carry them."""
    connection = await asyncpg.connect(url, server_settings={"application_name": "benchmark", "timezone": "UTC", "jit": "off"})
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda value: orjson.loads(value[1:]),
    )
    if schema := await connection.fetchval("SELECT nspname FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace "
                                           "WHERE typname = 'geometry'"):  # fmt: skip
        await connection.set_type_codec("geometry", schema=schema, format="binary", encoder=bytes, decoder=bytes)
    return connection


def ensure_rows(place: Place, total: int, *, processes: int | None = None) -> float:
    """Migrate, load the city, fill it; seconds it took, 0 when the rows were there already."""
    place.open311("migrate")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        place.open311("city", "load", str(write_demo_files(Path(folder))), "--yes")
    started = time.monotonic()
    town = asyncio.run(_begin(place.url, total))
    if town is None:
        return 0.0
    _fill(place.url, town, total, processes or os.cpu_count() or 1)
    asyncio.run(_finish(place.url, town, total))
    return time.monotonic() - started


async def _begin(url: str, total: int) -> Town | None:
    """Empty tables without their secondary indexes, which are cheaper to build at the end; None when nothing is to be done."""
    connection = await connect(url)
    try:
        if await connection.fetchval("SELECT counts ->> 'stored' FROM import_run WHERE source = 'benchmark'") == str(total):
            return None
        await connection.execute("CREATE TABLE IF NOT EXISTS benchmark_index (name text PRIMARY KEY, definition text NOT NULL)")
        await connection.execute("TRUNCATE service_request, event, contact, note, client_reference, import_run")
        await connection.execute(
            "INSERT INTO benchmark_index SELECT indexname, indexdef FROM pg_indexes "
            "WHERE tablename IN ('service_request', 'event') AND indexname NOT LIKE 'pk_%' ON CONFLICT DO NOTHING"
        )
        for row in await connection.fetch("SELECT name FROM benchmark_index"):
            await connection.execute(f"DROP INDEX IF EXISTS {row['name']}")
        key = await connection.fetchval("SELECT jurisdiction_key FROM jurisdiction WHERE jurisdiction_id = $1", JURISDICTION)
        services = await connection.fetch(
            "SELECT service_key, name, coalesce(department_key, (SELECT department_key FROM department d WHERE triage AND "
            "d.jurisdiction_key = s.jurisdiction_key)) AS department_key FROM service s WHERE jurisdiction_key = $1 ORDER BY code",
            key,
        )
        run = await connection.fetchval(
            "INSERT INTO import_run (jurisdiction_key, source) VALUES ($1, 'benchmark') RETURNING import_key", key
        )
        return Town(key, run, tuple(tuple(row) for row in services), datetime.now(UTC).replace(microsecond=0))
    finally:
        await connection.close()


def _fill(url: str, town: Town, total: int, processes: int) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    context = multiprocessing.get_context("spawn")
    with Progress(*columns) as progress, ProcessPoolExecutor(processes, mp_context=context) as pool:
        task = progress.add_task("requests and events", total=total)
        chunks = [(start, min(total, start + _CHUNK)) for start in range(0, total, _CHUNK)]
        for done in as_completed([pool.submit(_copy_chunk, url, town, start, stop, total) for start, stop in chunks]):
            progress.update(task, advance=done.result())


def _copy_chunk(url: str, town: Town, start: int, stop: int, total: int) -> int:
    return asyncio.run(_copy(url, town, list(requests(town, start, stop, total))))


async def _copy(url: str, town: Town, rows: list[tuple[Any, ...]]) -> int:
    connection = await connect(url)
    try:
        # References are right by construction; checking them one by one would take longer than the rows.
        await connection.execute("SET session_replication_role = replica")
        await connection.copy_records_to_table("service_request", columns=REQUEST_COLUMNS, records=rows)
        await connection.copy_records_to_table("event", columns=EVENT_COLUMNS, records=[event_of(row, town) for row in rows])
    finally:
        await connection.close()
    return len(rows)


async def _finish(url: str, town: Town, total: int) -> None:
    """Indexes again, sequences behind the rows, statistics, and the mark that all of it is there."""
    connection = await connect(url)
    try:
        await connection.execute("SET maintenance_work_mem = '512MB'")
        definitions = [row["definition"] for row in await connection.fetch("SELECT definition FROM benchmark_index")]
        with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()) as progress:
            for definition in progress.track(definitions, description="indexes"):
                await connection.execute(definition)
        await connection.execute("DROP TABLE benchmark_index")
        await connection.execute(
            "SELECT setval(pg_get_serial_sequence('service_request', 'request_key'), $1)".replace("$1", str(total))
        )
        await connection.execute(f"SELECT setval('{number_sequence(town.jurisdiction_key)}', {total})")
        await connection.execute("VACUUM (ANALYZE, FREEZE)")
        await connection.execute(
            "UPDATE import_run SET finished_at = now(), counts = $1 WHERE source = 'benchmark'", {"stored": str(total)}
        )
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
