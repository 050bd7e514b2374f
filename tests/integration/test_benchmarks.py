"""The benchmark in small: every work runs, floor and project answer the same bytes, the report can be written."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from benchmarks.__main__ import app
from benchmarks.place import Place
from benchmarks.processes import choose_port
from benchmarks.report import machine, markdown
from benchmarks.run import Options, run
from typer.testing import CliRunner

from servers import free_port


def test_every_work_runs_on_a_few_rows(database_url: str, tmp_path: Path) -> None:
    from benchmarks.generate import ensure_rows

    place = Place(database_url, tmp_path)
    assert ensure_rows(place, 3000, processes=2) > 0
    assert ensure_rows(place, 3000, processes=2) == 0, "a second time there is nothing to do"
    options = Options(seconds=0.2, rounds=1, port=0, cold=False, uvloop=False, checks=5, pages=5, imported=300)
    report = run(place, 3000, options)
    names = {line.name for line in report.measured}
    assert {"GET one, JSON", "GET one, XML", "list of 1000, XML", "unchanged list", "POST", "box, 50", "page 6 along next"} <= names
    assert all(line.ratio > 0 and line.ours.answers > 0 for line in report.measured)
    assert report.imported is not None
    assert report.imported.rows == 300
    text = markdown(report, asyncio.run(machine(database_url)), [])
    assert "| GET one, JSON |" in text
    assert "bare COPY" in text


def test_a_taken_port_is_refused() -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port()))
        other.listen()
        with pytest.raises(SystemExit, match="taken"):
            choose_port(other.getsockname()[1])


def test_the_command_says_what_it_can_do() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert "generate" in shown
    assert "run" in shown
