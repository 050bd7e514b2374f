"""The documentation names what there is: settings, files and commands."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import typer.main

from open311_api.cli import app
from open311_api.config import Settings

TOP = Path(__file__).parents[2]
PAGES = [TOP / "README.md", TOP / "CONTRIBUTING.md", TOP / "CHANGELOG.md", *sorted((TOP / "docs").rglob("*.md"))]
OPERATOR = TOP / "docs" / "guides" / "operator.md"

_CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_COMMAND = re.compile(r"(?<![\w@/.:-])open311 ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)")


def _name(path: Path) -> str:
    return str(path.relative_to(TOP))


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_the_operator_guide_has_a_row_for_each_setting(field: str) -> None:
    rows = [line for line in OPERATOR.read_text().splitlines() if line.startswith(f"| `OPEN311_{field.upper()}` |")]
    assert len(rows) == 1


def test_the_operator_guide_names_no_setting_that_is_not_there() -> None:
    named = set(re.findall(r"^\| `OPEN311_(\w+)` \|", OPERATOR.read_text(), re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_the_operator_guide_names_the_default(field: str) -> None:
    """Plain defaults only; those that depend on others are told in words."""
    default = Settings.model_fields[field].default
    row = next(line for line in OPERATOR.read_text().splitlines() if line.startswith(f"| `OPEN311_{field.upper()}` |"))
    said = row.split("|")[2].strip()
    if isinstance(default, bool):
        assert said == f"`{str(default).lower()}`"
    elif isinstance(default, int | float):
        assert said in (f"`{default:g}`", f"`{default}`")
    elif isinstance(default, str) and default:
        assert said == f"`{default}`"
    elif isinstance(default, tuple) and default:
        assert said == f"`{','.join(default)}`"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_to_files_and_headings_lead_somewhere(page: Path) -> None:
    lost = []
    for target in _LINK.findall(_CODE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            lost.append(target)
    assert not lost


@cache
def _anchors(page: Path) -> set[str]:
    """As GitHub makes them: small letters, blanks to hyphens, other signs dropped."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(text)}


@cache
def _commands() -> dict[str, set[str]]:
    """Names of the commands, and below each group its own."""
    return {name: set(_below(command)) for name, command in _below(typer.main.get_command(app)).items()}


def _below(command: object) -> dict[str, object]:
    """Commands of a group; a plain command has none."""
    found: dict[str, object] = getattr(command, "commands", {})
    return found


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_that_are_named_exist(page: Path) -> None:
    known = _commands()
    unknown = []
    for code in _CODE.findall(page.read_text()):
        for words in _COMMAND.findall(code):
            first, _, second = words.partition(" ")
            if first not in known or (known[first] and second and second not in known[first]):
                unknown.append(f"open311 {words}")
    assert not unknown


def test_decisions_that_the_code_refers_to_are_written_down() -> None:
    """As ``docs/decisions/NNNN``, in a docstring or a comment."""
    written = {path.name[:4] for path in (TOP / "docs" / "decisions").glob("*.md")}
    named = {
        number
        for folder in ("src", "migrations", "scripts", "benchmarks")
        for path in (TOP / folder).rglob("*")
        if path.is_file() and path.suffix in ("", ".py", ".sh")
        for number in re.findall(r"docs/decisions/(\d{4})", path.read_text())
    }
    assert named <= written
