"""Imported history is served by a server that was running all the time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from importing import real_tables
from servers import Server, environment, open311, running_server

CITY = "stlouis"
ALL_YEARS = {"jurisdiction_id": CITY, "start_date": "2010-01-01T00:00:00Z", "end_date": "2020-01-01T00:00:00Z", "page_size": "200"}


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Started empty; the table comes in while it serves."""
    table, folder = real_tables() / "stlouis-2018-01.csv.gz", tmp_path_factory.mktemp("served")
    with running_server(module_database_url, folder) as running:
        assert running.client.get("/open311/v2/services.json", params={"jurisdiction_id": CITY}).status_code == 404
        done = open311(
            *("import", str(table), "--jurisdiction", CITY, "--mapping", "st-louis", "--create", "St. Louis", "--json"),
            env=environment(module_database_url, folder),
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["stored"] == 1532
        yield running


def every_page(server: Server, **filters: str) -> list[dict[str, Any]]:
    answer = server.client.get("/open311/v2/requests.json", params={**ALL_YEARS, **filters})
    found = answer.json()
    while "next" in answer.links:
        answer = server.client.get(answer.links["next"]["url"])
        found += answer.json()
    return found


def test_the_new_services_are_listed(server: Server) -> None:
    services = server.client.get("/open311/v2/services.json", params={"jurisdiction_id": CITY}).json()
    assert len(services) == 156
    assert {"service_code": "wtr-coming-up", "service_name": "WTR-COMING-UP"}.items() <= next(
        service.items() for service in services if service["service_code"] == "wtr-coming-up"
    )


def test_every_request_is_found_once(server: Server) -> None:
    requests = every_page(server)
    assert len(requests) == len({request["service_request_id"] for request in requests}) == 1532
    assert len(every_page(server, status="open")) == sum(request["status"] == "open" for request in requests) > 50


def test_a_request_says_what_its_row_said(server: Server) -> None:
    path = "/open311/v2/requests/1049265"
    (request,) = server.client.get(f"{path}.json", params={"jurisdiction_id": CITY, "extensions": "true"}).json()
    assert {
        "service_request_id": "1049265",
        "status": "closed",
        "service_code": "wtr-coming-up",
        "agency_responsible": "WATER DIV",
        "requested_datetime": "2018-01-01T06:48:30Z",
        "updated_datetime": "2018-01-05T22:22:21Z",
        "address": "75 WILLMORE RD",
    }.items() <= {**request, **{key: _utc(request[key]) for key in request if key.endswith("_datetime")}}.items()
    assert (request["lat"], request["long"]) == (38.5754643, -90.3053489)
    assert {"ward": "16", "channel": "web"}.items() <= request["extended_attributes"].items()
    document = etree.fromstring(server.client.get(f"{path}.xml", params={"jurisdiction_id": CITY}).content)
    assert document.findtext("request/agency_responsible") == "WATER DIV"


def _utc(text: str | None) -> str | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_import_while_serving_is_seen_at_the_next_poll(server: Server, module_database_url: str, tmp_path: Path) -> None:
    tag = server.client.get("/open311/v2/requests.json", params=ALL_YEARS).headers["etag"]
    table = tmp_path / "later.csv"
    table.write_text(
        "requestid,datetimeinit,status,problemcode,datetimeclosed\n1049265,2018-01-01 00:48:30.0,Disptch,WTR-COMING-UP,NA\n"
    )
    done = open311(
        *("import", str(table), "--jurisdiction", CITY, "--mapping", "st-louis"), env=environment(module_database_url, tmp_path)
    )
    assert done.returncode == 0, done.stderr
    for _ in range(100):
        answer = server.client.get("/open311/v2/requests.json", params=ALL_YEARS, headers={"If-None-Match": tag})
        if answer.status_code == 200:
            break
        time.sleep(0.05)
    assert answer.status_code == 200
    (request,) = server.client.get("/open311/v2/requests/1049265.json", params={"jurisdiction_id": CITY}).json()
    assert (request["status"], request.get("address") or None) == ("open", None)
