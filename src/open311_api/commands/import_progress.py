"""Bars for an import: how far, how fast, how long still."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from open311_api.imports.run import Progress as ImportProgress


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        rows = task.fields.get("rows", 0)
        seconds = task.elapsed if task.finished_time is None else task.finished_time
        return Text(f"{rows:>10,} rows {rows / seconds if seconds else 0:>7,.0f}/s", style="progress.data.speed")


class ProgressBars(ImportProgress):
    """One bar for reading, measured in bytes of the file, and one for storing, measured in rows."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description:<8}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f}%"),
            _Rate(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
        )
        self._console = console
        self._reading: TaskID | None = None
        self._merging: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        self._reading = self._bars.add_task("Reading", total=None)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bars.stop()

    def waiting(self) -> None:
        self._console.print("Another import into this jurisdiction runs; waiting for its end.")

    def reading(self, *, position: int, size: int, rows: int) -> None:
        assert self._reading is not None
        self._bars.update(self._reading, total=size or None, completed=position, rows=rows)

    def merging(self, done: int, rows: int) -> None:
        if self._merging is None:
            self._merging = self._bars.add_task("Storing", total=rows)
        self._bars.update(self._merging, completed=done, rows=done)
