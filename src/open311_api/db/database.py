"""Connections to PostgreSQL: short reads, and transactions that have committed when they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
from sqlalchemy.sql.elements import ClauseElement

from open311_api.db.statements import Statement, as_statement
from open311_api.errors import Unavailable

ACQUIRE_SECONDS = 1.5
"""How long a caller waits for a free connection before it hears 503 (promise: within two seconds)."""

_UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,  # shutting down, starting up, statement timeout
    asyncpg.InsufficientResourcesError,  # too many connections, disk full, out of memory
    asyncpg.TransactionRollbackError,  # serialization failure, deadlock
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    ConnectionError,
    OSError,
    TimeoutError,
)


class Session:
    """One connection for the length of a read or a transaction."""

    __slots__ = ("connection",)

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def fetch(self, statement: Statement | ClauseElement, values: Mapping[str, Any] = {}) -> list[asyncpg.Record]:
        ready = as_statement(statement)
        rows: list[asyncpg.Record] = await self.connection.fetch(ready.sql, *ready.arguments(values))
        return rows

    async def row(self, statement: Statement | ClauseElement, values: Mapping[str, Any] = {}) -> asyncpg.Record | None:
        ready = as_statement(statement)
        return await self.connection.fetchrow(ready.sql, *ready.arguments(values))

    async def value(self, statement: Statement | ClauseElement, values: Mapping[str, Any] = {}) -> Any:
        ready = as_statement(statement)
        return await self.connection.fetchval(ready.sql, *ready.arguments(values))

    async def execute(self, statement: Statement | ClauseElement, values: Mapping[str, Any] = {}) -> int:
        """Run it and say how many rows it touched."""
        ready = as_statement(statement)
        tag: str = await self.connection.execute(ready.sql, *ready.arguments(values))
        count = tag.rsplit(" ", 1)[-1]
        return int(count) if count.isdigit() else 0

    async def execute_many(self, statement: Statement | ClauseElement, rows: Iterable[Mapping[str, Any]]) -> None:
        ready = as_statement(statement)
        await self.connection.executemany(ready.sql, [ready.arguments(row) for row in rows])

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """COPY rows into a table; says how many."""
        tag: str = await self.connection.copy_records_to_table(table, columns=columns, records=rows)
        return int(tag.rsplit(" ", 1)[-1])

    async def stream(
        self, statement: Statement | ClauseElement, values: Mapping[str, Any] = {}, *, batch: int = 500
    ) -> AsyncIterator[asyncpg.Record]:
        """Rows through a cursor, in bounded memory; needs a transaction."""
        ready = as_statement(statement)
        async for row in self.connection.cursor(ready.sql, *ready.arguments(values), prefetch=batch):
            yield row


async def _prepare(connection: asyncpg.Connection) -> None:
    """jsonb travels as Python values, by orjson."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS),
        decoder=lambda value: orjson.loads(value[1:]),
    )


async def _keep(_connection: asyncpg.Connection) -> None:
    """Nothing to reset: no session state survives a read or a transaction here, and a reset costs a round trip."""


async def connect(url: str, *, name: str = "open311", statement_seconds: float = 0) -> asyncpg.Connection:
    """One connection of its own, for commands, LISTEN and locks."""
    connection = await asyncpg.connect(url, server_settings=_server_settings(name, statement_seconds), timeout=10)
    await _prepare(connection)
    return connection


def _server_settings(name: str, statement_seconds: float) -> dict[str, str]:
    return {
        "application_name": name,
        "timezone": "UTC",
        "jit": "off",  # compiling costs more than our longest query takes
        "statement_timeout": str(int(statement_seconds * 1000)),
        "idle_in_transaction_session_timeout": "60000",
    }


class Database:
    """Pools of connections; ``begin`` is the only way to write."""

    def __init__(
        self, url: str, *, read_url: str | None = None, size: int = 8, statement_seconds: float = 5.0, name: str = "open311"
    ) -> None:
        self.url = url
        self._read_url = read_url if read_url and read_url != url else None
        self._size = size
        self._statement_seconds = statement_seconds
        self._name = name
        self._pool: asyncpg.Pool | None = None
        self._read_pool: asyncpg.Pool | None = None

    async def __aenter__(self) -> Database:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Make the pools; a database that is down now is reached at the first use instead."""
        self._pool = await self._make_pool(self.url)
        if self._read_url:
            self._read_pool = await self._make_pool(self._read_url)

    async def _make_pool(self, url: str) -> asyncpg.Pool:
        return await asyncpg.create_pool(
            url,
            min_size=0,
            max_size=self._size,
            max_inactive_connection_lifetime=300,
            statement_cache_size=1000,
            server_settings=_server_settings(self._name, self._statement_seconds),
            init=_prepare,
            reset=_keep,
            timeout=2,
            command_timeout=self._statement_seconds + 5 if self._statement_seconds else None,
        )

    async def close(self) -> None:
        for pool in (self._pool, self._read_pool):
            if pool is not None:
                try:
                    async with asyncio.timeout(5):
                        await pool.close()
                except TimeoutError:
                    pool.terminate()
        self._pool = self._read_pool = None

    @asynccontextmanager
    async def _borrow(self, pool: asyncpg.Pool | None) -> AsyncIterator[asyncpg.Connection]:
        if pool is None:
            raise Unavailable("the database connection is not open")
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS):
                connection = await pool.acquire()
        except TimeoutError as error:
            raise Unavailable("all database connections are busy, try again shortly") from error
        except _UNAVAILABLE as error:
            raise Unavailable("the database cannot be reached, try again shortly", after_seconds=2) from error
        try:
            yield connection
        except _UNAVAILABLE as error:
            raise Unavailable("the database could not finish this in time, try again shortly", after_seconds=2) from error
        finally:
            await pool.release(connection)

    @asynccontextmanager
    async def read(self, *, replica: bool = False) -> AsyncIterator[Session]:
        """Single statements, each its own snapshot. ``replica`` allows an answer that lags behind the primary."""
        pool = self._read_pool if replica and self._read_pool is not None else self._pool
        async with self._borrow(pool) as connection:
            yield Session(connection)

    @asynccontextmanager
    async def snapshot(self, *, replica: bool = False, custom_plans: bool = False) -> AsyncIterator[Session]:
        """A read-only transaction: cursors, and plans made for the values at hand.

        Custom plans matter for spatial filters: a generic plan combines the spatial index with one over the whole
        jurisdiction and goes wrong by two orders of magnitude.
        """
        pool = self._read_pool if replica and self._read_pool is not None else self._pool
        async with self._borrow(pool) as connection:
            begin = "BEGIN READ ONLY"
            await connection.execute(f"{begin}; SET LOCAL plan_cache_mode = force_custom_plan" if custom_plans else begin)
            try:
                yield Session(connection)
            finally:
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Session]:
        """One transaction; it has committed, durably, when the block ends without an exception."""
        async with self._borrow(self._pool) as connection, connection.transaction():
            yield Session(connection)

    @property
    def idle(self) -> int:
        """Connections that could be used at once, counting those not opened yet."""
        pool = self._pool
        return 0 if pool is None else pool.get_idle_size() + pool.get_max_size() - pool.get_size()
