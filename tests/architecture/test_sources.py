"""Promises about the source text itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
SOURCES = sorted((TOP / "src" / "open311_api").rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(TOP))


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_module_says_in_one_line_what_it_is_for(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text()))
    assert text
    assert text.splitlines()[0].rstrip().endswith((".", "…"))


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError|for now|simplified)\b")
    found = [
        f"{_name(path)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if words.search(line)
    ]
    assert not found


def test_only_settings_and_starters_read_the_environment() -> None:
    """config.py reads it; the supervisor and the commands hand it on to the processes they start."""
    allowed = {"config.py", "process.py", "supervisor.py", "commands", "db"}
    found = []
    for path in SOURCES:
        inside = path.relative_to(TOP / "src" / "open311_api").parts[0]
        if inside not in allowed and re.search(r"\bos\.(environ|getenv)\b", path.read_text()):
            found.append(_name(path))
    assert not found


def test_no_other_http_client_than_the_guarded_one() -> None:
    """Outbound calls come with a package of their own; until then there are none."""
    pattern = re.compile(r"^\s*(import|from)\s+(httpx|requests|urllib\.request|aiohttp|http\.client)\b", re.MULTILINE)
    assert not [_name(path) for path in SOURCES if pattern.search(path.read_text())]
