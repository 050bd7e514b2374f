"""Give committed events their positions, so that readers can follow them without a gap.

A sequence value taken inside a writing transaction becomes visible out of order, and a reader that remembers the
last one it saw would miss events. So positions are given after the commit, by one process at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog
from sqlalchemy import ColumnElement, Integer, func, literal_column, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from open311_api.db.columns import parameter
from open311_api.db.database import Database
from open311_api.db.notifying import CHANNEL
from open311_api.db.statements import Statement
from open311_api.errors import Unavailable
from open311_api.events.models import Event, FeedPosition, ImportRun
from open311_api.events.queries import anything_unpublished
from open311_api.events.types import PUBLISH_LOCK

BATCH = 2000
"""Events for one lock: bounds how long a transaction of the publisher lasts."""

SHORTEST_PAUSE = 0.1
"""Seconds between two rounds: at most ten notifications a second."""

LONGEST_PAUSE = 0.5
"""Seconds between two looks when nobody woke the publisher: keeps the lag under one second by polling alone."""

_TRY_LOCK = Statement(select(func.pg_try_advisory_xact_lock(literal_column(str(PUBLISH_LOCK)))))
_NOTIFY = Statement(select(func.pg_notify(CHANNEL, '{"feed": true}')))


def _give_positions(
    model: type[Event] | type[ImportRun], key: InstrumentedAttribute[int], waiting_when: ColumnElement[bool]
) -> Statement:
    """One statement: number what waits in the order of its keys, within each jurisdiction, and move the last position on.

    Answers the rows of feed_position that moved. Parameter ``batch``: most rows to number.
    """
    place = model.jurisdiction_key
    oldest = select(place, key).where(waiting_when).order_by(key).limit(parameter("batch", Integer))
    waiting = (
        select(place, key, func.row_number().over(partition_by=place, order_by=key).label("step"))
        .where(tuple_(place, key).in_(oldest))
        .cte("waiting")
    )
    last = (
        select(
            waiting.c.jurisdiction_key,
            func.coalesce(FeedPosition.position, 0).label("position"),
            func.max(waiting.c.step).label("steps"),
        )
        .select_from(waiting.outerjoin(FeedPosition, FeedPosition.jurisdiction_key == waiting.c.jurisdiction_key))
        .group_by(waiting.c.jurisdiction_key, FeedPosition.position)
        .cte("last")
    )
    numbered = (
        update(model)
        .where(
            place == waiting.c.jurisdiction_key, key == waiting.c[key.key], last.c.jurisdiction_key == waiting.c.jurisdiction_key
        )
        .values(position=last.c.position + waiting.c.step)
        .returning(key)
        .cte("numbered")
    )
    moved = insert(FeedPosition).from_select(
        ["jurisdiction_key", "position", "published_at"],
        select(last.c.jurisdiction_key, last.c.position + last.c.steps, func.now()).add_cte(numbered),
    )
    return Statement(
        moved.on_conflict_do_update(
            index_elements=[FeedPosition.jurisdiction_key],
            set_={"position": moved.excluded.position, "published_at": moved.excluded.published_at},
        ).returning(FeedPosition.jurisdiction_key)
    )


_EVENTS = _give_positions(Event, Event.event_key, Event.position.is_(None) & Event.import_key.is_(None))
_IMPORTS = _give_positions(ImportRun, ImportRun.import_key, ImportRun.position.is_(None) & ImportRun.finished_at.is_not(None))


async def publish(db: Database) -> bool:
    """One round, if nobody else is at it. Says whether anything got a position."""
    async with db.begin() as session:
        if not await session.value(_TRY_LOCK):
            return False
        moved = [*await session.fetch(_EVENTS, {"batch": BATCH}), *await session.fetch(_IMPORTS, {"batch": BATCH})]
        if moved:
            await session.execute(_NOTIFY)
        return bool(moved)


class Publisher:
    """The publishing step as a background task; every process runs one and the lock chooses."""

    def __init__(self, db: Database, *, published: Callable[[], None] = lambda: None) -> None:
        self._db = db
        self._published = published
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something was committed here: do not wait for the next look."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled; a database that is away only makes it try again."""
        log = structlog.get_logger("open311.publish")
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_PAUSE):
                    await self._woken.wait()
            self._woken.clear()
            try:
                async with self._db.read() as session:
                    waiting = await anything_unpublished(session)
                if waiting and await publish(self._db):
                    self._published()
            except Unavailable:
                log.warning("database_away")
            except Exception:
                log.exception("publish_failed")
            await asyncio.sleep(SHORTEST_PAUSE)
