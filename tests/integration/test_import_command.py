"""The command as an operator types it: what it prints, where, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from importing import MAPPING, row, write_table
from open311_api.cli import app


@pytest.fixture
def import_(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPEN311_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    Path("riverton.yaml").write_text(MAPPING)

    def run(*words: str, file: str = "table.csv") -> Result:
        return CliRunner().invoke(app, ["import", file, "--jurisdiction", "riverton.example", "--mapping", "riverton.yaml", *words])

    return run


def test_the_table_of_what_became_of_the_rows(import_, tmp_path: Path) -> None:
    write_table(tmp_path / "table.csv", [row("A1"), row("A1"), row("A2", lat=""), row(""), row("A3", opened="?")])
    result = import_("--create", "Riverton")
    assert result.exit_code == 0, result.output
    numbers = dict(line.strip("│ ").rsplit("│", 1) for line in result.stdout.splitlines() if line.startswith("│"))
    assert {name.strip(): int(number) for name, number in numbers.items()} == {
        "read": 5,
        "stored, new": 2,
        "updated": 0,
        "unchanged": 0,
        "repeated in the file": 1,
        "rejected": 2,
        "no id": 1,
        "a time that cannot be read": 1,
    }
    assert "New in the catalogue: 1 services, 1 departments." in result.stdout
    assert "Rejected rows are in table.csv.rejects.csv." in result.stdout
    assert Path("table.csv.rejects.csv").read_text().splitlines()[1].startswith("5,no id,")


def test_json_and_nothing_else(import_, tmp_path: Path) -> None:
    write_table(tmp_path / "table.csv", [row("A1"), row("A1"), row("A2")])
    document = json.loads(import_("--create", "Riverton", "--json").stdout)
    assert document["jurisdiction"] == "riverton.example"
    assert [document[name] for name in ("read", "stored", "updated", "unchanged", "repeated", "rejected")] == [3, 2, 0, 0, 1, 0]
    assert document["reasons"] == {}
    again = json.loads(import_("--json").stdout)
    assert [again[name] for name in ("read", "stored", "updated", "unchanged", "repeated", "rejected")] == [3, 0, 0, 2, 1, 0]


def test_a_dry_run_says_so(import_, tmp_path: Path) -> None:
    write_table(tmp_path / "table.csv", [row("A1")])
    assert "Dry run: nothing was kept." in import_("--create", "Riverton", "--dry-run").stdout
    assert "there is no jurisdiction" in import_().stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "there is no jurisdiction 'riverton.example': load its city file with 'open311 city load'"),
        (("--mapping", "atlantis"), "no mapping 'atlantis': name a YAML file or one of boston, chicago, nyc"),
        (("--create", "Riverton", "--mapping", "boston"), "the table has no column for requested (open_dt); its columns are: id,"),
        (("--create", "Riverton", "--rejects", "none/x.csv"), "rejected rows cannot be written to none/x.csv.part: No such file"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(import_, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    write_table(tmp_path / "table.csv", [row("A1"), row("")])
    result = import_(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr


def test_a_missing_file_is_told(import_) -> None:
    result = import_("--create", "Riverton", file="none.csv")
    assert result.exit_code == 1
    assert "none.csv: No such file or directory" in result.stderr


def test_a_table_that_breaks_off_stores_nothing(import_, tmp_path: Path) -> None:
    write_table(tmp_path / "table.csv", [row(f"A{number}") for number in range(9000)])
    with (tmp_path / "table.csv").open("a") as file:
        file.write('"never closed' + "x" * 1_100_000)
    result = import_("--create", "Riverton")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is a quote opened somewhere and never closed?" in result.stderr
    assert "there is no jurisdiction" in import_().stderr
