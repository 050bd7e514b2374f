"""Every number of the groups that can be tested so far has a test that bears it."""

from __future__ import annotations

import re
from pathlib import Path

WANTED = {*range(1, 157), 158, 159, 160, 161, 178, 179, *range(352, 360)}
"""Groups A to D, E as far as keys go (157 belongs to the management API), and J without what changes a request."""

_MARK = re.compile(r"(?:bad_input|\bN)\(([0-9]+)\)")


def test_no_number_is_missing() -> None:
    texts = [path.read_text() for path in Path(__file__).parent.glob("test_*.py") if path.name != Path(__file__).name]
    found = {int(number) for text in texts for number in _MARK.findall(text)}
    assert found == WANTED, {"missing": sorted(WANTED - found), "not on the list": sorted(found - WANTED)}
