"""Commands for city files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from open311_api.commands.demo import demo_files
from open311_api.commands.running import command, console, load_settings, messages, open_database, write_json
from open311_api.commands.schema import require_schema

if TYPE_CHECKING:
    from open311_api.cities.compare import Comparison, FieldChange
    from open311_api.cities.findings import Finding
    from open311_api.cities.reading import CityReading

city_app = typer.Typer(
    help="Check, load, compare and write out the file that describes a city.",
    no_args_is_help=True,
    epilog="Example:  open311 city check city.yaml && open311 city load city.yaml",
)
city_app.command("demo-files")(demo_files)

_File = Annotated[Path, typer.Argument(help="The city file, in YAML.")]


def _tell(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        style = "red" if finding.severity == "error" else "yellow"
        messages.print(str(finding), style=style, soft_wrap=True, markup=False)


def _read(file: Path) -> CityReading:
    """The city file; everything wrong with it ends the command."""
    from open311_api.cities.findings import InvalidCityFile
    from open311_api.cities.reading import read_city_file

    try:
        reading = read_city_file(file)
    except InvalidCityFile as error:
        _tell(error.findings)
        errors = sum(finding.severity == "error" for finding in error.findings)
        messages.print(f"{_number(errors, 'error')}; nothing was loaded.")
        raise typer.Exit(1) from None
    _tell(reading.warnings)
    return reading


@city_app.command()
def check(file: _File) -> None:
    """Say everything that is wrong with a city file, without a database."""
    reading = _read(file)
    city = reading.city
    areas = sum(len(area_set.areas) for area_set in city.area_sets)
    console.print(
        f"{city.jurisdiction_id}: {_number(len(city.services), 'service')}, {_number(len(city.departments), 'department')}, "
        f"{_number(areas, 'area')}. No errors.",
        markup=False,
        soft_wrap=True,
    )


@city_app.command()
@command
async def diff(file: _File, as_json: bool = typer.Option(False, "--json", help="Print JSON and nothing else.")) -> None:
    """Show what a load would change."""
    from open311_api.cities.load import compare_city

    reading = _read(file)
    async with open_database(load_settings()) as db:
        await require_schema(db)
        comparison = await compare_city(db, reading.city)
    if as_json:
        write_json(_as_json(comparison))
    else:
        _show(comparison)


@city_app.command()
@command
async def load(file: _File, yes: bool = typer.Option(False, "--yes", "-y", help="Load without asking.")) -> None:
    """Make the city in the database what the file says.

    Shows the difference and asks; everything is changed in one transaction. Services that are not in the file any more are
    retired, never deleted. Loading the same file again changes nothing.
    """
    from open311_api.cities.load import compare_city, load_city

    reading = _read(file)
    async with open_database(load_settings()) as db:
        await require_schema(db)
        comparison = await compare_city(db, reading.city)
        _show(comparison)
        if not comparison.changes:
            return
        if not yes and not typer.confirm("Load this?", err=True):
            messages.print("Nothing was changed.")
            raise typer.Exit(1)
        loaded = await load_city(db, reading.city)
    if loaded.catalog_version is None:
        messages.print("Somebody else has loaded the same meanwhile. Nothing was changed.")
    else:
        messages.print(f"Loaded. The catalogue of {reading.city.jurisdiction_id} is at version {loaded.catalog_version}.")


@city_app.command()
@command
async def export(
    jurisdiction: str = typer.Argument(help="Its id, such as demo.city."),
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write into; files of the same names are replaced.")
    ] = Path(),
) -> None:
    """Write a city out as a city file with its GeoJSON. Loading it again changes nothing."""
    from open311_api.cities.queries import find_city
    from open311_api.cities.writing import write_city
    from open311_api.errors import ConfigurationError, JurisdictionNotFound

    async with open_database(load_settings()) as db:
        await require_schema(db)
        async with db.snapshot() as session:
            stored = await find_city(session, jurisdiction)
    if stored is None:
        raise JurisdictionNotFound(f"there is no jurisdiction {jurisdiction}; see its id in its city file or in discovery")
    try:
        paths = write_city(stored.city, output)
    except OSError as error:
        raise ConfigurationError(f"{output} cannot be written: {error.strerror}") from None
    for path in paths:
        console.print(str(path), markup=False, soft_wrap=True)


_SIGNS = {"add": "+", "restore": "+", "change": "~", "reorder": "~", "retire": "-", "remove": "-"}
_STYLES = {"+": "green", "~": "yellow", "-": "red"}


def _show(comparison: Comparison) -> None:
    """One line for each thing, and one below it for each field."""
    if not comparison.changes:
        console.print(f"{comparison.wanted.jurisdiction_id} is what the file says already. Nothing to do.", markup=False)
        return
    for change in comparison.changes:
        sign = _SIGNS[change.action]
        console.print(
            f"{sign} {change.action} {change.kind} {change.code}".rstrip(), style=_STYLES[sign], markup=False, soft_wrap=True
        )
        for field in change.fields if change.action == "change" else ():
            words = _questions(field) if field.name == "attributes" else f"{_short(field.before)} -> {_short(field.after)}"
            console.print(f"    {field.name}: {words}", markup=False, soft_wrap=True)


def _short(value: Any) -> str:
    """Enough to recognize it; --json shows all."""
    text = repr(value) if isinstance(value, str) else "nothing" if value is None else str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _questions(field: FieldChange) -> str:
    """Which attributes are new, gone or different, and in what."""
    before = {attribute["code"]: attribute for attribute in field.before}
    after = {attribute["code"]: attribute for attribute in field.after}
    words = [f"+ {code}" for code in after if code not in before]
    words += [f"- {code}" for code in before if code not in after]
    for code in before.keys() & after.keys():
        if different := [name for name, value in after[code].items() if before[code].get(name) != value]:
            words.append(f"~ {code} ({', '.join(different)})")
    return ", ".join(words)


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _as_json(comparison: Comparison) -> dict[str, Any]:
    return {
        "jurisdiction_id": comparison.wanted.jurisdiction_id,
        "changes": [
            {
                "action": change.action,
                "kind": change.kind,
                "code": change.code,
                "fields": [{"name": field.name, "before": field.before, "after": field.after} for field in change.fields],
            }
            for change in comparison.changes
        ],
    }
