"""Commands for the demo city."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from open311_api.commands.running import command, console, load_settings, messages, open_database, write_json
from open311_api.commands.schema import require_schema
from open311_api.errors import ConfigurationError

if TYPE_CHECKING:
    from open311_api.cities.demo.keys import DemoKeys
    from open311_api.cities.demo.load import DemoLoaded
    from open311_api.config import Settings
    from open311_api.db.database import Database


@command
async def demo(as_json: bool = typer.Option(False, "--json", help="Print addresses and keys as JSON and nothing else.")) -> None:
    """Load the demo city if it is not there yet, and print its keys inside ready curl lines.

    Safe to run again. Not for production.
    """
    from open311_api.cities.demo.keys import ensure_demo_keys
    from open311_api.cities.queries import example_request_id

    settings = load_settings()
    if settings.env == "production":
        raise ConfigurationError("the demo city and its keys are not for production; unset OPEN311_ENV to try it")
    async with open_database(settings) as db:
        await require_schema(db)
        loaded = await _load(db, settings)
        keys = await ensure_demo_keys(db, settings.data_dir, loaded.jurisdiction_key)
        async with db.read() as session:
            example = await example_request_id(session, loaded.jurisdiction_key)
    if as_json:
        write_json(_summary(settings, keys, loaded))
    else:
        _tell(settings, keys, example)


async def _load(db: Database, settings: Settings) -> DemoLoaded:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from open311_api.cities.demo.load import REQUESTS, load_demo

    columns = (TextColumn("Loading the demo city"), BarColumn(), MofNCompleteColumn(), TextColumn("reports"), TimeElapsedColumn())
    with Progress(*columns, console=messages, transient=True) as bar:
        task = bar.add_task("", total=REQUESTS, visible=False)
        loaded = await load_demo(
            db,
            settings.data_dir / "demo",
            now=datetime.now(UTC),
            progress=lambda done: bar.update(task, completed=done, visible=True),
        )
    if loaded.requests:
        messages.print(f"The demo city is loaded: {loaded.requests:,} reports over two years.")
    return loaded


def _summary(settings: Settings, keys: DemoKeys, loaded: DemoLoaded) -> dict[str, object]:
    from open311_api.cities.demo.load import DEMO_CITY

    return {
        "jurisdiction_id": DEMO_CITY,
        "georeport": f"{settings.public_url}/open311/v2",
        "docs": f"{settings.public_url}/docs",
        "app_key": keys.app_key,
        "staff_key": keys.staff_key,
        "requests_loaded": loaded.requests,
    }


def _tell(settings: Settings, keys: DemoKeys, example: str) -> None:
    """Plain lines without colour or wrapping: they are there to be copied."""
    from open311_api.cities.demo.load import DEMO_CITY
    from open311_api.cities.demo.town import CENTER_LAT, CENTER_LONG

    base = f"{settings.public_url}/open311/v2"
    report = (
        f"curl -d api_key={keys.app_key} -d jurisdiction_id={DEMO_CITY} -d service_code=pothole -d 'attribute[size]=large' "
        f"-d lat={CENTER_LAT} -d long={CENTER_LONG} -d 'description=A deep hole before the town hall'"
    )
    city = f"jurisdiction_id={DEMO_CITY}"
    lines = (
        f"Docs to try it in a browser   {settings.public_url}/docs",
        f"Open311 GeoReport v2          {base}",
        f"Key of an app                 {keys.app_key}",
        f"Key of the staff              {keys.staff_key}",
        "",
        "Send a report, answered in XML and in JSON:",
        f"  {report} {base}/requests.xml",
        f"  {report} {base}/requests.json",
        "",
        "The newest reports, one of them by its id, and what can be reported:",
        f"  curl '{base}/requests.json?{city}&page_size=5'",
        f"  curl '{base}/requests/{example}.json?{city}&extensions=true'",
        f"  curl '{base}/services.json?{city}'",
    )
    for line in lines:
        console.print(line, soft_wrap=True, markup=False)


def demo_files(
    folder: Annotated[Path, typer.Argument(help="Where to write city.yaml and its GeoJSON; files of these names are replaced.")],
) -> None:
    """Write the city file of the demo city, to learn from or to begin your own."""
    from open311_api.cities.demo.files import write_demo_files

    try:
        path = write_demo_files(folder)
    except OSError as error:
        messages.print(f"[red]Error:[/] {folder} cannot be written: {error.strerror}", soft_wrap=True)
        raise typer.Exit(1) from None
    messages.print(f"Written. Next: open311 city check {path}", soft_wrap=True)
