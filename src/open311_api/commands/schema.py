"""What a command needs before it touches a table: the schema of this release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from open311_api.errors import ConfigurationError

if TYPE_CHECKING:
    from open311_api.db.database import Database


async def require_schema(db: Database) -> None:
    """Raises ConfigurationError with the remedy when the database was not migrated, or not by this release."""
    await require_schema_at(db.url)


async def require_schema_at(url: str) -> None:
    from open311_api.db.migrate import current_revision, head_revision

    if await current_revision(url) != head_revision():
        raise ConfigurationError("the schema of the database is not that of this release; run first: open311 migrate")
