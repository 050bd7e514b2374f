"""A time limit ends its own task and nothing else, and leaves other cancellations alone."""

from __future__ import annotations

import asyncio

import pytest

from open311_api.web.time_limit import TimeLimit


async def _limited(seconds: float, work: float) -> str:
    limit = TimeLimit(seconds)
    try:
        await asyncio.sleep(work)
    except asyncio.CancelledError:
        if not limit.ends():
            raise
        return "late"
    finally:
        limit.ends()
    return "in time"


async def test_what_is_late_is_ended_and_its_task_lives_on() -> None:
    assert await _limited(0.01, 5) == "late"
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_is_in_time_is_left_alone_afterwards() -> None:
    assert await _limited(0.02, 0) == "in time"
    await asyncio.sleep(0.04)


async def test_a_cancellation_from_outside_stays_one() -> None:
    task = asyncio.create_task(_limited(5, 5))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_limit_can_be_moved_and_taken_away() -> None:
    limit = TimeLimit(0.01)
    limit.reschedule(None)
    await asyncio.sleep(0.03)
    limit.reschedule(asyncio.get_running_loop().time() + 0.01)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(1)
    assert limit.ends()
