"""Sessions against a real server: what is cancelled ends there, too, and failures are told in one word."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Double, Integer, func, literal, select

from open311_api.db.database import Database, connect
from open311_api.db.statements import Statement
from open311_api.errors import Unavailable

_PID = Statement(select(func.pg_backend_pid()))
_SLEEP = Statement(select(func.pg_sleep(literal(30, Double))))
_ONE = Statement(select(literal(1, Integer)))


async def test_a_cancelled_statement_ends_in_the_server_and_frees_its_place(database_url: str) -> None:
    watcher = await connect(database_url)
    try:
        async with Database(database_url, size=1, name="cancelled here") as db:

            async def wait() -> None:
                async with db.read() as session:
                    await session.value(_SLEEP)

            task = asyncio.create_task(wait())
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with asyncio.timeout(3), db.read() as session:
                assert await session.value(_ONE) == 1
            running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cancelled here' AND query LIKE '%pg_sleep%'"
            assert await watcher.fetchval(f"{running} AND state = 'active'") == 0
    finally:
        await watcher.close()


async def test_a_connection_the_server_ended_is_replaced(database_url: str) -> None:
    watcher = await connect(database_url)
    try:
        async with Database(database_url, size=1) as db:
            async with db.read() as session:
                pid = await session.value(_PID)
            await watcher.fetchval("SELECT pg_terminate_backend($1, 2000)", pid)
            await asyncio.sleep(0.1)
            async with db.read() as session:
                assert await session.value(_PID) != pid
    finally:
        await watcher.close()


async def test_nobody_waits_longer_than_promised(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("open311_api.db.database.ACQUIRE_SECONDS", 0.1)
    async with Database(database_url, size=1) as db, db.read():
        with pytest.raises(Unavailable, match="busy"):
            async with db.read():
                pass


async def test_an_error_of_the_caller_costs_no_connection(database_url: str) -> None:
    async with Database(database_url, size=1) as db:
        pids = []

        async def fail() -> None:
            async with db.read() as session:
                pids.append(await session.value(_PID))
                raise ValueError("mine")

        for _ in range(2):
            with pytest.raises(ValueError, match="mine"):
                await fail()
        assert pids[0] == pids[1]
