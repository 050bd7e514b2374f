"""The commands of city files and the demo, as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from open311_api.cli import app

CITY = """\
version: 1
jurisdiction: {id: riverton.example, name: Riverton}
services:
  - {code: pothole, name: Pothole}
"""


@pytest.fixture
def open311(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPEN311_DATABASE_URL", database_url)
    monkeypatch.setenv("OPEN311_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*words: str, answer: str | None = None) -> Result:
        return CliRunner().invoke(app, list(words), input=answer)

    return run


def test_check_says_that_a_good_file_is_good(open311) -> None:
    Path("city.yaml").write_text(CITY)
    result = open311("city", "check", "city.yaml")
    assert (result.exit_code, result.stdout) == (0, "riverton.example: 1 service, 0 departments, 0 areas. No errors.\n")


def test_check_ends_with_one_when_something_is_wrong(open311) -> None:
    Path("city.yaml").write_text(CITY.replace("code: pothole", "code: 0042"))
    result = open311("city", "check", "city.yaml")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        'city.yaml:4:12: error: services[0].code: YAML reads 0042 as the number 34, but text is needed; put it in quotes: "0042"',
        "1 error; nothing was loaded.",
    ]


def test_load_shows_what_it_will_do_and_asks(open311) -> None:
    Path("city.yaml").write_text(CITY)
    refused = open311("city", "load", "city.yaml", answer="n\n")
    assert refused.exit_code == 1
    assert refused.stdout.splitlines()[:2] == ["+ add jurisdiction riverton.example", "+ add service pothole"]
    assert "Nothing was changed." in refused.stderr
    done = open311("city", "load", "city.yaml", answer="y\n")
    assert done.exit_code == 0
    assert "Loaded. The catalogue of riverton.example is at version 2." in done.stderr
    again = open311("city", "load", "city.yaml")
    assert (again.exit_code, again.stdout) == (0, "riverton.example is what the file says already. Nothing to do.\n")


def test_diff_shows_fields_and_as_json_nothing_else(open311) -> None:
    Path("city.yaml").write_text(CITY)
    open311("city", "load", "--yes", "city.yaml")
    Path("city.yaml").write_text(CITY.replace("name: Pothole", "name: Hole in the street"))
    assert open311("city", "diff", "city.yaml").stdout.splitlines() == [
        "~ change service pothole",
        "    name: 'Pothole' -> 'Hole in the street'",
    ]
    assert json.loads(open311("city", "diff", "city.yaml", "--json").stdout) == {
        "jurisdiction_id": "riverton.example",
        "changes": [
            {
                "action": "change",
                "kind": "service",
                "code": "pothole",
                "fields": [{"name": "name", "before": "Pothole", "after": "Hole in the street"}],
            }
        ],
    }


def test_export_writes_a_file_that_loads_without_a_difference(open311) -> None:
    open311("city", "demo-files", "files")
    open311("city", "load", "--yes", "files/city.yaml")
    result = open311("city", "export", "demo.city", "--output", "out")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "out/city.yaml"
    assert "Nothing to do" in open311("city", "diff", "out/city.yaml").stdout


def test_export_of_an_unknown_city_says_so(open311) -> None:
    result = open311("city", "export", "nowhere.example")
    assert result.exit_code == 1
    assert "there is no jurisdiction nowhere.example" in result.stderr


def test_demo_is_refused_in_production(open311, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN311_ENV", "production")
    result = open311("demo")
    assert result.exit_code == 1
    assert "not for production" in result.stderr


def test_demo_prints_the_same_keys_each_time(open311, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("open311_api.cities.demo.load.REQUESTS", 60)
    monkeypatch.setattr("open311_api.cities.demo.load.load_demo.__kwdefaults__", {"count": 60, "progress": lambda done: None})
    first = json.loads(open311("demo", "--json").stdout)
    again = open311("demo", "--json")
    assert json.loads(again.stdout) == first | {"requests_loaded": 0}
    text = open311("demo").stdout
    assert f"curl -d api_key={first['app_key']}" in text
    assert first["staff_key"] in text
    assert all(len(line) < 400 for line in text.splitlines())
