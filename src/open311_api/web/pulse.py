"""What this process knows of the versions in the database: catalogue and feed position of each jurisdiction.

A notification only wakes it; the truth is always read from the version rows, and polling alone is enough.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
import structlog

from open311_api.catalog.snapshot import Catalog
from open311_api.db.database import Database, connect
from open311_api.db.notifying import CHANNEL
from open311_api.errors import Unavailable
from open311_api.events.queries import FEED_POSITIONS

POLL_SECONDS = 0.4
FRESH_SECONDS = 0.9
"""What is older than this is read again before it is used: nobody sees a version more than a second old."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FeedState:
    position: int
    published_at: datetime


class Pulse:
    """Keeps the catalogue current and remembers the last published position of each jurisdiction."""

    def __init__(self, db: Database, catalog: Catalog, *, listen_url: str | None) -> None:
        self._db = db
        self._catalog = catalog
        self._listen_url = listen_url
        self._feeds: dict[int, FeedState] = {}
        self._synced = 0.0
        self._woken = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    def feed(self, jurisdiction_key: int) -> FeedState:
        return self._feeds.get(jurisdiction_key, FeedState(0, _LONG_AGO))

    def wake(self) -> None:
        self._woken.set()

    @property
    def age(self) -> float:
        """Seconds since the versions were last read."""
        return time.monotonic() - self._synced

    async def fresh(self) -> None:
        """Return at once when the last look is young enough, look again otherwise."""
        if time.monotonic() - self._synced < FRESH_SECONDS:
            return
        # All who wait share one look and its failure: in turn, each would wait for a connection as long as the first.
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self.look())
            # A failure nobody waits for any more is no news: the next call finds it again.
            self._looking.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._looking)

    async def look(self) -> None:
        """Read the version rows now. Raises Unavailable."""
        started = time.monotonic()
        async with self._db.read() as session:
            rows = await session.fetch(FEED_POSITIONS)
        await self._catalog.refresh()
        self._feeds = {row["jurisdiction_key"]: FeedState(row["position"], row["published_at"]) for row in rows}
        self._synced = started

    async def run(self) -> None:
        """Until cancelled: poll, and listen so that a change is known at once."""
        listener = asyncio.create_task(self._listen())
        log = structlog.get_logger("open311.pulse")
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._woken.wait()
                self._woken.clear()
                try:
                    await self.look()
                except Unavailable:
                    await asyncio.sleep(POLL_SECONDS)
                except Exception:
                    log.exception("pulse_failed")
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            listener.cancel()

    async def _listen(self) -> None:
        """One connection for LISTEN, made again whenever it is lost."""
        if self._listen_url is None:
            return
        while True:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                connection = await connect(self._listen_url, name="open311 listen")
                try:
                    lost = asyncio.Event()
                    connection.add_termination_listener(lambda *_, lost=lost: lost.set())
                    await connection.add_listener(CHANNEL, lambda *_: self.wake())
                    self.wake()
                    await lost.wait()
                finally:
                    await connection.close(timeout=2)
            await asyncio.sleep(1)
