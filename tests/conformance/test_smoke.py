"""The town of the conformance tests works at all."""

from __future__ import annotations

from conftest import Town, from_xml


def test_the_town_takes_a_report_and_shows_it(town: Town) -> None:
    identity = town.report(description="Branch on the path")
    shown = town.get(f"requests/{identity}.json").json()
    assert shown[0]["description"] == "Branch on the path"
    assert from_xml(town.get(f"requests/{identity}.xml").content)[0]["description"] == "Branch on the path"
