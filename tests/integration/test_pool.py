"""Connections: shared in the order of asking, replaced when broken, never lost."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from open311_api.db.pool import Pool


@pytest.fixture
async def pool(database_url: str):
    made = Pool(lambda: asyncpg.connect(database_url), 2)
    yield made
    await made.close()


async def test_those_who_wait_are_served_in_their_order_and_nobody_overtakes(pool: Pool) -> None:
    held = [await pool.acquire(1), await pool.acquire(1)]
    order: list[int] = []

    async def want(number: int) -> None:
        connection = await pool.acquire(5)
        order.append(number)
        await asyncio.sleep(0)
        pool.release(connection)

    waiting = []
    for number in range(10):
        waiting.append(asyncio.create_task(want(number)))
        await asyncio.sleep(0)
    pool.release(held.pop())
    assert pool.take() is None, "what was given back belongs to who waits"
    pool.release(held.pop())
    await asyncio.gather(*waiting)
    assert order == sorted(order)
    assert pool.idle == 2


async def test_too_long_a_wait_ends_and_takes_nothing_with_it(pool: Pool) -> None:
    held = [await pool.acquire(1), await pool.acquire(1)]
    with pytest.raises(TimeoutError):
        await pool.acquire(0.05)
    for connection in held:
        pool.release(connection)
    assert pool.idle == 2


async def test_a_turn_that_comes_to_one_who_left_goes_to_the_next(pool: Pool) -> None:
    held = [await pool.acquire(1), await pool.acquire(1)]
    first, second = asyncio.create_task(pool.acquire(5)), asyncio.create_task(pool.acquire(5))
    await asyncio.sleep(0)
    pool.release(held.pop())
    first.cancel()  # its turn is set already, and it never sees it
    got = await asyncio.wait_for(second, 1)
    pool.release(got)
    pool.release(held.pop())
    assert pool.idle == 2


async def test_a_closed_connection_makes_room_for_a_new_one(pool: Pool) -> None:
    connection = await pool.acquire(1)
    await connection.close()
    pool.release(connection)
    fresh = await pool.acquire(1)
    assert await fresh.fetchval("SELECT 1") == 1
    pool.release(fresh)


async def test_one_in_the_middle_of_something_is_closed_not_shared(pool: Pool) -> None:
    connection = await pool.acquire(1)
    await connection.execute("BEGIN")
    pool.release(connection)
    other = await pool.acquire(2)
    assert other is not connection
    assert not other.is_in_transaction()
    pool.release(other)


async def test_failing_to_connect_costs_no_place() -> None:
    async def refuse() -> asyncpg.Connection:
        raise OSError("down")

    pool = Pool(refuse, 1)
    for _ in range(3):
        with pytest.raises(OSError, match="down"):
            await pool.acquire(1)
    assert pool.idle == 1
