"""Small tables and one mapping for tests of imports, and where the real tables are."""

from __future__ import annotations

import asyncio
import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import asyncpg
import pytest

from open311_api.db.database import Database
from open311_api.imports.mapping import Mapping
from open311_api.imports.mapping_file import read_mapping
from open311_api.imports.result import ImportResult
from open311_api.imports.run import Order, import_file

CITY = "riverton.example"

MAPPING = """\
version: 1
name: Riverton
time_zone: America/New_York
dates: ["%Y-%m-%d %H:%M:%S"]
missing: [NA]
id: id
requested: opened
closed: closed
status:
  columns: status
  words:
    Open: open
    Working: {status: open, detailed: in_process}
    Closed: {status: closed, detailed: fixed}
    Dup: {status: closed, detailed: duplicate, duplicate: true}
service: {name: kind, group: family}
department: {code: office}
places:
  - {lat: lat, long: long}
address: address
description: text
parent: parent
extended: [ward]
"""

COLUMNS = ("id", "opened", "closed", "status", "kind", "family", "office", "lat", "long", "address", "text", "parent", "ward")


def mapping(**changes: str) -> Mapping:
    """The mapping above, with some words of its text replaced."""
    text = MAPPING
    for old, new in changes.items():
        assert f"{old}:" in text
        text = "\n".join(f"{old}: {new}" if line.startswith(f"{old}:") else line for line in text.splitlines())
    return read_mapping(text.encode(), file="riverton.yaml")


def row(identifier: str, **cells: str) -> list[str]:
    """A row of the table with good defaults."""
    values = {
        "opened": "2024-05-01 10:00:00",
        "status": "Open",
        "kind": "Pothole",
        "family": "Streets",
        "office": "Roads",
        "lat": "42.36",
        "long": "-71.06",
        "address": "1 Main St",
        "id": identifier,
    }
    return [{**values, **cells}.get(column, "") for column in COLUMNS]


def write_table(
    path: Path, rows: Iterable[Sequence[str]], columns: Sequence[str] = COLUMNS, *, quoting: Literal[0, 1] = csv.QUOTE_MINIMAL
) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=quoting)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


async def run_import(url: str, path: Path, using: Mapping | None = None, **options: Any) -> ImportResult:
    """Into a jurisdiction made on the way."""
    order = {"jurisdiction_id": CITY, "create_as": "Riverton", "rejects": path.with_suffix(".rejects.csv"), **options}
    async with Database(url, size=1, statement_seconds=0) as db:
        return await import_file(db, Order(path=path, mapping=using or mapping(), **order))


async def fetch(url: str, query: str, *values: Any) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(query, *values)
    finally:
        await connection.close()


async def stored(url: str) -> list[asyncpg.Record]:
    """Every request with the words for its keys, by id."""
    return await fetch(
        url,
        "SELECT request.*, service.code AS service, department.code AS department, ST_X(location) AS long, ST_Y(location) AS lat "
        "FROM service_request AS request JOIN service USING (jurisdiction_key, service_key) JOIN department "
        "ON department.jurisdiction_key = request.jurisdiction_key AND department.department_key = request.department_key "
        "ORDER BY request.jurisdiction_key, service_request_id",
    )


async def footprint(url: str) -> list[tuple[Any, ...]]:
    """Where every row of the tables an import may write lies, and by which transaction: the same when nothing was touched."""
    tables = ("service_request", "event", "service", "department", "jurisdiction", "detailed_status")
    return [
        tuple(one)
        for table in tables
        for one in await fetch(
            url, f"SELECT '{table}', count(*), md5(string_agg(ctid::text || xmin::text, ' ' ORDER BY ctid)) FROM {table}"
        )
    ]


def rejected_rows(result: ImportResult) -> list[dict[str, str]]:
    with Path(result.rejects or "no rejects").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def until(url: str, query: str, *, seconds: float = 30) -> list[asyncpg.Record]:
    """The rows of a query, as soon as it has any."""
    for _ in range(int(seconds * 50)):
        if rows := await fetch(url, query):
            return rows
        await asyncio.sleep(0.02)
    raise AssertionError(f"still nothing after {seconds} s: {query}")


def real_tables() -> Path:
    """The folder of real request tables; tests that need it are skipped, aloud, where it is not."""
    folder = Path(os.environ.get("OPEN311_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data") / "requests"
    if not folder.is_dir():
        pytest.skip(f"no real request tables at {folder}; set OPEN311_TEST_DATA to the folder that holds requests/")
    return folder
