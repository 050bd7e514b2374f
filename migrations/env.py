"""Runs migrations over asyncpg, one transaction for each, never waiting long for a lock."""

from __future__ import annotations

import asyncio

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

import open311_api.api_keys.models
import open311_api.catalog.models
import open311_api.events.models
import open311_api.service_requests.models  # noqa: F401 the imports above register every table
from open311_api.db.base import Base

config = context.config
# A migration that cannot get its lock gives up instead of queueing the running release behind it.
LOCK_TIMEOUT = "3s"


def _include(thing: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    if kind == "index" and name == "ix_service_request_trigram":
        return False  # PostgreSQL writes its expression back in other words; test_migrations.py looks at it
    return bool(alembic_helpers.include_object(thing, name, kind, reflected, compare_to))


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=_include,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
        compare_type=True,
        transaction_per_migration=True,
    )
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    connection.commit()
    with context.begin_transaction():
        context.run_migrations()


async def _run_online() -> None:
    engine = create_async_engine(config.attributes["url"], poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
    await engine.dispose()


asyncio.run(_run_online())
