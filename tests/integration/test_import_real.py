"""Real tables of five cities: every row accounted for, and counts that agree with a count made another way."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg
import pytest

from importing import footprint, real_tables
from open311_api.db.database import Database
from open311_api.imports.mapping_file import load_mapping
from open311_api.imports.result import ImportResult
from open311_api.imports.run import Order, import_file


@dataclass(frozen=True)
class Source:
    """What this test itself knows about a table, written down apart from the mappings."""

    file: str
    jurisdiction: str
    mapping: str
    identifier: str | None
    opened: str
    form: str
    status: str
    closed_words: frozenset[str]
    place: str | None

    @property
    def name(self) -> str:
        return self.file.split(".")[0]


US_TIME = "%m/%d/%Y %I:%M:%S %p"
ISO_TIME = "%Y-%m-%d %H:%M:%S"
CLOSED = frozenset({"Closed"})
DONE = frozenset({"Completed", "Completed - Dup"})


def boston(file: str) -> Source:
    return Source(file, "boston", "boston", "case_enquiry_id", "open_dt", ISO_TIME, "case_status", CLOSED, "latitude")


def nyc(file: str) -> Source:
    return Source(file, "nyc", "nyc", "Unique Key", "Created Date", US_TIME, "Status", CLOSED, "Latitude")


SOURCES = [
    boston("boston-2011-jul-nov.csv.gz"),
    boston("boston-animal-2014-2018.csv.gz"),
    Source(
        file="chicago-graffiti-2017.csv.gz",
        jurisdiction="chicago",
        mapping="chicago",
        identifier="Service Request Number",
        opened="Creation Date",
        form="%m/%d/%Y",
        status="Status",
        closed_words=DONE,
        place=None,  # some rows have only state plane coordinates
    ),
    Source(
        file="chicago-salesforce-2025-12.json.gz",
        jurisdiction="chicago",
        mapping="chicago",
        identifier="sr_number",
        opened="created_date",
        form="%Y-%m-%dT%H:%M:%S.000",
        status="status",
        closed_words=DONE | {"Canceled"},
        place="latitude",
    ),
    Source(
        file="chicago-sanitation-early.csv.gz",
        jurisdiction="chicago",
        mapping="chicago",
        identifier="Service_Request_Number",
        opened="Creation_Date",
        form="%Y-%m-%d",
        status="Status",
        closed_words=DONE,
        place="Latitude",
    ),
    Source("nyc-2013-10-nolocation.csv.gz", "nyc", "nyc", None, "created_date", ISO_TIME, "status", CLOSED, None),
    nyc("nyc-2022-05.csv.gz"),
    nyc("nyc-animals-2010-2025.csv.gz"),
    Source("sf-2008-2016.csv.gz", "sf", "san-francisco", "CaseID", "Opened", US_TIME, "Status", CLOSED, "Point"),
    Source(
        file="stlouis-2018-01.csv.gz",
        jurisdiction="stlouis",
        mapping="st-louis",
        identifier="requestid",
        opened="datetimeinit",
        form="%Y-%m-%d %H:%M:%S.%f",
        status="status",
        closed_words=CLOSED | {"CLOSED", "CANCEL"},
        place="srx",
    ),
]

LARGE = {"boston-2011-jul-nov", "boston-animal-2014-2018", "chicago-sanitation-early", "nyc-2013-10-nolocation"}


def read(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from json.load(file) if ".json" in path.name else csv.DictReader(file)


@dataclass
class Counts:
    """What a count of the file alone says, the last row with an id taken for it."""

    rows: int
    repeated: int
    years: Counter[int]
    closed: int
    placed: int | None


def count(path: Path, source: Source) -> Counts:
    rows, last = 0, {}
    for row in read(path):
        last[row[source.identifier] if source.identifier else rows] = row
        rows += 1
    years = Counter(datetime.strptime(row[source.opened], source.form).year for row in last.values())  # noqa: DTZ007 local years
    closed = sum(row[source.status] in source.closed_words for row in last.values())
    placed = sum((row.get(source.place) or "").strip() not in ("", "NA") for row in last.values()) if source.place else None
    return Counts(rows, rows - len(last), years, closed, placed)


async def import_source(url: str, folder: Path, source: Source) -> ImportResult:
    order = Order(
        path=folder / source.file,
        jurisdiction_id=source.jurisdiction,
        mapping=load_mapping(source.mapping),
        rejects=Path("/nonexistent/rejects.csv"),  # a rejected row would fail the test
        create_as=source.jurisdiction.title(),
    )
    async with Database(url, size=1, statement_seconds=0) as db:
        return await import_file(db, order)


async def check(url: str, folder: Path, source: Source) -> ImportResult:
    expected = count(folder / source.file, source)
    result = await import_source(url, folder, source)
    assert (result.read, result.stored, result.repeated) == (expected.rows, expected.rows - expected.repeated, expected.repeated)
    assert result.accounted == result.read
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT extract(year FROM requested_datetime AT TIME ZONE time_zone)::int AS year, count(*) AS requests, "
            "count(*) FILTER (WHERE request.status = 'closed') AS closed, count(location) AS placed "
            "FROM service_request AS request JOIN jurisdiction USING (jurisdiction_key) JOIN event "
            "USING (jurisdiction_key, request_key) JOIN import_run USING (jurisdiction_key, import_key) "
            "WHERE source = $1 GROUP BY 1",
            source.file,
        )
        # Whatever the source says, these hold for everything stored.
        wrong = await connection.fetchval(
            "SELECT count(*) FROM service_request WHERE updated_datetime < requested_datetime "
            "OR closed_datetime < requested_datetime OR (status = 'open' AND closed_datetime IS NOT NULL) "
            "OR content_hash IS NULL OR zipcode LIKE '%.0' "
            "OR abs(ST_Y(location) - 40) > 3 OR ST_X(location) NOT BETWEEN -123 AND -70 "
            "OR requested_datetime <> date_trunc('second', requested_datetime)"
        )
    finally:
        await connection.close()
    assert {row["year"]: row["requests"] for row in rows} == dict(expected.years)
    assert sum(row["closed"] for row in rows) == expected.closed
    if expected.placed is not None:
        assert sum(row["placed"] for row in rows) == expected.placed
        assert result.without_place == result.stored - expected.placed
    assert wrong == 0
    return result


def show(results: list[ImportResult]) -> None:
    print(f"\n{'table':<36}{'jurisdiction':<14}{'read':>8}{'stored':>8}{'repeated':>9}{'equal':>7}{'rejected':>9}{'no place':>9}")
    for one in results:
        numbers = f"{one.read:>8,}{one.stored:>8,}{one.repeated:>9,}{one.equal_rows:>7,}{one.rejected:>9,}{one.without_place:>9,}"
        print(f"{one.source:<36}{one.jurisdiction_id:<14}{numbers}")
    total = [sum(getattr(one, name) for one in results) for name in ("read", "stored", "repeated", "rejected")]
    print(f"all: {total[0]:,} read = {total[1]:,} stored + {total[2]:,} repeated + {total[3]:,} rejected")


@pytest.mark.parametrize("source", [one for one in SOURCES if one.name not in LARGE], ids=lambda source: source.name)
async def test_a_real_table_agrees_with_a_count_of_its_own(database_url: str, source: Source) -> None:
    folder = real_tables()
    await check(database_url, folder, source)


@pytest.mark.long
async def test_all_ten_tables_in_five_jurisdictions_and_all_once_more(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = real_tables()
    results = [await check(database_url, folder, source) for source in SOURCES]
    with capsys.disabled():
        show(results)
    before = await footprint(database_url)
    again = [await import_source(database_url, folder, source) for source in SOURCES]
    assert [(one.stored, one.updated, one.unchanged + one.repeated) for one in again] == [(0, 0, one.read) for one in again]
    assert await footprint(database_url) == before


async def test_points_of_every_kind_are_where_the_source_says(database_url: str) -> None:
    """Degrees, text and state plane against coordinates worked out elsewhere (the ground truth for routing)."""
    folder = real_tables()
    for name in ("stlouis-2018-01", "sf-2008-2016"):
        source = next(one for one in SOURCES if one.name == name)
        await import_source(database_url, folder, source)
        truth = next((folder.parent / "ground-truth").glob(f"{name}--*.csv"))
        with truth.open(newline="") as file:
            points = {row["request_id"]: (float(row["lat"]), float(row["long"])) for row in csv.DictReader(file) if row["lat"]}
        connection = await asyncpg.connect(database_url)
        rows = await connection.fetch(
            "SELECT service_request_id, ST_Y(location) AS lat, ST_X(location) AS long FROM service_request "
            "JOIN jurisdiction USING (jurisdiction_key) WHERE jurisdiction_id = $1 AND service_request_id = ANY($2::text[])",
            source.jurisdiction,
            list(points),
        )
        await connection.close()
        assert len(rows) == len(points) > 1000
        for row in rows:
            assert (row["lat"], row["long"]) == pytest.approx(points[row["service_request_id"]], abs=1e-6)
