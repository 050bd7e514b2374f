"""An import that is ended on its way leaves nothing behind, and nothing in the way of the next one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TextIO

import asyncpg
import pytest

from importing import CITY, MAPPING, fetch, footprint, row, run_import, stored, until, write_table

ROWS = 6_000
ENDS = {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 130}


def start(url: str, folder: Path, table: Path) -> subprocess.Popen[bytes]:
    (folder / "riverton.yaml").write_text(MAPPING)
    words = ["import", str(table), "--jurisdiction", CITY, "--mapping", str(folder / "riverton.yaml")]
    return subprocess.Popen(
        [sys.executable, "-m", "open311_api.cli", *words],
        env={**os.environ, "OPEN311_DATABASE_URL": url},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def end(url: str, process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """The process is gone, and the server has noticed."""
    process.send_signal(how)
    out, errors = await asyncio.to_thread(process.communicate, timeout=30)
    assert process.returncode == ENDS[how], errors
    assert out == b""
    await until(url, "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'open311 command')")


@asynccontextmanager
async def holding_an_id(url: str, identifier: str) -> AsyncIterator[None]:
    """Another transaction has this id and does not end: the merge comes to a halt there, with thousands of rows written."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO service_request (jurisdiction_key, service_request_id, service_key, department_key, detailed_status, "
                "requested_datetime, updated_datetime) SELECT jurisdiction_key, $1, service_key, department_key, detailed_status, "
                "now(), now() FROM service_request WHERE service_request_id = 'A0'",
                identifier,
            )
            yield
            raise asyncio.CancelledError
    except asyncio.CancelledError:
        pass
    finally:
        await connection.close()


@pytest.mark.parametrize("how", ENDS, ids=lambda how: how.name)
async def test_ended_while_it_stores(database_url: str, tmp_path: Path, how: signal.Signals) -> None:
    table = write_table(tmp_path / "table.csv", [row(f"A{number}", kind=f"Kind {number % 7}") for number in range(ROWS)])
    await run_import(database_url, write_table(tmp_path / "first.csv", [row("A0", text="before")]))
    before = await footprint(database_url)
    async with holding_an_id(database_url, f"A{ROWS - 1}"):
        process = start(database_url, tmp_path, table)
        await until(database_url, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'transactionid'")
        await end(database_url, process, how)
    assert await footprint(database_url) == before
    assert [(one["service_request_id"], one["description"]) for one in await stored(database_url)] == [("A0", "before")]
    assert len(await fetch(database_url, "SELECT 1 FROM import_run")) == 1

    result = await run_import(database_url, table)
    assert (result.stored, result.updated, result.rejected) == (ROWS - 1, 1, 0)
    assert len(await stored(database_url)) == ROWS
    events = await fetch(database_url, "SELECT count(*) AS events FROM event WHERE type = 'service_request.imported'")
    assert events[0]["events"] == ROWS + 1


@pytest.mark.parametrize("how", ENDS, ids=lambda how: how.name)
async def test_ended_while_it_reads(database_url: str, tmp_path: Path, how: signal.Signals) -> None:
    await run_import(database_url, write_table(tmp_path / "first.csv", [row("A0")]))
    before = await footprint(database_url)
    pipe = tmp_path / "table.csv"
    os.mkfifo(pipe)
    process = start(database_url, tmp_path, pipe)
    writer = await asyncio.to_thread(pipe.open, "w")
    try:
        lines = (tmp_path / "first.csv").read_text().splitlines(keepends=True)
        await asyncio.to_thread(writer.write, lines[0] + "".join(lines[1].replace("A0", f"B{number}") for number in range(9000)))
        await until(database_url, "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY%' AND wait_event = 'ClientRead'")
        if how is signal.SIGKILL:
            await end(database_url, process, how)
    finally:
        if how is not signal.SIGKILL:
            process.send_signal(how)
        # The thread that reads a pipe can only end when the pipe does.
        await asyncio.to_thread(_close, writer)
    if how is not signal.SIGKILL:
        await end(database_url, process, how)
    assert await footprint(database_url) == before
    assert not list(tmp_path.glob("*.part"))


def _close(writer: TextIO) -> None:
    with suppress(BrokenPipeError):
        writer.close()
