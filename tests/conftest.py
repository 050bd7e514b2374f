"""Real PostGIS for every test that touches data: one private cluster a run, one fresh database a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from databases import ensure_template, fresh_database
from open311_api.db.database import Database


@pytest.fixture(scope="session")
def maintenance_url() -> str:
    return ensure_template()


@pytest.fixture
def database_url(maintenance_url: str) -> Iterator[str]:
    """A migrated database of this test's own."""
    with fresh_database(maintenance_url) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(maintenance_url: str) -> Iterator[str]:
    """A migrated database that the tests of one module share."""
    with fresh_database(maintenance_url) as url:
        yield url


@pytest_asyncio.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as database:
        yield database
