"""Commands for the private database cluster of the data folder."""

from __future__ import annotations

import typer

from open311_api.commands.running import command, load_settings, messages

app = typer.Typer(
    help="The private PostgreSQL of the data folder, used while OPEN311_DATABASE_URL is unset.", no_args_is_help=True
)

_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


def _say(text: str) -> None:
    messages.print(text, markup=False, soft_wrap=True)


@app.command()
@command
async def start() -> None:
    """Start it, making it first if need be; prints `started`, or `running` if it ran already."""
    from open311_api.db.cluster import ensure_cluster

    typer.echo("started" if ensure_cluster(load_settings(), report=_say).started else "running")


@app.command()
@command
async def stop(
    if_unused: bool = typer.Option(False, "--if-unused", help="Leave it running while other programs use it."),
) -> None:
    """Stop it in an orderly way; connections to it end."""
    from open311_api.db.cluster import find_running, stop_cluster
    from open311_api.db.database import connect

    settings = load_settings()
    running = find_running(settings)
    if running is not None and if_unused:
        connection = await connect(running.url, statement_seconds=5)
        try:
            others = await connection.fetchval(_OTHERS)
        finally:
            await connection.close()
        if others:
            messages.print(f"The database keeps running: {others} other connections use it.")
            return
    stop_cluster(settings)


@app.command()
@command
async def status() -> None:
    """Say whether it runs; exit code 3 when it does not."""
    from open311_api.db.cluster import find_running

    running = find_running(load_settings())
    typer.echo("stopped" if running is None else f"running\n{running.url}")
    if running is None:
        raise typer.Exit(3)


@app.command()
@command
async def url() -> None:
    """Print its URL, starting it if need be: psql "$(open311 cluster url)"."""
    from open311_api.db.cluster import ensure_cluster

    typer.echo(ensure_cluster(load_settings(), report=_say).url)
