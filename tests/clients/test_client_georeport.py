"""Python's georeport 0.3, unchanged, in both of its formats. It reads only: posting, tokens and discovery are not in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from georeport import GeoReport

from served_city import JURISDICTION, ServedCity, served_riverton


@pytest.fixture(scope="module")
def city(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCity]:
    with served_riverton(module_database_url, tmp_path_factory.mktemp("georeport")) as served:
        yield served


@pytest.fixture(params=["json", "xml"])
def client(request: pytest.FixtureRequest, city: ServedCity) -> GeoReport:
    # A trailing slash, as its own endpoints have.
    return GeoReport(f"{city.server.base}/", jurisdiction=JURISDICTION, api_key=city.key, output_format=request.param)


def test_it_lists_the_services(client: GeoReport) -> None:
    services = client.get_service_list()
    assert {service["service_code"] for service in services} >= {"tree-down", "0042", "bulky-waste"}
    assert {service["service_name"] for service in services} >= {"Street light fault"}


def test_it_reads_a_definition(client: GeoReport) -> None:
    definition = client.get_service_definition("0042")
    assert definition["service_code"] == "0042"
    attributes = definition["attributes"]
    questions = attributes["attribute"] if isinstance(attributes, dict) else attributes
    assert [question["code"] for question in questions][-1] == "hazard"


def test_it_finds_what_was_reported(client: GeoReport, city: ServedCity) -> None:
    first, second, *_ = city.ids
    assert client.get_service_request(first)["description"] == "Branch on the path\nby the pond"
    both = client.get_service_requests(service_request_id=f"{first},{second}")
    assert {item["service_request_id"] for item in both} == {first, second}
    day = timedelta(days=1)
    now = datetime.now(UTC)
    lamps = client.get_service_requests(
        service_code="0042,tree-down",
        start_date=(now - day).strftime("%Y-%m-%dT%H:%M:%SZ"),
        end_date=(now + day).strftime("%Y-%m-%dT%H:%M:%SZ"),
        status="open",
    )
    assert {item["service_request_id"] for item in lamps} == set(city.ids)


def test_it_is_told_what_is_not_there(client: GeoReport) -> None:
    with pytest.raises(requests.HTTPError, match="404"):
        client.get_service_request("SR-1999-000001")
    with pytest.raises(requests.HTTPError, match="404"):
        client.get_service_definition("no-such-service")
