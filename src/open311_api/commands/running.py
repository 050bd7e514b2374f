"""What every command needs: settings, a database, errors told to a person."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from open311_api.errors import Open311Error

if TYPE_CHECKING:
    from open311_api.config import Settings
    from open311_api.db.database import Database

P = ParamSpec("P")
T = TypeVar("T")

console = Console(highlight=False)
"""Standard output, for results."""

messages = Console(stderr=True, highlight=False)
"""Standard error, for progress and errors: with --json, standard output holds nothing else."""


def load_settings() -> Settings:
    """Settings of this process; a bad value ends the command with its name and the remedy."""
    from pydantic import ValidationError

    from open311_api.config import Settings

    try:
        return Settings()
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            messages.print(f"[red]OPEN311_{name}[/]: {problem['msg']}", soft_wrap=True)
        raise typer.Exit(2) from None


@asynccontextmanager
async def open_database(settings: Settings, *, statement_seconds: float = 0, size: int = 4) -> AsyncIterator[Database]:
    """The configured database, or the private cluster, started if it was stopped."""
    from open311_api.db.cluster import database_url
    from open311_api.db.database import Database

    url = await asyncio.to_thread(database_url, settings)
    async with Database(url, size=size, statement_seconds=statement_seconds, name="open311 command") as database:
        yield database


def command(function: Callable[P, Coroutine[None, None, T]]) -> Callable[P, T]:
    """Make an async function a command: runs it, and tells expected errors in one line with exit code 1."""

    @wraps(function)
    def run(*arguments: P.args, **options: P.kwargs) -> T:
        try:
            return asyncio.run(function(*arguments, **options))
        except Open311Error as error:
            messages.print(f"[red]Error:[/] {escape(str(error))}", soft_wrap=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            messages.print("Stopped.")
            raise typer.Exit(130) from None

    return run


def write_json(document: object) -> None:
    """One JSON document on standard output."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(document, default=str, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.buffer.flush()
