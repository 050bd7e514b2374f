"""What PostgreSQL does for every shape of a list: time, rows touched and the indexes, with plans as the server gets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from benchmarks.place import JURISDICTION, Place
from benchmarks.rows import spots
from open311_api.catalog.snapshot import Catalog, CitySnapshot
from open311_api.db.database import Database
from open311_api.db.statements import Statement
from open311_api.service_requests.list_shape import shape_of, values_of
from open311_api.service_requests.list_sql import count_statement, page_statement
from open311_api.service_requests.listing import Box, Circle, Filters, Page, Sort
from open311_api.service_requests.listing import Place as Here

_INDEX = re.compile(r"(?:Index Only Scan|Index Scan|Bitmap Index Scan)(?: Backward)? (?:using|on) (\w+)")


@dataclass(frozen=True, slots=True)
class Plan:
    """The third run of a statement under one kind of plan."""

    name: str
    kind: str
    milliseconds: float
    planning: float
    blocks: int
    indexes: str
    text: str


async def explain(place: Place) -> list[Plan]:
    """Every shape, its page and its count."""
    found: list[Plan] = []
    async with Database(place.url) as db:
        catalog = Catalog(db)
        await catalog.refresh()
        city = catalog.get(JURISDICTION)
        async with db.begin() as session:
            connection = session.connection
            newest = await connection.fetchval(
                "SELECT max(requested_datetime) FROM service_request WHERE jurisdiction_key = $1", city.key
            )
            for name, filters, sort, page in _lists(city, newest):
                shape = shape_of(filters, sort, page)
                kind = "force_custom_plan" if shape.needs_custom_plan else "force_generic_plan"
                values = values_of(city.key, filters, page, grid_metres=city.jurisdiction.settings.masked_grid_metres)
                found.append(await _explained(connection, name, page_statement(shape), values, kind))
                if page.after is None and sort == Sort():
                    found.append(await _explained(connection, f"{name}: count", count_statement(shape), values, kind))
    return found


def _lists(city: CitySnapshot, newest: Any) -> Iterator[tuple[str, Filters, Sort, Page]]:
    recent, page = newest - timedelta(days=90), Page(size=51)
    keys = tuple(service.service_key for service in city.content.services)
    departments = tuple(city.departments)
    lat, long = spots()[0]
    box = Box(west=long - 0.01, south=lat - 0.0068, east=long + 0.01, north=lat + 0.0068)
    wide = Box(west=long - 1, south=lat - 1, east=long + 1, north=lat + 1)
    circle = Circle(lat=lat, long=long, radius=500)
    window = {"requested_from": recent}
    yield "90 days", Filters(**window), Sort(), page
    yield "90 days, 1000", Filters(**window), Sort(), Page(size=1001)
    yield "all, oldest first", Filters(), Sort(descending=False), page
    yield "behind a cursor, half way", Filters(), Sort(), Page(size=51, after=Here("B00500000", newest - timedelta(days=365)))
    yield "page 10 by offset", Filters(), Sort(), Page(size=51, offset=500)
    yield "open", Filters(statuses=frozenset({"open"}), **window), Sort(), page
    yield "closed", Filters(statuses=frozenset({"closed"}), **window), Sort(), page
    yield "one service", Filters(service_keys=keys[-1:], **window), Sort(), page
    yield "three services", Filters(service_keys=tuple(sorted(keys[-3:])), **window), Sort(), page
    yield (
        "three services, open",
        Filters(service_keys=tuple(sorted(keys[-3:])), statuses=frozenset({"open"}), **window),
        Sort(),
        page,
    )
    yield "one department", Filters(department_keys=departments[-1:], **window), Sort(), page
    yield "detailed status", Filters(detailed_statuses=("received",), **window), Sort(), page
    yield "rare detailed status", Filters(detailed_statuses=("duplicate",), **window), Sort(), page
    yield (
        "one day a year ago",
        Filters(requested_from=newest - timedelta(days=366), requested_to=newest - timedelta(days=365)),
        Sort(),
        page,
    )
    yield "updated in the last hour", Filters(updated_from=newest - timedelta(hours=1)), Sort(), page
    yield "updated in the last day", Filters(updated_from=newest - timedelta(days=1)), Sort(), page
    yield "updated in the last day, by update", Filters(updated_from=newest - timedelta(days=1)), Sort("updated_datetime"), page
    yield "updated in the last 90 days", Filters(updated_from=recent), Sort(), page
    yield (
        "updated on one day a year ago",
        Filters(updated_from=newest - timedelta(days=366), updated_to=newest - timedelta(days=365)),
        Sort(),
        page,
    )
    yield "updated, nothing", Filters(updated_from=newest + timedelta(days=1)), Sort(), page
    yield "by id", Filters(**window), Sort("service_request_id"), page
    yield "box", Filters(box=box, **window), Sort(), page
    yield "box without a window", Filters(box=box), Sort(), page
    yield "box around the city", Filters(box=wide, **window), Sort(), page
    yield "circle, open", Filters(circle=circle, statuses=frozenset({"open"}), **window), Sort(), page
    yield "circle without a window", Filters(circle=circle), Sort(), page
    yield "circle, one service", Filters(circle=circle, service_keys=keys[-1:], **window), Sort(), page
    yield "words, rare", Filters(words="1234 Elm", **window), Sort("rank"), page
    yield "words, common", Filters(words="dangerous crossing", **window), Sort("rank"), page
    yield "title", Filters(title="Maple Street", **window), Sort(), page
    yield "with photo", Filters(has_photo=True, **window), Sort(), page


async def _explained(connection: asyncpg.Connection, name: str, statement: Statement, values: Any, kind: str) -> Plan:
    await connection.execute(f"SET LOCAL plan_cache_mode = {kind}")
    lines: list[str] = []
    for _ in range(3):
        rows = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {statement.sql}", *statement.arguments(values))
        lines = [row[0] for row in rows]
    text = "\n".join(lines)
    blocks = re.search(r"Buffers: shared hit=(\d+)(?: read=(\d+))?", text)
    return Plan(
        name=name,
        kind=kind.split("_")[1],
        milliseconds=float(text.rsplit("Execution Time: ", 1)[1].split()[0]),
        planning=float(text.rsplit("Planning Time: ", 1)[1].split()[0]),
        blocks=sum(int(part or 0) for part in blocks.groups()) if blocks else 0,
        indexes=", ".join(dict.fromkeys(_INDEX.findall(text))) or "none",
        text=text,
    )
