"""Every number of the groups that can be tested so far has a test that bears it."""

from __future__ import annotations

import re
from pathlib import Path

WANTED = {*range(1, 162), 178, 179, *range(352, 364), 368}
"""Groups A to D, E as far as keys go, and J without bulk changes, erasure and webhooks."""

_FOLDERS = (Path(__file__).parent, Path(__file__).parents[1] / "management")

_MARK = re.compile(r"(?:bad_input|\bN)\(([0-9]+)\)")


def test_no_number_is_missing() -> None:
    texts = [path.read_text() for folder in _FOLDERS for path in folder.glob("test_*.py") if path.name != Path(__file__).name]
    found = {int(number) for text in texts for number in _MARK.findall(text)}
    assert found == WANTED, {"missing": sorted(WANTED - found), "not on the list": sorted(found - WANTED)}
