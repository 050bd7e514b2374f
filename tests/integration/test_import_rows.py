"""What becomes of the rows of a file: stored, updated, left alone, repeated, rejected; never lost, never twice."""

from __future__ import annotations

import csv
import os
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from importing import CITY, COLUMNS, fetch, footprint, mapping, rejected_rows, row, run_import, stored, write_table
from open311_api.errors import JurisdictionNotFound
from open311_api.events.publish import publish
from open311_api.imports.errors import UnreadableTable


@pytest.fixture
def table(tmp_path: Path):
    return lambda *rows: write_table(tmp_path / "table.csv", rows)


async def test_a_row_becomes_a_request_with_its_event(database_url: str, table) -> None:
    closed = row("A1", closed="2024-05-02 11:00:00", status="Closed", text="Deep,\nvery deep \\ hole", ward="7")
    result = await run_import(database_url, table(closed))
    assert (result.read, result.stored, result.new_services, result.new_departments) == (1, 1, 1, 1)
    (request,) = await stored(database_url)
    assert {
        "service_request_id": "A1",
        "version": 1,
        "service": "pothole",
        "department": "roads",
        "status": "closed",
        "detailed_status": "fixed",
        "channel": "other",
        "description": "Deep,\nvery deep \\ hole",
        "address": "1 Main St",
        "lat": 42.36,
        "long": -71.06,
        "extended_attributes": '{"ward": "7"}',
        "requested_datetime": datetime(2024, 5, 1, 14, tzinfo=UTC),
        "updated_datetime": datetime(2024, 5, 2, 15, tzinfo=UTC),
        "closed_datetime": datetime(2024, 5, 2, 15, tzinfo=UTC),
    }.items() <= dict(request).items()
    (event,) = await fetch(database_url, "SELECT * FROM event WHERE type = 'service_request.imported'")
    assert (event["request_key"], event["sequence"], event["status"], event["position"]) == (
        request["request_key"],
        1,
        "closed",
        None,
    )
    assert (event["service_key"], event["department_key"]) == (request["service_key"], request["department_key"])
    assert event["data"] == '{"source": "table.csv", "status": {"to": "closed"}}'


async def test_the_run_is_kept_with_its_counts_and_gets_one_position(database_url: str, table, db) -> None:
    await run_import(database_url, table(row("A1"), row("A2")))
    assert await publish(db)
    (run,) = await fetch(database_url, "SELECT * FROM import_run")
    assert run["finished_at"] is not None
    assert run["position"] is not None
    assert '"stored": 2' in run["counts"]
    assert await fetch(database_url, "SELECT 1 FROM event WHERE import_key = $1 AND position IS NULL", run["import_key"])


async def test_the_same_file_again_touches_nothing(database_url: str, table) -> None:
    file = table(row("A1"), row("A2", parent="A1"), row("A1", status="Closed"))
    await run_import(database_url, file)
    before = await footprint(database_url)
    result = await run_import(database_url, file)
    assert (result.read, result.stored, result.updated, result.unchanged, result.repeated) == (3, 0, 0, 2, 1)
    assert await footprint(database_url) == before


async def test_a_run_that_changed_nothing_is_not_published(database_url: str, table, db) -> None:
    file = table(row("A1"))
    await run_import(database_url, file)
    await publish(db)
    await run_import(database_url, file)
    assert not await publish(db)
    assert len(await fetch(database_url, "SELECT 1 FROM import_run WHERE position IS NOT NULL")) == 2


async def test_only_what_changed_is_updated(database_url: str, table) -> None:
    await run_import(database_url, table(row("A1"), row("A2"), row("A3")))
    changed = row("A2", status="Closed", closed="2024-05-09 09:00:00", office="Parks")
    result = await run_import(database_url, table(row("A1"), changed, row("A4")))
    assert (result.stored, result.updated, result.unchanged) == (1, 1, 1)
    requests = {request["service_request_id"]: request for request in await stored(database_url)}
    assert {name: request["version"] for name, request in requests.items()} == {"A1": 1, "A2": 2, "A3": 1, "A4": 1}
    assert (requests["A2"]["status"], requests["A2"]["department"]) == ("closed", "parks")
    events = await fetch(
        database_url,
        "SELECT sequence, status, data FROM event WHERE request_key = $1 ORDER BY sequence",
        requests["A2"]["request_key"],
    )
    assert [event["sequence"] for event in events] == [1, 2]
    assert events[1]["data"] == '{"source": "table.csv", "status": {"to": "closed", "from": "open"}}'


async def test_the_last_row_with_an_id_wins(database_url: str, table) -> None:
    result = await run_import(
        database_url, table(row("A1", text="first"), row("A2"), row("A1", text="second"), row("A1", text="last"))
    )
    assert (result.stored, result.repeated) == (2, 2)
    assert [request["description"] for request in await stored(database_url)] == ["last", None]


async def test_equal_rows_of_a_table_without_ids_are_all_kept(database_url: str, tmp_path: Path) -> None:
    def file(*rows: list[str]) -> Path:
        return write_table(tmp_path / "t.csv", [one[1:] for one in rows], COLUMNS[1:])

    using = mapping(id="{columns: id, absent: make}")
    same, other = row(""), row("", text="other")
    result = await run_import(database_url, file(same, other, same, same), using)
    assert (result.stored, result.repeated, result.equal_rows) == (4, 0, 2)
    ids = [request["service_request_id"] for request in await stored(database_url)]
    again = await run_import(database_url, file(same, same, same, other), using)
    assert (again.stored, again.unchanged) == (0, 4)
    more = await run_import(database_url, file(same, other, same, same, same), using)
    assert (more.stored, more.unchanged) == (1, 4)
    assert set(ids) < {request["service_request_id"] for request in await stored(database_url)}


async def test_ids_made_from_rows_do_not_depend_on_the_mapping(database_url: str, tmp_path: Path) -> None:
    file = write_table(tmp_path / "t.csv", [row("")[1:]], COLUMNS[1:])
    await run_import(database_url, file, mapping(id="{columns: id, absent: make}"))
    result = await run_import(database_url, file, mapping(id="{columns: id, absent: make}", extended="[ward, address]"))
    assert (result.stored, result.updated) == (0, 1)


async def test_a_table_must_have_the_id_column_unless_ids_may_be_made(database_url: str, tmp_path: Path) -> None:
    file = write_table(tmp_path / "t.csv", [row("")[1:]], COLUMNS[1:])
    with pytest.raises(UnreadableTable, match=r"no column for id \(id\); its columns are: opened, closed"):
        await run_import(database_url, file)


async def test_rows_that_cannot_be_stored_are_written_with_line_and_reason(database_url: str, tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv", [row("A1"), row(""), row("A,2"), row("A\x073"), row("A4", opened="")])
    with path.open("a", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([row("A5", opened="soon"), row("A6", kind=""), row("A7")[:-1]])
    with path.open("ab") as file:
        file.write(
            ",".join(row("A8", text="caf\u00e9")).encode("latin-1") + b"\n" + ",".join(row("A9", text="café")).encode() + b"\n"
        )
    result = await run_import(database_url, path)
    assert (result.read, result.stored, result.rejected) == (10, 2, 8)
    rejects = rejected_rows(result)
    assert [(reject["line"], reject["reason"], reject["detail"]) for reject in rejects] == [
        ("3", "no id", ""),
        ("4", "unusable id", "A,2"),
        ("5", "unusable id", "A\x073"),
        ("6", "no opening time", ""),
        ("7", "a time that cannot be read", "soon"),
        ("8", "no category", ""),
        ("9", "cells do not match the header", "12 cells, 13 columns"),
        ("10", "bytes that are not UTF-8", "e9"),
    ]
    assert rejects[4]["opened"] == "soon"
    assert [request["service_request_id"] for request in await stored(database_url)] == ["A1", "A9"]


async def test_a_clean_import_leaves_no_file_of_rejects(database_url: str, table, tmp_path: Path) -> None:
    assert (await run_import(database_url, table(row("A1")))).rejects is None
    assert os.listdir(tmp_path) == ["table.csv"]  # noqa: PTH208 a look at a folder of one file


async def test_rows_without_a_place_are_kept(database_url: str, table) -> None:
    result = await run_import(database_url, table(row("A1", lat="", long=""), row("A2", lat="0", long="0"), row("A3")))
    assert (result.stored, result.without_place, result.unusable_places) == (3, 2, 1)
    assert [request["lat"] for request in await stored(database_url)] == [None, None, 42.36]


async def test_a_closing_before_the_opening_is_not_believed(database_url: str, table) -> None:
    opened = datetime(2024, 5, 1, 14, tzinfo=UTC)
    rows = [
        row("long-before", status="Closed", closed="1900-01-01 00:00:00"),
        row("midnight-of-the-day", status="Closed", closed="2024-05-01 00:00:00"),
        row("open-again", status="Working", closed="2024-05-03 10:00:00"),
    ]
    result = await run_import(database_url, table(*rows))
    assert result.unlikely_closings == 1
    assert [(one["closed_datetime"], one["updated_datetime"]) for one in await stored(database_url)] == [
        (None, opened),
        (opened, opened),
        (None, datetime(2024, 5, 3, 14, tzinfo=UTC)),
    ]


async def test_words_for_statuses(database_url: str, table) -> None:
    rows = [
        row("1", status="open"),
        row("2", status="WORKING"),
        row("3", status="Dup"),
        row("4", status="Strange", closed="2024-06-01 00:00:00"),
        row("5", status="Strange"),
        row("6", status="NA"),
    ]
    result = await run_import(database_url, table(*rows))
    assert [(one["status"], one["detailed_status"], one["duplicate"]) for one in await stored(database_url)] == [
        ("open", "received", False),
        ("open", "in_process", False),
        ("closed", "duplicate", True),
        ("closed", "fixed", False),
        ("open", "received", False),
        ("open", "received", False),
    ]
    assert result.unknown_statuses == {"Strange": 2}


async def test_a_city_with_other_statuses_gets_the_defaults_of_each_side(database_url: str, table) -> None:
    await run_import(database_url, table(row("0")))
    await fetch(database_url, "DELETE FROM detailed_status WHERE code IN ('in_process', 'duplicate')")
    result = await run_import(database_url, table(row("1", status="Working"), row("2", status="Dup")))
    assert [(one["status"], one["detailed_status"]) for one in await stored(database_url)][1:] == [
        ("open", "received"),
        ("closed", "fixed"),
    ]
    assert result.replaced_statuses == ["duplicate", "in_process"]


async def test_a_duplicate_is_linked_to_what_it_repeats(database_url: str, table) -> None:
    await run_import(database_url, table(row("A2", parent="A1"), row("A1"), row("A3", parent="nowhere"), row("A4", parent="A4")))
    requests = {one["service_request_id"]: one for one in await stored(database_url)}
    parents = {name: one["parent_request_key"] for name, one in requests.items()}
    assert parents == {"A1": None, "A2": requests["A1"]["request_key"], "A3": None, "A4": None}


async def test_a_dry_run_says_what_would_be_and_keeps_nothing(database_url: str, table) -> None:
    await run_import(database_url, table(row("A1")))
    before = await footprint(database_url)
    result = await run_import(database_url, table(row("A1", text="new"), row("A2"), row("A3", kind="Lamp")), dry_run=True)
    assert (result.dry_run, result.stored, result.updated, result.new_services) == (True, 2, 1, 1)
    assert await footprint(database_url) == before
    assert len(await fetch(database_url, "SELECT 1 FROM import_run")) == 1


async def test_an_unknown_jurisdiction_is_told_what_to_do(database_url: str, table) -> None:
    with pytest.raises(JurisdictionNotFound, match=r"no jurisdiction 'riverton.example': load its city file"):
        await run_import(database_url, table(row("A1")), create_as=None)


async def test_a_made_jurisdiction_keeps_the_time_of_the_mapping(database_url: str, table) -> None:
    await run_import(database_url, table(row("A1")))
    (city,) = await fetch(database_url, "SELECT name, time_zone FROM jurisdiction WHERE jurisdiction_id = $1", CITY)
    assert tuple(city) == ("Riverton", "America/New_York")


async def test_a_thousand_columns_and_every_character(database_url: str, tmp_path: Path) -> None:
    nasty = "tab\tback\\slash \\N \\. quote\" 'single' {brace} null? é 漢 🕳 \u2028 \x1b[31m"
    columns = [*COLUMNS, *(f"more {number}" for number in range(1000))]
    path = write_table(tmp_path / "t.csv", [[*row("A1", text=nasty, address=nasty, ward=nasty), *["x"] * 1000]], columns)
    await run_import(database_url, path)
    (request,) = await stored(database_url)
    assert request["description"] == nasty.replace("\x1b", "")
    assert request["address"] == " ".join(nasty.replace("\x1b", "").split())


async def test_whatever_a_cell_holds_is_stored_or_refused_and_never_ends_the_import(database_url: str, tmp_path: Path) -> None:
    rng = random.Random(311)
    pieces = [*"aé漢🕳\"'{}, \t\n\r\x00\x07\x7f\u2028\ufffe", "\\", "\\N", "\\."]
    texts = ["".join(rng.choices(pieces, k=rng.randrange(1, 12))) for _ in range(2000)]
    columns = ("opened", "text", "address", "kind", "office", "ward", "closed", "lat", "status", "parent")
    for column in columns:
        rows = [row(f"{column}-{number}", **{column: text}) for number, text in enumerate(texts)]
        result = await run_import(database_url, write_table(tmp_path / f"{column}.csv", rows, quoting=csv.QUOTE_ALL))
        assert result.accounted == result.read == len(texts)
        if column == "text":
            assert result.rejected == 0
    kept = {one["service_request_id"]: one["description"] for one in await stored(database_url)}
    for number, text in enumerate(texts):
        expected = text.replace("\r\n", "\n").replace("\r", "\n").translate({0: None, 7: None, 0xFFFE: None}).strip()
        assert (kept[f"text-{number}"] or "") == expected
