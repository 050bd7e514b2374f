"""Migrations: up, down and up again on real PostGIS, and equal to the models."""

from __future__ import annotations

import asyncio

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

import open311_api.api_keys.models
import open311_api.catalog.models
import open311_api.events.models
import open311_api.service_requests.models  # noqa: F401 the imports register every table
from open311_api.db.base import Base
from open311_api.db.migrate import current_revision, downgrade, head_revision, migrate


def _include(thing: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    if kind == "index" and name == "ix_service_request_trigram":
        return False  # PostgreSQL writes its expression back in other words; the test below looks at it
    return bool(alembic_helpers.include_object(thing, name, kind, reflected, compare_to))


def _differences(url: str) -> list[object]:
    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"include_object": _include, "compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    async def run() -> list[object]:
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
        async with engine.connect() as connection:
            found = await connection.run_sync(compare)
        await engine.dispose()
        return found

    return asyncio.run(run())


def test_the_migrated_schema_is_the_schema_of_the_models(database_url: str) -> None:
    assert _differences(database_url) == []


def test_down_leaves_nothing_and_up_works_again(database_url: str) -> None:
    async def tables() -> list[str]:
        connection = await asyncpg.connect(database_url)
        try:
            rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        finally:
            await connection.close()
        return [row[0] for row in rows]

    downgrade(database_url, "base")
    assert asyncio.run(tables()) == ["alembic_version", "spatial_ref_sys"]
    migrate(database_url)
    assert asyncio.run(current_revision(database_url)) == head_revision()
    assert _differences(database_url) == []


async def test_titles_and_addresses_have_their_trigram_index(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        definition = await connection.fetchval("SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_service_request_trigram'")
    finally:
        await connection.close()
    assert "gin" in definition
    assert "gin_trgm_ops" in definition


async def test_the_database_refuses_a_request_without_a_department(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        nullable = await connection.fetchval(
            "SELECT is_nullable FROM information_schema.columns"
            " WHERE (table_name, column_name) = ('service_request', 'department_key')"
        )
    finally:
        await connection.close()
    assert nullable == "NO"


async def test_new_rows_are_vacuumed_soon_so_that_lists_stay_in_their_indexes(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        options = await connection.fetchval("SELECT reloptions FROM pg_class WHERE oid = 'service_request'::regclass")
    finally:
        await connection.close()
    assert "autovacuum_vacuum_insert_scale_factor=0.01" in options
