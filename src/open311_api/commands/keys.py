"""Commands for API keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from open311_api.commands.running import command, console, load_settings, messages, open_database, write_json
from open311_api.commands.schema import require_schema

keys_app = typer.Typer(
    help="Make, list, rotate and revoke API keys.",
    no_args_is_help=True,
    epilog="Example:  open311 keys create --jurisdiction demo.city --scope requests:write --name 'Pothole app'",
)


@keys_app.command()
@command
async def create(
    scope: Annotated[list[str], typer.Option(help="What the key may do; repeat for several. --scope admin allows everything.")],
    jurisdiction: Annotated[
        list[str] | None, typer.Option(help="Jurisdiction the key serves; repeat for several, leave out for all.")
    ] = None,
    name: str = typer.Option("", help="Whose key this is, for the list."),
    days: int = typer.Option(0, min=0, help="Days until the key expires; 0: never."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON and nothing else."),
) -> None:
    """Make a key. It is shown once and kept only as a hash."""
    from open311_api.api_keys.create import create_key
    from open311_api.catalog.queries import jurisdiction_keys

    settings = load_settings()
    async with open_database(settings) as db:
        await require_schema(db)
        keys = None
        if jurisdiction:
            async with db.read() as session:
                keys = await jurisdiction_keys(session, jurisdiction)
        made = await create_key(
            db,
            name=name or "unnamed",
            scopes=scope,
            jurisdiction_keys=keys,
            not_after=datetime.now(UTC) + timedelta(days=days) if days else None,
        )
    if as_json:
        write_json({"key": made.text, "key_id": made.key_id, "scopes": sorted(set(scope)), "jurisdictions": jurisdiction or None})
    else:
        messages.print("This key is shown only now; keep it somewhere safe:")
        console.print(made.text, soft_wrap=True)


def _places(keys: tuple[int, ...] | None, names: dict[int, str]) -> list[str] | None:
    return None if keys is None else [names.get(key, f"#{key}") for key in keys]


@keys_app.command("list")
@command
async def list_(as_json: bool = typer.Option(False, "--json", help="Print JSON and nothing else.")) -> None:
    """Show every key: id, holder, scopes, last use. Never the secret."""
    from rich.table import Table

    from open311_api.api_keys.queries import list_keys
    from open311_api.catalog.queries import jurisdiction_ids

    async with open_database(load_settings()) as db, db.read() as session:
        await require_schema(db)
        keys = await list_keys(session)
        names = await jurisdiction_ids(session)
    if as_json:
        write_json(
            [
                {
                    "key_ids": key.key_ids,
                    "name": key.name,
                    "scopes": key.scopes,
                    "jurisdictions": _places(key.jurisdiction_keys, names),
                    "created_at": key.created_at,
                    "last_used_at": key.last_used_at,
                    "not_after": key.not_after,
                    "revoked": key.revoked,
                }
                for key in keys
            ]
        )
        return
    table = Table(box=None, header_style="bold")
    for column in ("id", "name", "scopes", "jurisdictions", "last used", "state"):
        table.add_column(column)
    for key in keys:
        used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
        state = "revoked" if key.revoked else f"until {key.not_after:%Y-%m-%d}" if key.not_after else "live"
        places = _places(key.jurisdiction_keys, names)
        shown = "all" if places is None else ", ".join(places)
        table.add_row(" ".join(key.key_ids) or "-", key.name, ", ".join(key.scopes), shown, used, state)
    console.print(table if keys else "There are no keys yet. Make one with: open311 keys create --help")


@keys_app.command()
@command
async def rotate(
    key_id: str = typer.Argument(help="The 8 characters in the middle of the key."),
    grace_hours: int = typer.Option(24, min=0, help="How long the old secret still works."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON and nothing else."),
) -> None:
    """Give a holder a second secret; the old one works until the grace time is over."""
    from open311_api.api_keys.create import rotate_key

    async with open_database(load_settings()) as db:
        await require_schema(db)
        made = await rotate_key(db, key_id, grace=timedelta(hours=grace_hours))
    if as_json:
        write_json({"key": made.text, "key_id": made.key_id})
    else:
        messages.print(f"The old secret works for another {grace_hours} hours. This one is shown only now:")
        console.print(made.text, soft_wrap=True)


@keys_app.command()
@command
async def revoke(
    key_id: str = typer.Argument(help="The 8 characters in the middle of the key."),
    only_this_secret: bool = typer.Option(False, help="Leave the holder's other secret alive."),
) -> None:
    """Stop a key at once and for good."""
    from open311_api.api_keys.revoke import revoke_key

    async with open_database(load_settings()) as db:
        await require_schema(db)
        await revoke_key(db, key_id, only_this_secret=only_this_secret)
    messages.print(f"{key_id} is revoked.")
