"""The docs page needs nothing but this server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
import yaml

from open311_api.commands.openapi import openapi_files
from served_city import ServedCity, served_riverton


@pytest.fixture(scope="module")
def city(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCity]:
    with served_riverton(module_database_url, tmp_path_factory.mktemp("docs")) as served:
        yield served


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href") and value]


def test_the_served_document_is_the_committed_one(city: ServedCity) -> None:
    client = city.server.client
    document = json.loads(openapi_files()["openapi.json"])
    answer = client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == document
    assert yaml.safe_load(client.get("/openapi.yaml").text) == document
    assert client.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_everything_the_page_needs_comes_from_this_server(city: ServedCity) -> None:
    client = city.server.client
    page = client.get("/docs")
    assert page.status_code == 200
    addresses = _Addresses()
    addresses.feed(page.text)
    assert len(addresses.found) == 6
    for address in addresses.found:
        assert not re.match(r"[a-z]+:|//", address)
        answer = client.get(urljoin("/docs", address))
        assert answer.status_code == 200, address
        if "/assets/" in address:
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_the_browser_is_told_to_fetch_nothing_from_elsewhere(city: ServedCity) -> None:
    policy = dict(
        part.strip().split(" ", 1) for part in city.server.client.get("/docs").headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert "http" not in str(policy)


def test_a_trailing_slash_leads_to_the_page_and_unknown_files_are_not_there(city: ServedCity) -> None:
    client = city.server.client
    assert urljoin("/docs/", client.get("/docs/").headers["location"]) == "/docs"
    assert client.get("/docs/assets/0/swagger-ui.css").status_code == 404
    style = re.search(r"docs/assets/\w+", client.get("/docs").text)
    assert style
    assert client.get(f"/{style.group()}/main.py").status_code == 404
