"""Every shape of a public query is answered from the index that was made for it, never by reading the whole table."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson
import pytest
import pytest_asyncio

from open311_api.catalog.create import create_jurisdiction
from open311_api.db.database import Database
from open311_api.service_requests import queries
from open311_api.service_requests.list_shape import shape_of, values_of
from open311_api.service_requests.list_sql import count_statement, page_statement
from open311_api.service_requests.listing import Box, Circle, Filters, Page, Place, Sort

ROWS = 50_000
_NUMBERS = count()
_ALL_VISIBLE = "SELECT relallvisible >= 0.99 * relpages FROM pg_class WHERE oid = 'service_request'::regclass"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
WINDOW = NOW - timedelta(days=90)
NEWEST_FIRST, FIRST_PAGE = Sort(), Page(size=51)


@dataclass(frozen=True)
class Plan:
    """Which indexes a statement read, how it read tables, and how many pages of 8 kB it touched."""

    indexes: frozenset[str]
    nodes: frozenset[str]
    blocks: int
    rows: int


@pytest_asyncio.fixture(scope="module")
async def loaded(module_database_url: str) -> AsyncIterator[Database]:
    """Two years of reports of a city with 20 services, and a smaller neighbour."""
    async with Database(module_database_url, statement_seconds=60) as db:
        for jurisdiction_id, rows in (("big.example", ROWS), ("small.example", ROWS // 10)):
            async with db.begin() as session:
                city = await create_jurisdiction(session, jurisdiction_id=jurisdiction_id, name=jurisdiction_id)
                await _load(session.connection, city, rows)
        async with db.read() as session:
            await session.connection.execute("ANALYZE")
            for _ in range(50):  # a snapshot of autovacuum may keep pages from being marked as visible to all
                await session.connection.execute("VACUUM service_request")
                if await session.connection.fetchval(_ALL_VISIBLE):
                    break
                await asyncio.sleep(0.1)
        yield db


async def _load(connection: Any, city: int, rows: int) -> None:
    await connection.execute("SELECT setseed(0.5)")
    await connection.execute(
        "INSERT INTO service (jurisdiction_key, code, name) SELECT $1::int, 's' || n, 'S ' || n FROM generate_series(1, 20) n",
        city,
    )
    await connection.execute(
        "INSERT INTO department (jurisdiction_key, code, name) SELECT $1::int, 'd' || n, 'Dept ' || n FROM generate_series(1, 8) n",
        city,
    )
    await connection.execute(
        """
        WITH service_keys AS (SELECT array_agg(service_key ORDER BY service_key) AS keys FROM service WHERE jurisdiction_key = $1),
        department_keys AS (SELECT array_agg(department_key ORDER BY department_key) AS keys FROM department
                            WHERE jurisdiction_key = $1),
        drawn AS (
            SELECT n, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e,
                   $3::timestamptz - (n * interval '730 days' / $2::int) AS requested
            FROM generate_series(1, $2::int) n
        )
        INSERT INTO service_request (jurisdiction_key, service_request_id, service_key, department_key, status, detailed_status,
            title, description, address, requested_datetime, updated_datetime, location, service_object_type, service_object_id)
        SELECT $1::int, 'SR-' || lpad(($2::int - n)::text, 8, '0'),
            (SELECT keys[1 + floor(20 * a * a)::int] FROM service_keys),
            (SELECT keys[1 + floor(8 * b)::int] FROM department_keys),
            CASE WHEN open THEN 'open' ELSE 'closed' END,
            CASE WHEN open THEN 'received' ELSE 'fixed' END,
            'Title number ' || n, 'Words about thing' || (n % 997) || ' in the street', 'Street ' || (n % 1500) || ', Town',
            date_trunc('second', requested),
            date_trunc('second', requested + c * least(interval '20 days', $3::timestamptz - requested)),
            ST_SetSRID(ST_MakePoint(5 + 0.2 * d, 52 + 0.2 * e), 4326),
            CASE WHEN n % 50 = 0 THEN 'lamp' END, CASE WHEN n % 50 = 0 THEN 'L-' || n END
        FROM drawn, LATERAL (SELECT n < $2::int / 10 AND c < 0.7 OR c < 0.02 AS open) AS state
        """,
        city,
        rows,
        NOW,
    )
    # Events as a live city has them: history is read by request.
    await connection.execute(
        "INSERT INTO event (jurisdiction_key, type, request_key, sequence, status, data, position) "
        "SELECT jurisdiction_key, 'service_request.created', request_key, 1, 'open', '{}', "
        "row_number() OVER (ORDER BY request_key) FROM service_request WHERE jurisdiction_key = $1",
        city,
    )


def _nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(found for child in node.get("Plans", ()) for found in _nodes(child))]


def _plan(text: str) -> Plan:
    top = orjson.loads(text)[0]["Plan"]
    nodes = _nodes(top)
    return Plan(
        indexes=frozenset(node["Index Name"] for node in nodes if "Index Name" in node),
        nodes=frozenset(f"{node['Node Type']} {node.get('Relation Name', '')}".strip() for node in nodes),
        blocks=top["Shared Hit Blocks"] + top["Shared Read Blocks"],
        rows=top["Actual Rows"],
    )


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return _literal("{" + ",".join(f'"{item}"' for item in value) + "}")
    return "'" + str(value).replace("'", "''") + "'"


async def explain(db: Database, statement: Any, values: dict[str, Any], *, generic: bool = False) -> Plan:
    """As a prepared statement is run: planned for these values, or once for all values."""
    name = f"plan_{next(_NUMBERS)}"
    arguments = ", ".join(_literal(value) for value in statement.arguments(values))
    async with db.begin() as session:
        run = session.connection.execute
        mode = "force_generic_plan" if generic else "force_custom_plan"
        await run(f"SET LOCAL plan_cache_mode = {mode}")
        await run(f"PREPARE {name} AS {statement.sql}")
        try:
            call = f"EXECUTE {name} ({arguments})"
            await session.connection.fetch(call)  # once for the catalogue, which counts as blocks
            text = await session.connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {call}")
        finally:
            await run(f"DEALLOCATE {name}")
        return _plan(text)


async def _keys(db: Database, table: str, city: int) -> list[int]:
    async with db.read() as session:
        rows = await session.connection.fetch(f"SELECT {table}_key FROM {table} WHERE jurisdiction_key = $1 ORDER BY 1", city)
    return [row[0] for row in rows]


async def _city(db: Database) -> int:
    async with db.read() as session:
        key: int = await session.connection.fetchval(
            "SELECT jurisdiction_key FROM jurisdiction WHERE jurisdiction_id = 'big.example'"
        )
    return key


@dataclass(frozen=True)
class Case:
    name: str
    filters: Filters
    index: str
    most_blocks: int
    sort: Sort = NEWEST_FIRST
    page: Page = FIRST_PAGE
    services: int = 0
    departments: int = 0


SMALL_BOX, LARGE_BOX = Box(5.10, 52.10, 5.104, 52.104), Box(5.0, 52.0, 5.2, 52.2)
LATER = Place("SR-00020000", at=NOW - timedelta(days=400))
CASES = [
    Case("default", Filters(requested_from=WINDOW), "ix_service_request_requested", 40),
    Case("no window", Filters(), "ix_service_request_requested", 40),
    Case("thousand", Filters(requested_from=WINDOW), "ix_service_request_requested", 60, page=Page(size=1001)),
    Case("next page", Filters(), "ix_service_request_requested", 40, page=Page(51, after=LATER)),
    Case("oldest first", Filters(requested_from=WINDOW), "ix_service_request_requested", 40, sort=Sort(descending=False)),
    Case("open", Filters(requested_from=WINDOW, statuses=frozenset({"open"})), "ix_service_request_open", 40),
    Case("closed", Filters(requested_from=WINDOW, statuses=frozenset({"closed"})), "ix_service_request_requested", 60),
    Case("one service", Filters(requested_from=WINDOW), "ix_service_request_service", 40, services=1),
    Case("several services", Filters(requested_from=WINDOW), "ix_service_request_service", 80, services=4),
    Case("several services later", Filters(), "ix_service_request_service", 80, services=4, page=Page(51, after=LATER)),
    Case("department", Filters(requested_from=WINDOW), "ix_service_request_department", 120, departments=1),
    Case("changed lately", Filters(updated_from=NOW - timedelta(hours=6)), "ix_service_request_updated", 120),
    Case("changed in a year", Filters(updated_from=NOW - timedelta(days=365)), "ix_service_request_requested", 120),
    Case("several departments", Filters(requested_from=WINDOW), "ix_service_request_requested", 300, departments=3),
    Case("sorted by update", Filters(), "ix_service_request_updated", 40, sort=Sort("updated_datetime")),
    Case("updated after, sorted", Filters(updated_from=WINDOW), "ix_service_request_updated", 40, sort=Sort("updated_datetime")),
    Case("sorted by id", Filters(), "uq_service_request_id", 40, sort=Sort("service_request_id")),
    Case("by id upwards", Filters(), "uq_service_request_id", 40, sort=Sort("service_request_id", descending=False)),
    Case(
        "by id, later",
        Filters(),
        "uq_service_request_id",
        40,
        sort=Sort("service_request_id"),
        page=Page(51, after=Place("SR-00020000")),
    ),
    Case("small box", Filters(requested_from=WINDOW, box=SMALL_BOX), "ix_service_request_location", 120),
    Case("large box", Filters(requested_from=WINDOW, box=LARGE_BOX), "ix_service_request_requested", 200),
    Case("box over all time", Filters(box=SMALL_BOX), "ix_service_request_location", 120),
    Case("circle", Filters(requested_from=WINDOW, circle=Circle(52.1, 5.1, 200)), "ix_service_request_location", 120),
    Case(
        "circle, open",
        Filters(requested_from=WINDOW, statuses=frozenset({"open"}), circle=Circle(52.1, 5.1, 200)),
        "ix_service_request_location",
        120,
    ),
    Case("words", Filters(requested_from=WINDOW, words="thing123"), "ix_service_request_search", 400, sort=Sort("rank")),
    Case("piece of an address", Filters(words="reet 1234,"), "ix_service_request_trigram", 400),
    Case("title", Filters(title="number 4321"), "ix_service_request_trigram", 400),
    Case("object", Filters(service_object_type="lamp", service_object_id="L-500"), "ix_service_request_object", 10),
]


async def _values(db: Database, case: Case) -> tuple[Filters, dict[str, Any]]:
    city = await _city(db)
    filters = case.filters
    if case.services:
        filters = replace(filters, service_keys=tuple((await _keys(db, "service", city))[: case.services]))
    if case.departments:
        filters = replace(filters, department_keys=tuple((await _keys(db, "department", city))[1 : 1 + case.departments]))
    return filters, values_of(city, filters, case.page, grid_metres=200)


def assert_by_index(plan: Plan, index: str, most_blocks: int) -> None:
    assert "Seq Scan service_request" not in plan.nodes
    assert any(name.startswith(index) for name in plan.indexes), plan
    assert plan.blocks <= most_blocks, plan


@pytest.mark.parametrize("case", CASES, ids=lambda case: re.sub(r"\W+", "-", case.name))
async def test_a_page_is_found_in_its_index(loaded: Database, case: Case) -> None:
    filters, values = await _values(loaded, case)
    shape = shape_of(filters, case.sort, case.page)
    plan = await explain(loaded, page_statement(shape), values)
    assert plan.rows > 0
    assert_by_index(plan, case.index, case.most_blocks)
    if not shape.needs_custom_plan:
        assert_by_index(await explain(loaded, page_statement(shape), values, generic=True), case.index, case.most_blocks)


@pytest.mark.parametrize("case", CASES, ids=lambda case: re.sub(r"\W+", "-", case.name))
async def test_counting_stays_inside_an_index(loaded: Database, case: Case) -> None:
    filters, values = await _values(loaded, case)
    plan = await explain(loaded, count_statement(shape_of(filters, Sort(), Page())), values)
    assert "Seq Scan service_request" not in plan.nodes
    assert plan.blocks <= (4000 if filters.box or filters.circle else 2500), plan


@pytest.mark.parametrize("generic", [False, True])
async def test_single_requests_are_looked_up_by_id(loaded: Database, generic: bool) -> None:
    city = await _city(loaded)
    one = {"jurisdiction_key": city, "id": "SR-00012345"}
    several = {"jurisdiction_key": city, "ids": [f"SR-{number:08}" for number in range(100, 150)]}
    version = await explain(loaded, queries._VERSION, one, generic=generic)
    assert_by_index(version, "uq_service_request_id", 6)
    assert version.nodes == {"Index Only Scan service_request"}
    assert_by_index(await explain(loaded, queries._BY_ID, one, generic=generic), "uq_service_request_id", 10)
    assert_by_index(await explain(loaded, queries._BY_IDS, several, generic=generic), "uq_service_request_id", 400)
    assert_by_index(await explain(loaded, queries._LISTED_VERSIONS, several, generic=generic), "uq_service_request_id", 400)
    history = await explain(
        loaded, queries.HISTORY, {"jurisdiction_key": city, "request_keys": list(range(500, 550))}, generic=generic
    )
    assert history.indexes == {"uq_event_sequence"}
    assert "Seq Scan event" not in history.nodes
