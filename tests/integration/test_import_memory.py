"""A large file needs no more memory than a small one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from importing import CITY, MAPPING, row, write_table
from servers import environment

# The command in a process of its own, which says at its end how much memory it ever had. (Not by getrusage, which
# counts what the process that started this one had.)
PROGRAM = """
import pathlib, sys
from open311_api.cli import app
sys.argv[1:1] = ["import"]
try:
    app()
finally:
    print(pathlib.Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0], file=sys.stderr)
"""

MOST_MEBIBYTES = 160
MOST_GROWTH = 32


def peak_mebibytes(url: str, table: Path, rows: int) -> float:
    words = [str(table), "--jurisdiction", CITY, "--mapping", str(table.parent / "riverton.yaml"), "--create", "Riverton", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env=environment(url, table.parent),
        cwd=table.parent,
        capture_output=True,
        text=True,
        timeout=900,
        check=True,
    )
    assert json.loads(done.stdout)["read"] == rows
    return int(done.stderr.split()[-1]) / 1024


def compare(url: str, folder: Path, rows: int) -> None:
    (folder / "riverton.yaml").write_text(MAPPING)
    text = "a hole as deep as it is wide, and it grows, " * 3
    # A few thousand ids, again and again: it is the reading that could grow, and the rest is the database's.
    large = write_table(folder / "large.csv", (row(f"A{turn % 4000}", text=f"{text}{turn}") for turn in range(rows)))
    small = write_table(folder / "small.csv", (row(f"A{turn}", text=f"{text}{turn}") for turn in range(4000)))
    little, much = peak_mebibytes(url, small, 4000), peak_mebibytes(url, large, rows)
    print(f"\n{large.stat().st_size / 2**20:.0f} MiB in {rows:,} rows: {much:.0f} MiB of memory; 4,000 rows: {little:.0f} MiB")
    assert much < MOST_MEBIBYTES
    assert much - little < MOST_GROWTH


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_does_not_grow_with_the_file(database_url: str, tmp_path: Path) -> None:
    compare(database_url, tmp_path, 150_000)


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_does_not_grow_with_two_million_rows(database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        compare(database_url, tmp_path, 2_000_000)
