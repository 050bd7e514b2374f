"""``python -m benchmarks``: generate, run, plans."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.place import DATA_DIR, find_place

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
Rows = Annotated[int, typer.Option(min=100, max=30_000_000, help="Requests in the database.")]
DataDir = Annotated[Path, typer.Option(help="Folder of the benchmark's own cluster.")]
DatabaseUrl = Annotated[str | None, typer.Option(help="Another cluster; its CPU cannot be counted when it is not here.")]


@app.command()
def generate(rows: Rows = 1_000_000, data_dir: DataDir = DATA_DIR, database_url: DatabaseUrl = None) -> None:
    """Fill a database with synthetic requests; nothing to do when it is there."""
    from benchmarks.generate import ensure_rows

    seconds = ensure_rows(find_place(rows, data_dir, database_url), rows)
    print(f"{rows:,} requests are there" + (f", made in {seconds:.0f} s" if seconds else ""))


@app.command()
def run(
    rows: Rows = 1_000_000,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    seconds: Annotated[float, typer.Option(help="Length of a round.")] = 4.0,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each server for each work; the best counts.")] = 3,
    port: Annotated[int, typer.Option(help="The floor's port, the project's is the next; 0: free ones.")] = 0,
    cold: Annotated[bool, typer.Option(help="Measure with a useless cache, too.")] = True,
    only: Annotated[str, typer.Option(help="Works with this in their name.")] = "",
    imported: Annotated[int, typer.Option(help="Rows of the CSV that is imported; 0: none.")] = 100_000,
    write: Annotated[Path | None, typer.Option(help="Markdown file for the report.")] = None,
) -> None:
    """Measure the project against the floor."""
    from benchmarks.generate import ensure_rows
    from benchmarks.plans import explain
    from benchmarks.report import machine, markdown
    from benchmarks.run import Options
    from benchmarks.run import run as measure

    place = find_place(rows, data_dir, database_url)
    ensure_rows(place, rows)
    options = Options(seconds=seconds, rounds=rounds, port=port, cold=cold, only=only, imported=imported)
    found = measure(place, rows, options)
    text = markdown(found, asyncio.run(machine(place.url)), asyncio.run(explain(place)))
    if write is not None:
        write.write_text(text)
        print(f"Written to {write}")
    else:
        print(text)


if __name__ == "__main__":
    app()
