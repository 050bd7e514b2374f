"""One page of a list, found by index; and how many match."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial

import asyncpg
from sqlalchemy import literal_column, select, table

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.db.database import Database, Session
from open311_api.db.statements import Statement
from open311_api.service_requests.list_shape import shape_of, values_of
from open311_api.service_requests.list_sql import RANKED, count_statement, counted_page_statement, page_statement
from open311_api.service_requests.listing import Counted, Filters, Found, Page, Place, Sort

_DEEP = 100_000
_ESTIMATED_ROWS = Statement(
    select(literal_column("reltuples")).select_from(table("pg_class")).where(literal_column("oid = 'service_request'::regclass"))
)


async def find_page(db: Database, city: CitySnapshot, filters: Filters, sort: Sort, page: Page) -> list[Found]:
    """At most ``page.size`` rows in order; none behind the end of the list, however far."""
    if page.offset > _DEEP and await _surely_behind(db, page.offset):
        return []
    if sort.field == "status":
        words = ["open", "closed"] if sort.descending else ["closed", "open"]
        segments = [
            (word, replace(filters, statuses=frozenset({word})))
            for word in words
            if not filters.statuses or word in filters.statuses
        ]
        return await _in_segments(db, city, segments, page)
    if sort.field == "service_code":
        wanted = filters.service_keys
        services = sorted(city.by_code.values(), key=lambda service: service.code, reverse=sort.descending)
        segments = [
            (service.code, replace(filters, service_keys=(service.service_key,)))
            for service in services
            if wanted is None or service.service_key in wanted
        ]
        return await _in_segments(db, city, segments, page)
    if sort.field == "rank":
        return await _ranked(db, city, filters, page)
    return await _run(db, city, filters, sort, page)


_FOUND: Callable[[asyncpg.Record], Found] = partial(tuple.__new__, Found)
"""Without a Python call for each row, which would cost more than reading it."""


def planned_read(db: Database, filters: Filters) -> AbstractAsyncContextManager[Session]:
    """A read whose statements are planned for the values at hand where a plan for all values would go wrong."""
    if shape_of(filters, Sort(), Page()).needs_custom_plan:
        return db.read_custom()
    return db.read()


async def _run(db: Database, city: CitySnapshot, filters: Filters, sort: Sort, page: Page) -> list[Found]:
    shape = shape_of(filters, sort, page)
    statement, values = page_statement(shape), values_of(city.key, filters, page, grid_metres=_grid(city))
    async with planned_read(db, filters) as session:
        rows = await session.fetch(statement, values)
    return list(map(_FOUND, rows))


def worth_counting(filters: Filters, sort: Sort, page: Page) -> bool:
    """Whether a page meets all that matches anyway, so that its total costs nothing more: find_counted_page."""
    near = filters.box is not None or filters.circle is not None
    return near and sort == Sort() and not filters.by_update and page.after is None and page.offset == 0


async def find_counted_page(db: Database, city: CitySnapshot, filters: Filters, page: Page) -> tuple[list[Found], Counted]:
    """The first page in the usual order, and what count_matches would say, from one search."""
    shape = replace(shape_of(filters, Sort(), page), after=False, offset=False)
    values = values_of(city.key, filters, page, grid_metres=_grid(city))
    async with planned_read(db, filters) as session:
        rows = await session.fetch(counted_page_statement(shape), values)
    return [_FOUND(row[:5]) for row in rows], Counted(*rows[0][5:]) if rows else Counted(0, None, None, "")


async def _in_segments(db: Database, city: CitySnapshot, segments: list[tuple[str, Filters]], page: Page) -> list[Found]:
    """Sorted by status or service_code: one value after the other, each newest first by its own index."""
    if page.after is not None and page.after.segment is not None:
        names = [name for name, _ in segments]
        start = names.index(page.after.segment) if page.after.segment in names else len(names)
        segments = segments[start:]
    found: list[Found] = []
    wanted = page.offset + page.size
    for index, (name, filters) in enumerate(segments):
        after = page.after if index == 0 else None
        rest = Page(size=wanted - len(found), after=after)
        found += [row._replace(segment=name) for row in await _run(db, city, filters, Sort(), rest)]
        if len(found) >= wanted:
            break
    return found[page.offset :]


async def _ranked(db: Database, city: CitySnapshot, filters: Filters, page: Page) -> list[Found]:
    """The newest matches by rank, older ones behind them by date."""
    found: list[Found] = []
    if page.offset < RANKED:
        within = replace(page, size=min(page.size, RANKED - page.offset))
        found = await _run(db, city, filters, Sort("rank"), within)
        if len(found) < within.size:
            return found
    if len(found) < page.size:
        rest = replace(page, size=page.size - len(found), offset=max(page.offset, RANKED))
        found += await _run(db, city, filters, Sort(), rest)
    return found


async def _surely_behind(db: Database, offset: int) -> bool:
    """True when the whole table is shorter than the offset by any estimate: nothing to walk for."""
    async with db.read() as session:
        estimate: float = await session.value(_ESTIMATED_ROWS)
    return offset > 2 * max(estimate, 0) + 1_000_000


def _grid(city: CitySnapshot) -> float:
    return city.jurisdiction.settings.masked_grid_metres


def place_after(row: Found, sort: Sort) -> Place:
    return Place(
        service_request_id=row.service_request_id, at=None if sort.field == "service_request_id" else row.at, segment=row.segment
    )


async def count_matches(session: Session, city: CitySnapshot, filters: Filters) -> Counted:
    """Exact up to list_sql.COUNT_LIMIT; one more means: more."""
    shape = shape_of(filters, Sort(), Page())
    values = values_of(city.key, filters, Page(), grid_metres=_grid(city))
    row = await session.row(count_statement(shape), values)
    assert row is not None
    return Counted(*row)
