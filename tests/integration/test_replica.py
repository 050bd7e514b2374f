"""A replica serves what may lag; everything else stays with the primary."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from databases import fresh_database
from open311_api.db.database import Database


@pytest.fixture
def replica_url(maintenance_url: str) -> Iterator[str]:
    """Another database, so that the two can be told apart."""
    with fresh_database(maintenance_url) as url:
        yield url


async def test_lagging_reads_go_to_the_replica_and_nothing_else_does(database_url: str, replica_url: str) -> None:
    async with Database(database_url, read_url=replica_url) as db:
        asked = text("SELECT current_database()::text")
        async with db.read() as session:
            primary = await session.value(asked)
        async with db.lagging.read() as session:
            replica = await session.value(asked)
        async with db.lagging.read_custom() as session:
            assert await session.value(asked) == replica
        async with db.begin() as session:
            assert await session.value(asked) == primary
        assert primary != replica


async def test_without_a_replica_the_database_serves_both(db: Database) -> None:
    assert db.lagging is db
