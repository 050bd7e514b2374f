"""The id a token stands for (contract 1.10 and 11.8)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from wire import SUFFIXES, one, refusals

from conftest import JURISDICTION, LAKESIDE, RIVERTON, Town

LAKE = "lakeside.example"
PATIENCE_SECONDS = 10
"""FixMyStreet asks five times, every two seconds, and sends the report again after that."""


@pytest.fixture(scope="module")
def town(make_town: Callable[..., Town]) -> Town:
    town = make_town(cities=(RIVERTON, LAKESIDE))
    town.post_defaults |= {"jurisdiction_id": JURISDICTION, "service_code": "bulky-waste"}
    return town


def ask(town: Town, token: str, suffix: str, jurisdiction: str = JURISDICTION) -> httpx.Response:
    return town.get(f"tokens/{token}.{suffix}", params={"jurisdiction_id": jurisdiction})


@pytest.fixture(scope="module")
def finished(town: Town) -> str:
    """A token whose item has its id."""
    token: str = one(town.post(), status=201)["token"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "service_request_id" not in one(ask(town, token, "json")):
        assert time.monotonic() < deadline, "no client waits longer"
        time.sleep(0.2)
    return token


@pytest.mark.conformance("C-142")
def test_a_finished_token_is_an_array_of_one_in_json(town: Town, finished: str) -> None:
    document = ask(town, finished, "json").json()
    assert isinstance(document, list)
    (item,) = document
    assert list(item) == ["service_request_id", "token"]
    assert item["token"] == finished
    assert isinstance(item["service_request_id"], str)
    assert item["service_request_id"].startswith("SR-")


@pytest.mark.conformance("C-143")
def test_a_finished_token_is_one_request_in_xml(town: Town, finished: str) -> None:
    root = ET.fromstring(ask(town, finished, "xml").content)
    assert (root.tag, [child.tag for child in root]) == ("service_requests", ["request"])
    assert [child.tag for child in root[0]] == ["service_request_id", "token"]
    assert root.findtext("request/token") == finished
    assert root.findtext("request/service_request_id")


@pytest.mark.conformance("C-144", "C-145")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_pending_token_is_alone(town: Town, suffix: str) -> None:
    made = town.post(suffix)
    token = one(made, status=201)["token"]
    item: dict[str, Any] = one(ask(town, token, suffix))
    assert item == {"token": token}, "no id: not null, not empty"


@pytest.mark.conformance("C-146")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("token", ["tk-nothing", "0", "<b>"])
def test_an_unknown_token_is_404_by_name(town: Town, token: str, suffix: str) -> None:
    assert refusals(ask(town, token, suffix), 404) == [f"token {token} was not found"]


@pytest.mark.conformance("C-147")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_id_it_stands_for_opens(town: Town, finished: str, suffix: str) -> None:
    identity = one(ask(town, finished, suffix))["service_request_id"]
    shown = one(town.get(f"requests/{identity}.{suffix}", params={"jurisdiction_id": JURISDICTION}))
    assert (shown["service_request_id"], shown["service_code"]) == (identity, "bulky-waste")


@pytest.mark.conformance("C-148")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_city_does_not_know_it(town: Town, finished: str, suffix: str) -> None:
    assert refusals(ask(town, finished, suffix, LAKE), 404) == [f"token {finished} was not found"]
    there = one(
        town.post(suffix, api_key=town.make_key(jurisdiction=LAKE), jurisdiction_id=LAKE, service_code="jetty"), status=201
    )["token"]
    assert one(ask(town, there, suffix, LAKE))["token"] == there
    assert refusals(ask(town, there, suffix), 404) == [f"token {there} was not found"]
