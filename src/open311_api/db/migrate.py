"""Bringing a database to the schema of this release, and saying where it stands."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from open311_api.db.database import connect
from open311_api.errors import ConfigurationError

INSUFFICIENT_PRIVILEGE, LOCK_NOT_AVAILABLE = "42501", "55P03"


def _scripts() -> Path:
    """The migrations: inside the package when installed from a wheel, at the top of a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "_migrations"
    return inside if inside.is_dir() else package.parents[1] / "migrations"


def configuration(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_scripts()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url.replace("postgresql://", "postgresql+asyncpg://", 1)
    return config


def head_revision() -> str:
    """The newest revision this release knows."""
    revision = ScriptDirectory.from_config(configuration("postgresql://")).get_current_head()
    assert revision is not None
    return revision


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade to ``revision``; each migration commits by itself, so an interrupted run goes on where it stopped.

    Raises ConfigurationError when the user lacks a right or a lock could not be had.
    """
    try:
        command.upgrade(configuration(url), revision)
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state == INSUFFICIENT_PRIVILEGE:
            raise ConfigurationError(
                "the database user may not create the extension PostGIS; let an administrator run once, in this database: "
                "CREATE EXTENSION postgis; CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent"
            ) from error
        if state == LOCK_NOT_AVAILABLE:
            raise ConfigurationError("a table was in use for too long, nothing was changed; run open311 migrate again") from error
        raise


def downgrade(url: str, revision: str) -> None:
    command.downgrade(configuration(url), revision)


async def current_revision(url: str) -> str | None:
    """The revision the database stands at; None when it was never migrated."""
    connection = await connect(url, name="open311 migrate", statement_seconds=5)
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return revision
    finally:
        await connection.close()
