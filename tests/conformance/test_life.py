"""What the public sees of a request while staff work on it (contract 11.9 and 11.10)."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from conftest import Town

both = pytest.mark.parametrize("suffix", ["json", "xml"])


@pytest.fixture(scope="module")
def staff(town: Town) -> str:
    return town.make_key("requests:manage")


def change(town: Town, staff: str, identity: str, **fields: str) -> dict[str, Any]:
    answer = town.server.client.patch(f"/api/v1/requests/{identity}", json=fields, headers={"X-Api-Key": staff})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def shown(town: Town, identity: str, suffix: str) -> dict[str, Any]:
    """One request by its id; empty and absent are None in both formats."""
    answer = town.get(f"requests/{identity}.{suffix}")
    assert answer.status_code == 200, answer.text
    if suffix == "json":
        (document,) = answer.json()
        return dict(document)
    (node,) = ET.fromstring(answer.content)
    return {child.tag: child.text for child in node}


def listed(town: Town, suffix: str) -> str:
    return town.get(f"requests.{suffix}", headers={"Cache-Control": "no-cache"}).text


def next_second() -> None:
    """Times on the wire have whole seconds."""
    time.sleep(1.05)


@both
@pytest.mark.conformance("C-184")
def test_private_and_unmoderated_requests_are_not_listed(town: Town, staff: str, suffix: str) -> None:
    identity = town.report(description="Words to check", media_url="https://pics.example/tree.jpg")
    assert identity in listed(town, suffix)
    change(town, staff, identity, visibility="private")
    assert identity not in listed(town, suffix)
    change(town, staff, identity, visibility="public", moderation="pending", status_notes="Words of staff")
    assert identity not in listed(town, suffix)
    assert town.get(f"requests.{suffix}", params={"service_request_id": identity}).text.count(identity) == 0
    document = shown(town, identity, suffix)
    assert document["service_request_id"] == identity
    assert [document[name] for name in ("description", "status_notes", "media_url")] == [None, None, None]
    change(town, staff, identity, moderation="approved")
    assert identity in listed(town, suffix)
    document = shown(town, identity, suffix)
    assert (document["description"], document["status_notes"]) == ("Words to check", "Words of staff")


@both
@pytest.mark.conformance("C-191")
def test_a_change_of_status_moves_updated_datetime(town: Town, staff: str, suffix: str) -> None:
    identity = town.report()
    before = shown(town, identity, suffix)
    next_second()
    change(town, staff, identity, detailed_status="in_process")
    after = shown(town, identity, suffix)
    assert datetime.fromisoformat(after["updated_datetime"]) > datetime.fromisoformat(before["updated_datetime"])
    assert after["requested_datetime"] == before["requested_datetime"]


@both
@pytest.mark.conformance("C-192")
def test_closing_shows_closed_and_the_closing_time(town: Town, staff: str, suffix: str) -> None:
    identity = town.report()
    next_second()
    closed = change(town, staff, identity, status="closed")
    document = shown(town, identity, suffix)
    assert document["status"] == "closed"
    assert document["updated_datetime"] == closed["closed_datetime"]
    assert document["updated_datetime"] > document["requested_datetime"]


@both
@pytest.mark.conformance("C-193")
def test_reopening_shows_open_again(town: Town, staff: str, suffix: str) -> None:
    identity = town.report()
    change(town, staff, identity, status="closed")
    assert shown(town, identity, suffix)["status"] == "closed"
    change(town, staff, identity, status="open")
    assert shown(town, identity, suffix)["status"] == "open"


@both
@pytest.mark.conformance("C-194")
def test_status_notes_shows_the_latest_public_note(town: Town, staff: str, suffix: str) -> None:
    identity = town.report()
    assert shown(town, identity, suffix)["status_notes"] is None
    change(town, staff, identity, public_note="A crew is on its way")
    assert shown(town, identity, suffix)["status_notes"] == "A crew is on its way"
    change(town, staff, identity, private_note="The crew wants coffee")
    assert shown(town, identity, suffix)["status_notes"] == "A crew is on its way"
    change(town, staff, identity, status="closed", public_note="The branch is gone", status_notes="Done & <dusted>")
    assert shown(town, identity, suffix)["status_notes"] == "Done & <dusted>"
