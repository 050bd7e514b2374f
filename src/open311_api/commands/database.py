"""Commands for the schema and for secret keys."""

from __future__ import annotations

import asyncio

import typer

from open311_api.commands.running import command, load_settings, messages


@command
async def migrate(revision: str = typer.Argument("head", help="The revision to go to.")) -> None:
    """Bring the database to the schema of this release.

    Safe to run again, and while the previous release still serves.
    """
    from open311_api.db import migrate as migrations
    from open311_api.db.cluster import database_url

    settings = load_settings()
    url = await asyncio.to_thread(database_url, settings)
    before = await migrations.current_revision(url)
    await asyncio.to_thread(migrations.migrate, url, revision)
    after = await migrations.current_revision(url)
    if before == after:
        messages.print(f"The schema is current ({after}).")
    else:
        messages.print(f"The schema went from {before or 'nothing'} to {after}.")


def secret_key(name: str = typer.Option("k1", help="A short id of letters and digits, new for each key.")) -> None:
    """Print a new random key, as it is written in OPEN311_SECRET_KEYS."""
    from open311_api.db.sealing import Sealer

    typer.echo(Sealer.make(name))
