"""The discovery document (contract 11.2)."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from wire import CONTENT_TYPES, SUFFIXES, edited_city, value_of

from conftest import Town, load_city

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
PLACES = ("/discovery", "/open311/discovery", "/open311/v2/discovery")


def discovered(town: Town, suffix: str) -> dict[str, Any]:
    answer = town.server.client.get(f"/discovery.{suffix}")
    assert answer.status_code == 200
    document: dict[str, Any] = value_of(answer)
    return document


@pytest.mark.conformance("C-021")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_discovery_needs_no_key(town: Town, suffix: str) -> None:
    answer = town.server.client.get(f"/discovery.{suffix}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == CONTENT_TYPES[suffix]


@pytest.mark.conformance("C-022")
def test_the_xml_root_is_discovery(town: Town) -> None:
    root = ET.fromstring(town.server.client.get("/discovery.xml").content)
    assert root.tag == "discovery"
    assert [child.tag for child in root] == ["changeset", "contact", "key_service", "endpoints"]
    assert {child.tag for child in root.findall("endpoints/*")} == {"endpoint"}


@pytest.mark.conformance("C-023")
def test_json_has_no_wrapper(town: Town) -> None:
    assert list(town.server.client.get("/discovery.json").json()) == ["changeset", "contact", "key_service", "endpoints"]


@pytest.mark.conformance("C-024")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_endpoint_speaks_georeport_v2(town: Town, suffix: str) -> None:
    assert SPECIFICATION in [endpoint["specification"] for endpoint in discovered(town, suffix)["endpoints"]]


@pytest.mark.conformance("C-025")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_endpoint_is_complete(town: Town, suffix: str) -> None:
    document = discovered(town, suffix)
    assert document["contact"]
    assert document["key_service"]
    for endpoint in document["endpoints"]:
        assert list(endpoint) == ["specification", "url", "changeset", "type", "formats"]
        assert all(endpoint.values())


@pytest.mark.conformance("C-026")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_endpoint_is_for_production_or_for_tests(town: Town, suffix: str) -> None:
    assert {endpoint["type"] for endpoint in discovered(town, suffix)["endpoints"]} <= {"production", "test"}


@pytest.mark.conformance("C-027", "C-028")
def test_both_formats_are_announced_as_a_list(town: Town) -> None:
    for endpoint in town.server.client.get("/discovery.json").json()["endpoints"]:
        assert endpoint["formats"] == ["text/xml", "application/json"]
    for element in ET.fromstring(town.server.client.get("/discovery.xml").content).findall("endpoints/endpoint"):
        formats = element.find("formats")
        assert formats is not None
        assert [(child.tag, child.text) for child in formats] == [("format", "text/xml"), ("format", "application/json")]


@pytest.mark.conformance("C-029")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_changeset_is_a_date_of_the_past(town: Town, suffix: str) -> None:
    document = discovered(town, suffix)
    for text in [document["changeset"], *(endpoint["changeset"] for endpoint in document["endpoints"])]:
        assert datetime(2020, 1, 1, tzinfo=UTC) <= datetime.fromisoformat(text) <= datetime.now(UTC)


@pytest.mark.conformance("C-030")
def test_the_changeset_grows_when_a_service_or_a_definition_changes(town: Town, tmp_path: Path) -> None:
    def rename(city: dict[str, Any]) -> None:
        city["services"][0]["name"] = "A tree that fell"

    def ask_more(city: dict[str, Any]) -> None:
        rename(city)
        city["services"][0]["attributes"] = [{"code": "tall", "datatype": "number", "description": "How tall?"}]

    before = discovered(town, "json")
    assert discovered(town, "json") == before, "nothing changed, yet the document did"
    for edit in (rename, ask_more):
        time.sleep(1.1)  # a changeset counts seconds
        load_city(town.env, edited_city(tmp_path, edit))
        after = _once_it_grew(town, before["changeset"])
        assert after["changeset"] > before["changeset"]
        assert after["endpoints"][0]["changeset"] > before["endpoints"][0]["changeset"]
        assert discovered(town, "xml") == after
        before = after


def _once_it_grew(town: Town, changeset: str) -> dict[str, Any]:
    """A running server takes a new catalogue over within seconds."""
    deadline = time.monotonic() + 5
    while (document := discovered(town, "json"))["changeset"] == changeset and time.monotonic() < deadline:
        time.sleep(0.1)
    return document


@pytest.mark.conformance("C-031")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_root_it_names_works(town: Town, suffix: str) -> None:
    for endpoint in discovered(town, suffix)["endpoints"]:
        assert endpoint["url"].startswith(("http://", "https://"))
        assert not endpoint["url"].endswith("/")
        for format_ in SUFFIXES:
            answer = httpx.get(f"{endpoint['url']}/services.{format_}", timeout=20)
            assert answer.status_code == 200
            assert value_of(answer)


@pytest.mark.conformance("C-032")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_discovery_is_served_beside_the_root_and_under_it(town: Town, suffix: str) -> None:
    bodies = set()
    for place in PLACES:
        answer = town.server.client.get(f"{place}.{suffix}")
        assert answer.status_code == 200, place
        bodies.add(answer.content)
    assert len(bodies) == 1
