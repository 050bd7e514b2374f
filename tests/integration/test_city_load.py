"""Loading a city: what differs is changed at once, what does not is left alone, and nothing is ever lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text

from cities import cities
from open311_api.catalog.queries import load_catalog
from open311_api.catalog.types import DEFAULT_STATUSES, Attribute, AttributeValue, DetailedStatus
from open311_api.cities.city import City, CityArea, CityAreaSet, CityDepartment, CityJurisdiction, CityService
from open311_api.cities.compare import Change
from open311_api.cities.load import Loaded, compare_city, load_city
from open311_api.cities.polygons import parse_polygon
from open311_api.cities.queries import find_city
from open311_api.cities.reading import read_city_file
from open311_api.cities.writing import write_city
from open311_api.db.database import Database
from open311_api.errors import Invalid

SQUARE = {"type": "Polygon", "coordinates": [[[5.0, 52.0], [5.1, 52.0], [5.1, 52.1], [5.0, 52.1], [5.0, 52.0]]]}
WKB = parse_polygon(SQUARE).wkb
SIZE = Attribute(
    "size", "singlevaluelist", "How big?", 1, required=True, values=(AttributeValue("s", "Small"), AttributeValue("l", "Large"))
)
LAMP = CityService("0042", "Lamp", department="lights", attributes=(SIZE,), groups=("Streets",), areas=("districts/north",))
POTHOLE = CityService("pothole", "Pothole", department="roads")
RIVERTON = City(
    jurisdiction_id="riverton.example",
    jurisdiction=CityJurisdiction("Riverton", "Europe/Amsterdam", "en", boundary=WKB),
    departments=(CityDepartment("lights", "Public Lighting"), CityDepartment("roads", "Roads")),
    area_sets=(CityAreaSet("districts", "Districts", (CityArea("north", "North", WKB),)),),
    services=(LAMP, POTHOLE),
)


async def _all(db: Database, sql: str) -> list[dict[str, Any]]:
    async with db.read() as session:
        return [dict(row) for row in await session.fetch(text(sql))]


async def _one(db: Database, sql: str) -> Any:
    async with db.read() as session:
        return await session.value(text(sql))


def _changes(loaded: Loaded) -> list[tuple[str, str, str]]:
    return [(change.action, change.kind, change.code) for change in loaded.comparison.changes]


async def _version(db: Database) -> int:
    return await _one(db, "SELECT catalog_version FROM jurisdiction")


async def _definitions(db: Database, code: str) -> list[int]:
    rows = await _all(
        db,
        f"SELECT version FROM service_definition JOIN service USING (service_key) WHERE code = '{code}' ORDER BY 1",
    )
    return [row["version"] for row in rows]


async def test_a_new_city_is_made_with_all_its_parts(db: Database) -> None:
    loaded = await load_city(db, RIVERTON)
    async with db.snapshot() as session:
        content = await load_catalog(session, loaded.jurisdiction_key)
    assert [service.code for service in content.services] == ["0042", "pothole"]
    assert content.services[0].attributes == (SIZE,)
    assert content.jurisdiction.time_zone.key == "Europe/Amsterdam"
    assert content.boundary.area == pytest.approx(0.01)
    assert {department.code for department in content.departments} == {"lights", "roads", "triage"}
    assert set(content.service_areas) == {content.services[0].service_key}


async def test_loading_twice_changes_nothing_the_second_time(db: Database) -> None:
    await load_city(db, RIVERTON)
    before = await _all(db, "SELECT xmin::text, catalog_version, catalog_changed_at FROM jurisdiction")
    events = await _one(db, "SELECT count(*) FROM event")
    again = await load_city(db, RIVERTON)
    assert (again.catalog_version, again.comparison.changes) == (None, ())
    assert await _all(db, "SELECT xmin::text, catalog_version, catalog_changed_at FROM jurisdiction") == before
    assert await _one(db, "SELECT count(*) FROM event") == events


async def test_every_load_that_changes_something_raises_the_version_once(db: Database) -> None:
    await load_city(db, RIVERTON)
    version = await _version(db)
    departments = (replace(RIVERTON.departments[0], name="Lights"), *RIVERTON.departments[1:])
    changed = replace(RIVERTON, departments=departments, services=(replace(LAMP, name="Street light"), POTHOLE))
    loaded = await load_city(db, changed)
    assert loaded.catalog_version == version + 1 == await _version(db)


async def test_a_load_tells_what_became_of_each_service(db: Database) -> None:
    await load_city(db, RIVERTON)
    await load_city(db, replace(RIVERTON, services=(replace(LAMP, name="Street light"),)))
    await load_city(db, replace(RIVERTON, services=(replace(LAMP, name="Street light"), POTHOLE)))
    events = await _all(db, "SELECT type, data, request_key, sequence, service_key FROM event ORDER BY event_key")
    assert [(event["type"], event["data"]["service_code"]) for event in events] == [
        ("service.created", "0042"),
        ("service.created", "pothole"),
        ("service.deleted", "pothole"),
        ("service.updated", "0042"),
        ("service.created", "pothole"),
    ]
    assert events[3]["data"]["fields"] == ["name"]
    assert all(event["request_key"] is None and event["sequence"] is None and event["service_key"] for event in events)


async def test_a_service_that_vanishes_is_retired_and_comes_back_under_its_key(db: Database) -> None:
    await load_city(db, RIVERTON)
    key = await _one(db, "SELECT service_key FROM service WHERE code = '0042'")
    loaded = await load_city(db, replace(RIVERTON, services=(POTHOLE,)))
    assert _changes(loaded) == [("retire", "service", "0042")]
    assert await _one(db, "SELECT active FROM service WHERE code = '0042'") is False
    loaded = await load_city(db, RIVERTON)
    assert ("restore", "service", "0042") in _changes(loaded)
    assert await _all(db, "SELECT service_key, active FROM service WHERE code = '0042'") == [{"service_key": key, "active": True}]


@pytest.mark.parametrize(
    "attributes",
    [
        (replace(SIZE, description="What size?"),),
        (replace(SIZE, values=SIZE.values[::-1]),),
        (replace(SIZE, translations={"de": {"description": "Wie groß?"}}),),
        (SIZE, Attribute("more", "text", "More?", 2)),
    ],
    ids=["text", "order", "translation", "another question"],
)
async def test_changed_questions_become_a_new_version_and_the_old_one_stays(db: Database, attributes: Any) -> None:
    await load_city(db, RIVERTON)
    old = await _all(db, "SELECT attributes FROM service_definition")
    await load_city(db, replace(RIVERTON, services=(replace(LAMP, attributes=attributes), POTHOLE)))
    assert await _definitions(db, "0042") == [1, 2]
    assert await _one(db, "SELECT definition_version FROM service WHERE code = '0042'") == 2
    assert await _all(db, "SELECT attributes FROM service_definition WHERE version = 1") == old


async def test_a_service_without_questions_has_no_definition_but_its_versions_stay(db: Database) -> None:
    await load_city(db, RIVERTON)
    await load_city(db, replace(RIVERTON, services=(replace(LAMP, attributes=()), POTHOLE)))
    assert await _one(db, "SELECT definition_version FROM service WHERE code = '0042'") is None
    await load_city(db, RIVERTON)
    assert await _definitions(db, "0042") == [1, 2]


async def test_another_name_makes_no_new_version_of_the_questions(db: Database) -> None:
    await load_city(db, RIVERTON)
    await load_city(db, replace(RIVERTON, services=(replace(LAMP, name="Street light"), POTHOLE)))
    assert await _definitions(db, "0042") == [1]


async def test_another_order_of_services_is_a_change(db: Database) -> None:
    await load_city(db, RIVERTON)
    loaded = await load_city(db, replace(RIVERTON, services=(POTHOLE, LAMP)))
    assert _changes(loaded) == [("reorder", "service", "")]
    codes = await _all(db, "SELECT code FROM service ORDER BY position")
    assert [row["code"] for row in codes] == ["pothole", "0042"]


async def test_an_area_set_is_replaced_whole_by_a_new_version(db: Database) -> None:
    await load_city(db, RIVERTON)
    south = CityArea("south", "South", WKB, 3, {"people": 12})
    loaded = await load_city(
        db, replace(RIVERTON, area_sets=(CityAreaSet("districts", "Districts", (south,)),), services=(POTHOLE,))
    )
    change = next(change for change in loaded.comparison.changes if change.kind == "area set")
    assert [(field.name, field.before, field.after) for field in change.fields] == [
        ("areas added", None, ["south"]),
        ("areas removed", ["north"], None),
    ]
    rows = await _all(
        db, "SELECT area.version, area.code, area_set.version AS current FROM area JOIN area_set USING (area_set_key)"
    )
    assert {(row["version"], row["code"]) for row in rows} == {(1, "north"), (2, "south")}
    assert rows[0]["current"] == 2


async def test_an_area_set_that_vanishes_is_empty_from_then_on(db: Database) -> None:
    await load_city(db, RIVERTON)
    bare = replace(RIVERTON, area_sets=(), services=(POTHOLE,))
    assert ("remove", "area set", "districts") in _changes(await load_city(db, bare))
    assert (await compare_city(db, bare)).changes == ()
    assert (await load_city(db, RIVERTON)).catalog_version is not None


async def test_a_department_that_vanishes_is_retired_and_triage_stays(db: Database) -> None:
    await load_city(db, RIVERTON)
    loaded = await load_city(db, replace(RIVERTON, departments=RIVERTON.departments[1:], services=(POTHOLE,)))
    assert ("retire", "department", "lights") in _changes(loaded)
    rows = await _all(db, "SELECT code, active, triage FROM department ORDER BY code")
    assert [tuple(row.values()) for row in rows] == [("lights", False, False), ("roads", True, False), ("triage", True, True)]


async def test_triage_may_move_to_another_department(db: Database) -> None:
    await load_city(db, RIVERTON)
    desk = CityDepartment("desk", "Front Desk", public=False, triage=True)
    await load_city(db, replace(RIVERTON, departments=(desk, *RIVERTON.departments)))
    rows = await _all(db, "SELECT code, active, triage FROM department WHERE code IN ('desk', 'triage') ORDER BY code")
    assert [tuple(row.values()) for row in rows] == [("desk", True, True), ("triage", False, False)]


async def test_own_statuses_replace_the_set_and_their_defaults_may_move(db: Database) -> None:
    await load_city(db, RIVERTON)
    received = replace(DEFAULT_STATUSES[0], is_default=False)
    fresh = DetailedStatus("new", "New", "open", "RECEIVED", "open", ("done",), is_default=True)
    done = DetailedStatus("done", "Done", "closed", "PROCESSED", "fixed", is_default=True)
    await load_city(db, replace(RIVERTON, statuses=(fresh, received, done)))
    async with db.snapshot() as session:
        stored = await find_city(session, "riverton.example")
    assert stored.city.statuses == (fresh, received, done)
    assert (await compare_city(db, RIVERTON)).changes == ()


async def _file_a_report(db: Database, detailed_status: str) -> None:
    async with db.begin() as session:
        await session.execute(
            text(
                "INSERT INTO service_request (jurisdiction_key, service_request_id, service_key, department_key, detailed_status,"
                " requested_datetime, updated_datetime) SELECT s.jurisdiction_key, 'SR-1', s.service_key, s.department_key,"
                f" '{detailed_status}', now(), now() FROM service s WHERE s.code = 'pothole'"
            )
        )


async def test_a_status_in_use_cannot_vanish_and_then_nothing_else_changes(db: Database) -> None:
    await load_city(db, RIVERTON)
    await _file_a_report(db, "planned")
    statuses = tuple(status for status in DEFAULT_STATUSES if status.code != "planned")
    with pytest.raises(Invalid, match=r"planned \(1 requests\)"):
        await load_city(db, replace(RIVERTON, statuses=statuses, services=()))
    assert await _one(db, "SELECT count(*) FROM service WHERE active") == 2


async def test_reports_keep_a_retired_service_and_its_department(db: Database) -> None:
    await load_city(db, RIVERTON)
    await _file_a_report(db, "received")
    await load_city(db, replace(RIVERTON, departments=(), services=()))
    rows = await _all(
        db,
        "SELECT s.name AS service, d.name AS department FROM service_request r JOIN service s USING (service_key)"
        " JOIN department d ON d.department_key = r.department_key",
    )
    assert rows == [{"service": "Pothole", "department": "Roads"}]


async def test_two_loads_at_once_make_one_city(db: Database) -> None:
    loads = await asyncio.gather(*(load_city(db, RIVERTON) for _ in range(4)))
    assert sorted(loaded.catalog_version is None for loaded in loads) == [False, True, True, True]
    assert await _one(db, "SELECT count(*) FROM jurisdiction") == 1


async def test_running_servers_are_told_with_the_commit(db: Database, database_url: str) -> None:
    heard: list[str] = []
    listener = await asyncpg.connect(database_url)
    try:
        await listener.add_listener("open311", lambda *call: heard.append(call[3]))
        loaded = await load_city(db, RIVERTON)
        await load_city(db, RIVERTON)
        await asyncio.sleep(0.2)
    finally:
        await listener.close()
    assert [orjson.loads(word) for word in heard] == [{"catalog": loaded.jurisdiction_key}]


async def test_the_difference_names_fields(db: Database) -> None:
    await load_city(db, RIVERTON)
    wanted = replace(RIVERTON, jurisdiction=replace(RIVERTON.jurisdiction, name="River Town", boundary=None))
    comparison = await compare_city(db, wanted)
    assert comparison.changes[0] == Change("change", "jurisdiction", "riverton.example", comparison.changes[0].fields)
    assert [(field.name, field.before, field.after) for field in comparison.changes[0].fields] == [
        ("name", "Riverton", "River Town"),
        ("boundary", "a polygon", None),
    ]
    assert await _one(db, "SELECT name FROM jurisdiction") == "Riverton"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(wanted=cities())
def test_whatever_is_loaded_is_written_out_and_loads_with_an_empty_difference(
    database_url: str, tmp_path: Path, wanted: City
) -> None:
    """Each example is loaded over the one before, so that every kind of change is made on the way."""

    async def walk() -> None:
        async with Database(database_url) as db:
            await load_city(db, wanted)
            assert (await load_city(db, wanted)).comparison.changes == ()
            async with db.snapshot() as session:
                stored = await find_city(session, wanted.jurisdiction_id)
            reread = read_city_file(write_city(stored.city, tmp_path)[0]).city
            assert (await compare_city(db, reread)).changes == ()

    asyncio.run(walk())
