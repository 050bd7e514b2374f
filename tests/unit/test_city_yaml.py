"""YAML of a city file: plain values with their lines, and none of YAML's traps."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open311_api.cities.findings import InvalidCityFile
from open311_api.cities.yaml_text import read_yaml


def _refused(text: str | bytes) -> list[tuple[int, int, str]]:
    with pytest.raises(InvalidCityFile) as refused:
        read_yaml(text.encode() if isinstance(text, str) else text, file="city.yaml")
    return [(finding.line, finding.column, finding.message) for finding in refused.value.findings]


def test_values_know_their_line_and_column() -> None:
    document = read_yaml(b"version: 1\njurisdiction:\n  id: a\nlist:\n  - x\n  - y: z\n", file="city.yaml")
    assert document.places["jurisdiction", "id"] == (3, 7)
    assert document.places["list", 1, "y"] == (6, 8)
    assert document.key_places["list", 1, "y"] == (6, 5)
    assert document.value["list"][1].path == ("list", 1)


def test_an_alias_stands_for_its_value() -> None:
    assert read_yaml(b"a: &words {de: x}\nb: *words\n", file="f").value == {"a": {"de": "x"}, "b": {"de": "x"}}


def test_keys_are_text_as_they_are_written() -> None:
    assert read_yaml(b"no: norsk\n007: bond\n", file="f").value == {"no": "norsk", "007": "bond"}


def test_a_plain_scalar_that_is_no_text_is_remembered() -> None:
    document = read_yaml(b"a: 0042\nb: no\nc: 2026-01-01\nd: 12:30\ne:\n", file="f")
    assert document.plain["a",] == ("0042", "the number 34")
    assert document.plain["b",] == ("no", "the truth value false")
    assert document.plain["c",] == ("2026-01-01", "a date")
    assert document.odd_numbers == {("a",): "0042", ("d",): "12:30"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "empty"),
        ("# nothing\n", 1, "empty"),
        ("a: [1, 2\n", 2, "not YAML"),
        ("a: 1\n\tb: 2\n", 2, "not YAML"),
        ("a: 1\na: 2\n", 2, "twice, first on line 1"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, "tag !!python/object/apply:os.system"),
        ("a: !include other.yaml\n", 1, "tag !include"),
        ("a: &a [*a]\n", 1, "endless"),
        ("? [a, b]\n: 1\n", 1, "key must be a word"),
        ("[" * 100 + "]" * 100, 1, "too deeply"),
        ('a: "\\ud800"\n', 1, "not YAML"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_at_its_line(text: str, line: int, words: str) -> None:
    found = _refused(text)
    assert (found[0][0], words in found[0][2]) == (line, True), found


def test_text_that_is_not_utf8_is_refused_at_its_place() -> None:
    assert _refused(b"name: Riverton\nother: caf\xe9\n") == [(2, 11, "this is not UTF-8 text")]


def test_an_alias_bomb_is_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "far too large" in _refused("\n".join(lines))[0][2]


def test_a_long_chain_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 x", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 2000))]
    assert "far too large" in _refused("\n".join(lines))[0][2]


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_read_or_refused_but_never_breaks(text: str | bytes) -> None:
    with suppress(InvalidCityFile):
        read_yaml(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text, file="f")
