"""Connections kept for use again, without what asyncpg's own pool does between two uses.

That one makes a proxy, two futures, a task and two timers each time, which costs as much as a small read itself
(docs/decisions/0011). Here a connection is handed over as it is; one that may be in the middle of something is closed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg

_CLOSE_SECONDS = 2.0


class Pool:
    """At most ``size`` connections, opened when first needed; those who wait are served in their order."""

    def __init__(self, connect: Callable[[], Awaitable[asyncpg.Connection]], size: int) -> None:
        self._connect = connect
        self._size = size
        self._idle: list[asyncpg.Connection] = []
        self._waiting: deque[asyncio.Future[asyncpg.Connection | None]] = deque()
        self._open = 0
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False

    def take(self) -> asyncpg.Connection | None:
        """An idle connection at once, or None; none is idle while somebody waits."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._open -= 1
        return None

    async def acquire(self, seconds: float) -> asyncpg.Connection:
        """Opens one or waits for one. Raises TimeoutError, and what connecting raises."""
        async with asyncio.timeout(seconds):
            if (connection := self.take()) is not None:
                return connection
            if self._closed:
                raise asyncpg.InterfaceError("the pool is closed")
            if self._open < self._size and not self._waiting:
                return await self._new()
            turn: asyncio.Future[asyncpg.Connection | None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                handed = await turn
            except BaseException:
                if turn.done() and not turn.cancelled():
                    self._pass_on(turn.result())  # the turn came too late for us
                raise
            return await self._new() if handed is None else handed

    async def _new(self) -> asyncpg.Connection:
        self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._gone()
            raise

    def release(self, connection: asyncpg.Connection) -> None:
        """Give it back when its last statement has ended."""
        if connection.is_closed():
            self._gone()
        elif self._closed or connection.is_in_transaction():
            self.discard(connection)
        elif not self._hand_over(connection):
            self._idle.append(connection)

    def discard(self, connection: asyncpg.Connection) -> None:
        """Close one whose statement may still run; its place is free when the server has let go of it."""
        task = asyncio.create_task(self._close(connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, connection: asyncpg.Connection) -> None:
        try:
            with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=_CLOSE_SECONDS)
        finally:
            if not connection.is_closed():
                connection.terminate()
            self._gone()

    def _gone(self) -> None:
        self._open -= 1
        self._hand_over(None)

    def _hand_over(self, connection: asyncpg.Connection | None) -> bool:
        """To who waits longest, so that nobody who comes later is before them; None: the right to open one."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False

    def _pass_on(self, connection: asyncpg.Connection | None) -> None:
        if connection is None:
            self._hand_over(None)
        else:
            self.release(connection)

    async def close(self) -> None:
        """Close what is idle; what is in use is closed when it comes back."""
        self._closed = True
        while self._idle:
            self.discard(self._idle.pop())
        await asyncio.gather(*self._closing, return_exceptions=True)

    @property
    def idle(self) -> int:
        """Connections that could be used at once, counting those not opened yet."""
        return len(self._idle) + self._size - self._open
