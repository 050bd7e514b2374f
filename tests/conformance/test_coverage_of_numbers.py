"""Every point of the contract's conformance list has a test that bears its number."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

LAST = 221
ELSEWHERE = {
    "photos": {f"C-{number}" for number in range(127, 134)} | {"C-215"},
}
"""Points that cannot be shown from outside before these parts of the product are there; they come with them."""


def numbered(path: Path) -> Iterator[str]:
    """The numbers of all ``conformance`` markers of a file, of decorators and of parameters alike."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "conformance":
            for argument in node.args:
                assert isinstance(argument, ast.Constant), f"{path.name}:{node.lineno}: write the number down"
                assert isinstance(argument.value, str)
                yield argument.value


def test_every_number_has_a_test() -> None:
    found = {number for path in Path(__file__).parent.glob("test_*.py") for number in numbered(path)}
    wanted = {f"C-{number:03}" for number in range(1, LAST + 1)}
    later = set().union(*ELSEWHERE.values())
    assert sorted(wanted - later - found) == []
    assert sorted(later & found) == [], "these have tests now: take them out of ELSEWHERE"
    assert all(number[:2] == "C-" and number[2:].isdigit() and len(number) == 5 for number in found), found
