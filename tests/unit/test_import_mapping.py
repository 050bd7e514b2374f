"""Mapping documents: the ready ones load, and every mistake is told with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from importing import MAPPING
from open311_api.catalog.types import DEFAULT_STATUSES
from open311_api.imports.errors import InvalidMapping
from open311_api.imports.mapping import Mapping
from open311_api.imports.mapping_file import load_mapping, read_mapping, ready_mappings


def problems(text: str) -> list[str]:
    with pytest.raises(InvalidMapping) as told:
        read_mapping(text.encode(), file="m.yaml")
    return list(told.value.problems)


def test_there_is_a_ready_mapping_for_each_city() -> None:
    assert ready_mappings() == ["boston", "chicago", "nyc", "san-francisco", "st-louis"]


@pytest.mark.parametrize("name", ready_mappings())
def test_a_ready_mapping_uses_statuses_that_every_jurisdiction_is_born_with(name: str) -> None:
    sides = {status.code: status.status for status in DEFAULT_STATUSES}
    for word in load_mapping(name).status.words.values():
        assert word.detailed is None or sides[word.detailed] == word.status


def test_a_mapping_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(InvalidMapping, match="no mapping 'bostn': name a YAML file or one of boston, chicago"):
        load_mapping("bostn")


def test_a_file_is_read(tmp_path) -> None:
    (tmp_path / "own.yaml").write_text(MAPPING)
    assert load_mapping(str(tmp_path / "own.yaml")).name == "Riverton"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("name: Riverton", "nome: Riverton", "m.yaml:2: nome: is not a key of a mapping document"),
        ("name: Riverton", "", "m.yaml:1: name: is missing"),
        ("America/New_York", "America/Riverton", "m.yaml:3: time_zone: is not a time zone; write a name such as America/Chicago"),
        ("%Y-%m-%d %H:%M:%S", "%H:%M", "m.yaml:4: dates.0: must hold a year, a month and a day"),
        ("Open: open", "Open: opened", "m.yaml:12: status.words.Open.status: Input should be 'open' or 'closed'"),
        ("{lat: lat, long: long}", "{lon: long}", "m.yaml:19: places.0: must have lat and long, or point, or x, y and crs"),
        ("{lat: lat, long: long}", "{x: x, y: y, crs: 'ESRI:1'}", "m.yaml:19: places.0.x.crs: must be a code such as EPSG:2263"),
        ("{lat: lat, long: long}", "{x: x, y: y, crs: 'EPSG:99999'}", "m.yaml:19: places.0.x.crs: EPSG:99999 is not a known"),
        ("address: address", "address: {jion: [a]}", "m.yaml:20: address: must be a column name"),
        ("[ward]", "[title]", "m.yaml:23: extended: title is written by the server itself"),
        ("[ward]", "{2nd: ward}", "m.yaml:23: extended: '2nd' cannot be an element of XML"),
        ("name: Riverton", "name: x\nname: y", "m.yaml:3: a key must be a word that stands only once in its place"),
        ("name: Riverton", "name: [", "m.yaml:4: not YAML"),
        ("[ward]", "&a [*a]", "m.yaml:23: aliases are not read here"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, told: str) -> None:
    assert old in MAPPING
    assert any(problem.startswith(told) for problem in problems(MAPPING.replace(old, new, 1))), problems(
        MAPPING.replace(old, new, 1)
    )


def test_every_mistake_is_told_at_once() -> None:
    assert (
        len(problems(MAPPING.replace("America/New_York", "x").replace("Open: open", "Open: x").replace("[ward]", "[title]"))) == 3
    )


@pytest.mark.parametrize("text", ["", "just text", "- a\n- list", "\xff\xfe"])
def test_what_is_no_mapping_is_told(text: str) -> None:
    assert problems(text)


def test_bytes_that_are_no_text_are_told() -> None:
    with pytest.raises(InvalidMapping, match="not UTF-8"):
        read_mapping(b"name: \xff", file="m.yaml")


def test_yes_and_no_are_words_not_truth_values() -> None:
    words = read_mapping(MAPPING.replace("Open: open", "No: open").encode(), file="m.yaml").status.words
    assert "No" in words


def test_the_example_of_the_guide_is_read_and_its_table_names_every_key() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "import.md").read_text()
    example = guide.split("```yaml\n")[1].split("```")[0]
    assert read_mapping(example.encode(), file="import.md").name == "Riverton service requests"
    keys = set(re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (`.+?) \|", guide.split("| Key | Means |")[1], re.MULTILINE))))
    assert keys == set(Mapping.model_fields)


def test_the_guide_names_every_ready_mapping() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "import.md").read_text()
    assert all(f"`{name}`" in guide for name in ready_mappings())
