"""``open311 import`` of a CSV against a bare COPY of the rows and events it wrote, both into the live, indexed tables."""

from __future__ import annotations

import csv
import os
import resource
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from benchmarks.generate import connect
from benchmarks.place import JURISDICTION, Place
from benchmarks.processes import seconds_of, tree
from benchmarks.rows import Town, requests

_MAPPING = """
version: 1
name: Rows of the benchmark
time_zone: UTC
dates: ["ISO"]
id: id
requested: requested
updated: updated
closed: closed
expected: expected
status:
  columns: status
  words: {open: open, closed: closed}
service: {code: code, name: name}
places: [{lat: lat, long: long}]
address: address
zipcode: zipcode
title: title
description: description
"""
_PREFIX = "I"
_TABLES = ("service_request", "event")


@dataclass(frozen=True, slots=True)
class Imported:
    """CPU seconds, everything that worked for it."""

    rows: int
    imported: float
    copied: float
    import_wall: float
    copy_wall: float

    @property
    def ratio(self) -> float:
        return self.copied / self.imported


async def measure_import(place: Place, count: int, folder: Path) -> Imported:
    """Leaves the database as it was, but for numbers used up."""
    connection = await connect(place.url)
    try:
        postmaster = await _postmaster(connection)
        await _remove(connection)
        await _write_csv(connection, folder / "rows.csv", count)
        (folder / "mapping.yaml").write_text(_MAPPING)
        before, started = _cpu(postmaster), time.monotonic()
        place.open311(
            "import", str(folder / "rows.csv"), "--jurisdiction", JURISDICTION, "--mapping", str(folder / "mapping.yaml"),
            "--rejects", str(folder / "rejects.csv"), "--json",
        )  # fmt: skip
        imported, import_wall = _cpu(postmaster) - before, time.monotonic() - started
        stored = await connection.fetchval(f"SELECT count(*) FROM service_request WHERE service_request_id LIKE '{_PREFIX}%'")
        if stored != count:
            raise SystemExit(f"import stored {stored} of {count} rows")
        columns = {table: await _take_out(connection, table, folder / table) for table in _TABLES}
        await _remove(connection)
        before, started = _cpu(postmaster), time.monotonic()
        async with connection.transaction():
            for table in _TABLES:
                await connection.copy_to_table(table, source=folder / table, columns=columns[table], format="binary")
        copied, copy_wall = _cpu(postmaster) - before, time.monotonic() - started
        await _remove(connection)
        return Imported(count, imported, copied, import_wall, copy_wall)
    finally:
        await connection.close()


async def _write_csv(connection: asyncpg.Connection, path: Path, count: int) -> None:
    key = await connection.fetchval("SELECT jurisdiction_key FROM jurisdiction WHERE jurisdiction_id = $1", JURISDICTION)
    services = {
        row["service_key"]: (row["code"], row["name"])
        for row in await connection.fetch("SELECT * FROM service WHERE jurisdiction_key = $1 ORDER BY code", key)
    }
    # Older than what is there, so that reads of the newest rows are not touched.
    town = Town(key, 0, tuple((k, name, 0) for k, (_, name) in services.items()), datetime.now(UTC) - timedelta(days=800))
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        names = "id requested updated closed expected status code name lat long address zipcode title description"
        writer.writerow(names.split())
        for row in requests(town, 0, count, count):
            code, name = services[row[4]]
            lat, long = _place(row[20])
            moments = [moment.isoformat() if moment else "" for moment in (row[13], row[14], row[16], row[15])]
            identity = _PREFIX + row[2][1:]
            writer.writerow([identity, *moments, row[6], code, name, lat, long, row[17], row[19], row[11], row[12]])


def _place(point: bytes) -> tuple[float, float]:
    import struct

    long, lat = struct.unpack("<dd", point[9:])
    return lat, long


async def _take_out(connection: asyncpg.Connection, table: str, path: Path) -> list[str]:
    """What the import wrote, to a file in PostgreSQL's own form; the columns that can be written again."""
    rows = await connection.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND is_generated = 'NEVER' "
        "AND table_schema = current_schema() ORDER BY ordinal_position",
        table,
    )
    columns = [row[0] for row in rows]
    wanted = f"SELECT request_key FROM service_request WHERE service_request_id LIKE '{_PREFIX}%'"
    await connection.copy_from_query(
        f"SELECT {', '.join(columns)} FROM {table} WHERE request_key IN ({wanted})", output=path, format="binary"
    )
    return columns


async def _remove(connection: asyncpg.Connection) -> None:
    """As if the rows had never been there: the indexes, too."""
    wanted = f"SELECT request_key FROM service_request WHERE service_request_id LIKE '{_PREFIX}%'"
    await connection.execute(f"DELETE FROM event WHERE request_key IN ({wanted})")
    await connection.execute(f"DELETE FROM service_request WHERE service_request_id LIKE '{_PREFIX}%'")
    for table in _TABLES:
        await connection.execute(f"VACUUM ANALYZE {table}")
    await connection.execute("CHECKPOINT")


async def _postmaster(connection: asyncpg.Connection) -> int:
    """Its process, by one of its children."""
    pid = connection.get_server_pid()
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _cpu(postmaster: int) -> float:
    """Of PostgreSQL with the sessions that ended, of this process, and of the commands it ran."""
    ended = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        sum(seconds_of(pid) for pid in tree(postmaster))
        + (int(ended[13]) + int(ended[14])) / os.sysconf("SC_CLK_TCK")
        + time.process_time()
        + children.ru_utime
        + children.ru_stime
    )
