"""What an import does to the catalogue and to the numbering of the city it comes into."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from importing import CITY, fetch, mapping, rejected_rows, row, run_import, stored, until, write_table
from open311_api.imports.errors import UnreadableTable


@pytest.fixture
def table(tmp_path: Path):
    return lambda *rows: write_table(tmp_path / "table.csv", rows)


async def test_unknown_services_and_departments_are_made(database_url: str, table) -> None:
    rows = [
        row("1", kind="Street_Light Out", office="ELECTRIC,"),
        row("2", kind="STREET LIGHT OUT", family="Lights", office="Roads"),
        row("3", kind="Street light out", office="Roads"),
    ]
    result = await run_import(database_url, table(*rows))
    assert (result.new_services, result.new_departments) == (1, 2)
    (service,) = await fetch(
        database_url,
        "SELECT service.*, department.code AS department FROM service "
        "LEFT JOIN department USING (jurisdiction_key, department_key)",
    )
    assert (service["code"], service["name"], service["groups"]) == ("street-light-out", "Street Light Out", ["Streets", "Lights"])
    assert service["department"] == "roads", "the department that answers most of its rows"
    offices = await fetch(database_url, "SELECT code, name FROM department WHERE NOT triage ORDER BY code")
    assert [tuple(office) for office in offices] == [("electric", "ELECTRIC"), ("roads", "Roads")]


async def test_services_and_departments_of_the_city_file_are_used(database_url: str, table) -> None:
    await run_import(database_url, table(row("0")))
    await fetch(database_url, "UPDATE service SET code = 'SVC_1', name = 'pothole', visibility = 'masked'")
    await fetch(database_url, "UPDATE department SET code = 'RoAds', name = 'Highways' WHERE code = 'roads'")
    result = await run_import(database_url, table(row("1")))
    assert (result.new_services, result.new_departments) == (0, 0)
    imported = (await stored(database_url))[1]
    assert (imported["service"], imported["department"], imported["visibility"]) == ("SVC_1", "RoAds", "masked")


async def test_a_row_without_a_department_goes_to_its_service_or_to_triage(database_url: str, table) -> None:
    await run_import(database_url, table(row("1"), row("2", office=""), row("3", kind="Lamp", office="")))
    assert [one["department"] for one in await stored(database_url)] == ["roads", "roads", "triage"]


async def test_the_catalogue_changes_once_and_running_servers_are_told(database_url: str, table) -> None:
    await run_import(database_url, table(row("1")))
    heard: list[str] = []
    connection = await asyncpg.connect(database_url)
    try:
        await connection.add_listener("open311", lambda *news: heard.append(news[-1]))
        await run_import(database_url, table(row("2", kind="Lamp"), row("3", kind="Tree", office="Parks")))
        await run_import(database_url, table(row("4")))
        for _ in range(100):
            await asyncio.sleep(0.01)
    finally:
        await connection.close()
    (city,) = await fetch(
        database_url, "SELECT jurisdiction_key, catalog_version FROM jurisdiction WHERE jurisdiction_id = $1", CITY
    )
    assert city["catalog_version"] == 3
    assert heard == [f'{{"catalog": {city["jurisdiction_key"]}}}']


async def test_the_wrong_column_for_services_is_noticed(database_url: str, table) -> None:
    rows = [row(str(number), kind=f"kind {number}") for number in range(5_001)]
    with pytest.raises(UnreadableTable, match="is the service taken from the right column"):
        await run_import(database_url, table(*rows))
    assert not await fetch(database_url, "SELECT 1 FROM jurisdiction WHERE jurisdiction_id = $1", CITY)


async def test_numbers_go_on_after_imported_ids_of_the_same_form(database_url: str, table) -> None:
    await run_import(database_url, table(row("SR-2019-000042"), row("SR-2020-004711"), row("SR-20-9999999"), row("OTHER-8888888")))
    (city,) = await fetch(database_url, "SELECT jurisdiction_key FROM jurisdiction WHERE jurisdiction_id = $1", CITY)
    (number,) = await fetch(database_url, f"SELECT nextval('service_request_number_{city['jurisdiction_key']}') AS next")
    assert number["next"] == 4712
    await run_import(database_url, table(row("SR-2019-000043")))
    (number,) = await fetch(database_url, f"SELECT nextval('service_request_number_{city['jurisdiction_key']}') AS next")
    assert number["next"] == 4713


async def test_a_report_of_a_resident_is_never_written_over(database_url: str, table) -> None:
    await run_import(database_url, table(row("A1")))
    await fetch(database_url, "UPDATE service_request SET content_hash = NULL, description = 'mine'")
    result = await run_import(database_url, table(row("A1", text="theirs"), row("A2")))
    assert (result.stored, result.reasons) == (1, {"id of a request that was reported here": 1})
    assert (await stored(database_url))[0]["description"] == "mine"
    assert [(one["line"], one["detail"]) for one in rejected_rows(result)] == [("2", "A1")]


async def test_a_report_that_takes_an_id_at_this_moment_is_found_by_another_attempt(database_url: str, table) -> None:
    await run_import(database_url, table(row("A1")))
    connection = await asyncpg.connect(database_url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "INSERT INTO service_request (jurisdiction_key, service_request_id, service_key, department_key, detailed_status, "
            "requested_datetime, updated_datetime, description) SELECT jurisdiction_key, 'A3', service_key, department_key, "
            "'received', now(), now(), 'mine' FROM service_request"
        )
        importing = asyncio.create_task(run_import(database_url, table(row("A2"), row("A3"), row("A4"))))
        await until(database_url, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'transactionid'")
        await transaction.commit()
        result = await importing
    finally:
        await connection.close()
    assert (result.read, result.stored, result.rejected) == (3, 2, 1)
    assert [(one["service_request_id"], one["description"]) for one in await stored(database_url)] == [
        ("A1", None),
        ("A2", None),
        ("A3", "mine"),
        ("A4", None),
    ]


async def test_imports_into_one_city_take_turns(database_url: str, tmp_path: Path) -> None:
    files = [write_table(tmp_path / f"{turn}.csv", [row(f"A{turn}", kind=f"Kind {turn}"), row("shared")]) for turn in range(4)]
    await run_import(database_url, files[0])
    results = await asyncio.gather(*(run_import(database_url, file) for file in files))
    assert sum(result.stored for result in results) == 3
    assert len(await stored(database_url)) == 5


async def test_a_mapping_with_another_meaning_updates_the_requests(database_url: str, table) -> None:
    file = table(row("A1", text="hole"))
    await run_import(database_url, file)
    result = await run_import(database_url, file, mapping(description="address"))
    assert (result.updated, (await stored(database_url))[0]["description"]) == (1, "1 Main St")
