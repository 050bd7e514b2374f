"""Put the demo city and its 20,000 reports into a database: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import TypeVar

from sqlalchemy import column, delete, insert, select, table, text, update

from open311_api.catalog.create import number_sequence
from open311_api.catalog.queries import CatalogContent, load_catalog
from open311_api.cities.demo.arrivals import Arrival, arrivals
from open311_api.cities.demo.files import write_demo_files
from open311_api.cities.demo.reports import Report, Reporter
from open311_api.cities.demo.rows import EVENT_COLUMNS, NOTE_COLUMNS, REQUEST_COLUMNS, Keys, event_rows, note_rows, request_row
from open311_api.cities.demo.town import Town
from open311_api.cities.demo.words import load_words
from open311_api.cities.load import apply_city
from open311_api.cities.queries import find_jurisdiction_key, has_requests, request_key_sequence, reserve_numbers
from open311_api.cities.reading import read_city_file
from open311_api.db.columns import point_at
from open311_api.db.database import Database, Session
from open311_api.db.statements import Statement
from open311_api.events.models import ImportRun
from open311_api.service_requests.models import ServiceRequest
from open311_api.service_requests.numbering import parse_format

DEMO_CITY = "demo.city"
REQUESTS = 20_000
_BATCH = 1000
_UNNUMBERED = timedelta(hours=36)
"""A batch service gives the number after this time."""

T = TypeVar("T")
_STAGED = table("demo_report", *(column(name) for name in (*REQUEST_COLUMNS, "long", "lat")))
_STORE = Statement(
    insert(ServiceRequest).from_select(
        [*REQUEST_COLUMNS, "location"],
        select(*(_STAGED.c[name] for name in REQUEST_COLUMNS), point_at(_STAGED.c.long, _STAGED.c.lat)),
    )
)


@dataclass(frozen=True, slots=True)
class DemoLoaded:
    jurisdiction_key: int
    requests: int
    """How many were written now; 0: the demo was there."""


async def load_demo(
    db: Database,
    folder: Path,
    *,
    now: datetime,
    count: int = REQUESTS,
    progress: Callable[[int], None] = lambda done: None,
) -> DemoLoaded:
    """Writes the city file into ``folder`` and loads it; adds reports when the city has none. Safe to repeat."""
    async with db.read() as session:
        key = await find_jurisdiction_key(session, DEMO_CITY)
        if key is not None and await has_requests(session, key):
            return DemoLoaded(key, 0)
    town = Town()
    city = read_city_file(write_demo_files(folder, town)).city
    async with db.begin() as session:
        loaded = await apply_city(session, city)
        assert loaded.jurisdiction_key is not None
        key = loaded.jurisdiction_key
        if await has_requests(session, key):  # another process was quicker
            return DemoLoaded(key, 0)
        await _fill(session, await load_catalog(session, key), town, now.astimezone(UTC).replace(microsecond=0), count, progress)
    return DemoLoaded(key, count)


async def _fill(
    session: Session, catalog: CatalogContent, town: Town, now: datetime, count: int, progress: Callable[[int], None]
) -> None:
    city = catalog.jurisdiction
    zone = city.time_zone
    words = load_words()
    day = now.astimezone(zone).date().isoformat()
    times = arrivals(words, count=count, now=now, zone=zone, random=Random(day))  # noqa: S311 a story, not a secret
    codes = {department.department_key: department.code for department in catalog.departments}
    keys = Keys(
        jurisdiction=city.jurisdiction_key,
        run=await session.value(
            insert(ImportRun)
            .values(jurisdiction_key=city.jurisdiction_key, source="demo city", started_at=now)
            .returning(ImportRun.import_key)
        ),
        requests=await reserve_numbers(session, await request_key_sequence(session), count),
        departments={code: key for key, code in codes.items()},
    )
    services = {service.code: service for service in catalog.services}
    reporter = Reporter(
        town=town,
        words=words,
        services=services,
        departments=codes,
        department_names={department.code: department.name for department in catalog.departments if not department.triage},
        zone=zone,
        now=now,
        ids=await _ids(session, catalog, times, now),
    )
    await _write(session, reporter.reports(times), keys, progress)
    await session.execute(
        update(ImportRun)
        .where(ImportRun.jurisdiction_key == keys.jurisdiction, ImportRun.import_key == keys.run)
        .values(finished_at=now, counts={"stored": count})
    )
    for name in ("service_request", "event", "note"):
        await session.execute(text(f"ANALYZE {name}"))


async def _ids(session: Session, catalog: CatalogContent, times: Sequence[Arrival], now: datetime) -> list[str | None]:
    """In the city's format, from its sequence; a batch service has not given the newest yet."""
    city = catalog.jurisdiction
    shape = parse_format(city.request_id_format)
    batch = {service.code for service in catalog.services if service.type == "batch"}
    numbers = await reserve_numbers(session, number_sequence(city.jurisdiction_key), len(times))
    ids: list[str | None] = []
    for arrival, number in zip(times, numbers, strict=True):
        local = arrival.at.astimezone(city.time_zone)
        pending = arrival.service_code in batch and arrival.at > now - _UNNUMBERED
        ids.append(None if pending else f"{shape.prefix(local)}{number:0{shape.width}}{shape.suffix(local)}")
    return ids


async def _write(session: Session, reports: Iterator[Report], keys: Keys, progress: Callable[[int], None]) -> None:
    """Batch by batch through COPY; the requests pass a table of this transaction, which turns long and lat into points."""
    columns = ", ".join(REQUEST_COLUMNS)
    await session.execute(
        text(
            f"CREATE TEMPORARY TABLE demo_report ON COMMIT DROP AS "  # noqa: S608 names of columns
            f"SELECT {columns}, 0::float8 AS long, 0::float8 AS lat FROM service_request LIMIT 0"
        )
    )
    done = 0
    for batch in _batches(enumerate(reports), _BATCH):
        await session.copy("demo_report", [*REQUEST_COLUMNS, "long", "lat"], [request_row(*one, keys) for one in batch])
        await session.execute(_STORE)
        await session.execute(delete(_STAGED))
        await session.copy("event", EVENT_COLUMNS, [row for one in batch for row in event_rows(*one, keys)])
        await session.copy("note", NOTE_COLUMNS, [row for one in batch for row in note_rows(*one, keys)])
        done += len(batch)
        progress(done)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
