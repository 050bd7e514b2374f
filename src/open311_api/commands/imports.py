"""The command that brings a table of past requests in."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from open311_api.commands.running import command, console, load_settings, messages, open_database, write_json

if TYPE_CHECKING:
    from open311_api.imports.result import ImportResult


@command
async def import_(
    file: Annotated[Path, typer.Argument(help="CSV or a JSON array of objects; either may be gzipped.", show_default=False)],
    jurisdiction: Annotated[str, typer.Option(help="Id of the jurisdiction that gets the requests.")],
    mapping: Annotated[
        str, typer.Option(help="boston, chicago, nyc, san-francisco, st-louis, or a YAML file (docs/guides/import.md).")
    ],
    rejects: Annotated[
        Path | None,
        typer.Option(help="File for rows that cannot be stored; FILE.rejects.csv here when left out.", show_default=False),
    ] = None,
    create: Annotated[
        str,
        typer.Option(metavar="NAME", help="If there is no such jurisdiction, make one with this name and the mapping's time zone."),
    ] = "",
    dry_run: bool = typer.Option(False, "--dry-run", help="Do it all and undo it: says what an import would do."),
    as_json: bool = typer.Option(False, "--json", help="Print the result as JSON and nothing else."),
) -> None:
    """Bring in past requests from a city's open data.

    Stores the whole file or nothing. Safe to repeat: what did not change is left alone.
    """
    from open311_api.commands.import_progress import ProgressBars
    from open311_api.imports.mapping_file import load_mapping
    from open311_api.imports.run import Order, import_file

    order = Order(
        path=file,
        jurisdiction_id=jurisdiction,
        mapping=load_mapping(mapping),
        rejects=rejects or Path(f"{file.name}.rejects.csv"),
        dry_run=dry_run,
        create_as=create or None,
    )
    # The end of a service or a shell is as tidy as Ctrl-C; an end by force leaves as little, a second later.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    async with open_database(load_settings()) as db:
        with ProgressBars(messages) as bars:
            try:
                result = await import_file(db, order, bars)
            except asyncio.CancelledError:
                messages.print("An import stores the whole file or nothing: run it again at any time.")
                raise
    if as_json:
        write_json(result.to_json())
    else:
        _tell(result)


def _tell(result: ImportResult) -> None:
    from rich.markup import escape
    from rich.table import Table

    console.print(f"[bold]{escape(result.source)}[/] → [bold]{escape(result.jurisdiction_id)}[/]", soft_wrap=True)
    if result.dry_run:
        console.print("Dry run: nothing was kept.")
    table = Table()
    table.add_column("rows")
    table.add_column("number", justify="right")
    table.add_row("[bold]read[/]", f"[bold]{result.read:,}[/]", end_section=True)
    table.add_row("stored, new", f"{result.stored:,}")
    table.add_row("updated", f"{result.updated:,}")
    table.add_row("unchanged", f"{result.unchanged:,}")
    table.add_row("repeated in the file", f"{result.repeated:,}")
    table.add_row("rejected", f"{result.rejected:,}")
    for reason, count in result.reasons.most_common():
        table.add_row(f"  [dim]{reason}[/]", f"[dim]{count:,}[/]")
    console.print(table)
    for line in _remarks(result):
        console.print(line, markup=False, soft_wrap=True)


def _remarks(result: ImportResult) -> list[str]:
    remarks = [f"{result.seconds:.1f} s, {result.per_second:,} rows a second."]
    if result.new_services or result.new_departments:
        remarks.append(f"New in the catalogue: {result.new_services:,} services, {result.new_departments:,} departments.")
    if result.equal_rows:
        remarks.append(f"{result.equal_rows:,} rows without an id are equal to an earlier one; each was kept.")
    if result.without_place:
        remarks.append(f"{result.without_place:,} requests have no place.")
    if result.unusable_places:
        remarks.append(f"{result.unusable_places:,} places could not be used: off the globe, at 0, 0, or not numbers.")
    if result.unlikely_closings:
        remarks.append(f"{result.unlikely_closings:,} closing times lie long before the opening and were left out.")
    if result.unknown_statuses:
        words = ", ".join(f"{word!r} ({count:,})" for word, count in result.unknown_statuses.items())
        remarks.append(f"Status words the mapping does not list, judged by the closing time: {words}.")
    if result.replaced_statuses:
        remarks.append(f"Not in this city's statuses, so the default was taken: {', '.join(result.replaced_statuses)}.")
    if result.unused_columns:
        remarks.append(f"Columns not used: {', '.join(result.unused_columns)}.")
    if result.rejects:
        remarks.append(f"Rejected rows are in {result.rejects}.")
    return remarks
