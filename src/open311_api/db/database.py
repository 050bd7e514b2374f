"""Connections to PostgreSQL: short reads, and transactions that have committed when they end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any

import asyncpg
import orjson
from sqlalchemy.sql.elements import ClauseElement

from open311_api.db.pool import Pool
from open311_api.db.statements import Statement, as_statement
from open311_api.errors import Contended, Unavailable

ACQUIRE_SECONDS = 1.5
"""How long a caller waits for a free connection before it hears 503 (promise: within two seconds)."""

_UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server said good-bye and the connection has not noticed yet
    asyncpg.OperatorInterventionError,  # shutting down, starting up, statement timeout
    asyncpg.InsufficientResourcesError,  # too many connections, disk full, out of memory
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


async def connect(url: str, *, name: str = "open311", statement_seconds: float = 0) -> asyncpg.Connection:
    """One connection of its own, for commands, LISTEN and locks."""
    connection = await asyncpg.connect(url, server_settings=_server_settings(name, statement_seconds), timeout=10)
    await _prepare(connection)
    return connection


def _server_settings(name: str, statement_seconds: float) -> dict[str, str]:
    return {
        "application_name": name,
        "timezone": "UTC",
        "max_parallel_workers_per_gather": "0",  # one query does not take several processors from the others
        "jit": "off",  # compiling costs more than our longest query takes
        "statement_timeout": str(int(statement_seconds * 1000)),
        "idle_in_transaction_session_timeout": "60000",
    }


class _Borrowed(AbstractAsyncContextManager[Session]):
    """A connection for the length of a block; failures of the database become Unavailable."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool | None) -> None:
        self._pool = pool

    async def __aenter__(self) -> Session:
        pool = self._pool
        if pool is None:
            raise Unavailable("the database connection is not open")
        connection = pool.take()
        if connection is None:
            try:
                connection = await pool.acquire(ACQUIRE_SECONDS)
            except TimeoutError as error:
                raise Unavailable("all database connections are busy, try again shortly") from error
            except _UNAVAILABLE as error:
                raise Unavailable("the database cannot be reached, try again shortly", after_seconds=2) from error
        self._connection = connection
        return Session(connection)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._pool is not None
        if error is None:
            self._pool.release(self._connection)
            return
        if isinstance(error, Exception) and not isinstance(error, TimeoutError | asyncpg.InternalClientError):
            self._pool.release(self._connection)
        else:  # cancelled, out of time or out of step: the statement may still run
            self._pool.discard(self._connection)
        if isinstance(error, asyncpg.TransactionRollbackError):  # serialization failure, deadlock
            raise Contended("others were writing the same, try again shortly") from error
        if isinstance(error, _UNAVAILABLE):
            raise Unavailable("the database could not finish this in time, try again shortly", after_seconds=2) from error


class Database:
    """Pools of connections; ``begin`` is the only way to write."""

    def __init__(
        self, url: str, *, read_url: str | None = None, size: int = 8, statement_seconds: float = 5.0, name: str = "open311"
    ) -> None:
        self.url = url
        self._size = size
        self._statement_seconds = statement_seconds
        self._name = name
        self._pool: Pool | None = None
        self._custom_pool: Pool | None = None
        self._replica = (
            Database(read_url, size=size, statement_seconds=statement_seconds, name=name) if read_url and read_url != url else None
        )

    async def __aenter__(self) -> Database:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Make the pools; a database that is down now is reached at the first use instead."""
        self._pool = self._make_pool(self._size)
        self._custom_pool = self._make_pool(max(1, self._size // 2), plan_cache_mode="force_custom_plan")
        if self._replica is not None:
            await self._replica.open()

    def _make_pool(self, size: int, **settings: str) -> Pool:
        async def connect() -> asyncpg.Connection:
            connection = await asyncpg.connect(
                self.url,
                statement_cache_size=1000,
                server_settings=_server_settings(self._name, self._statement_seconds) | settings,
                timeout=2,
                command_timeout=self._statement_seconds + 5 if self._statement_seconds else None,
            )
            await _prepare(connection)
            return connection

        return Pool(connect, size)

    async def close(self) -> None:
        for pool in (self._pool, self._custom_pool):
            if pool is not None:
                await pool.close()
        self._pool = self._custom_pool = None
        if self._replica is not None:
            await self._replica.close()

    @property
    def lagging(self) -> Database:
        """For reads that may be a moment behind: the replica where there is one, otherwise this database itself."""
        return self._replica or self

    def read(self) -> AbstractAsyncContextManager[Session]:
        """Single statements, each its own snapshot."""
        return _Borrowed(self._pool)

    def read_custom(self) -> AbstractAsyncContextManager[Session]:
        """The same, with plans made for the values at hand.

        They matter for spatial filters: a generic plan combines the spatial index with one over the whole jurisdiction
        and goes wrong by two orders of magnitude. Connections of their own, because a setting is one more round trip.
        """
        return _Borrowed(self._custom_pool)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Session]:
        """A read-only transaction: one snapshot for several statements, and cursors."""
        async with self.read() as session:
            await session.connection.execute("BEGIN READ ONLY")
            try:
                yield session
            finally:
                if not session.connection.is_closed():
                    await session.connection.execute("ROLLBACK")

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Session]:
        """One transaction; it has committed, durably, when the block ends without an exception."""
        async with self.read() as session, session.connection.transaction():
            yield session

    @property
    def idle(self) -> int:
        """Connections that could be used at once, counting those not opened yet."""
        return 0 if self._pool is None else self._pool.idle
