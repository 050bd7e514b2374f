"""The background loop: give pending requests their ids, publish events, tidy up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
import uvloop

from open311_api.api_keys.tidy import forget_old_answers
from open311_api.config import Settings
from open311_api.db.cluster import database_url
from open311_api.db.database import Database
from open311_api.errors import Unavailable
from open311_api.events.publish import Publisher
from open311_api.process import end_with_parent
from open311_api.service_requests.assign_ids import assign_next_id
from open311_api.service_requests.repeats import IDEMPOTENCY_LIFE
from open311_api.web.logs import configure_logs
from open311_api.web.runtime import utc_now

_ID_SECONDS = 1.0
_TIDY_SECONDS = 600.0


async def _every(seconds: float, name: str, job: Callable[[], Awaitable[None]]) -> None:
    """Run the job again and again; a failure is logged and the next round tries anew."""
    log = structlog.get_logger("open311.worker")
    while True:
        try:
            await job()
        except Unavailable:
            log.warning("database_away", job=name)
        except Exception:
            log.exception("job_failed", job=name)
        await asyncio.sleep(seconds)


async def work(settings: Settings) -> None:
    """Until SIGTERM; what is under way is finished, nothing new is begun."""
    url = await asyncio.to_thread(database_url, settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Database(url, size=4, statement_seconds=30, name="open311 worker") as db:
        publisher = Publisher(db)

        async def assign_ids() -> None:
            while not stop.is_set() and await assign_next_id(db, now=utc_now()):
                publisher.wake()

        async def tidy() -> None:
            await forget_old_answers(db, before=utc_now() - IDEMPOTENCY_LIFE - timedelta(hours=1))

        tasks = [
            asyncio.create_task(publisher.run()),
            asyncio.create_task(_every(_ID_SECONDS, "assign_ids", assign_ids)),
            asyncio.create_task(_every(_TIDY_SECONDS, "tidy", tidy)),
        ]
        structlog.get_logger("open311.worker").info("worker_started")
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    end_with_parent()
    settings = Settings()
    configure_logs(settings)
    uvloop.run(work(settings))


if __name__ == "__main__":
    main()
