"""One city or several behind one server (contract 1.5 and 11.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from wire import SUFFIXES, one, refusals, value_of

from conftest import JURISDICTION, LAKESIDE, RIVERTON, Town
from databases import fresh_database

LAKE = "lakeside.example"
IN_THE_LAKE = {"jurisdiction_id": LAKE, "lat": "43.1", "long": "-77.6"}


@pytest.fixture(scope="module")
def towns(make_town: Callable[..., Town], maintenance_url: str) -> Iterator[Town]:
    """A server of two cities, on a database of its own: the server of ``town`` has one."""
    with fresh_database(maintenance_url) as url:
        yield make_town(cities=(RIVERTON, LAKESIDE), database_url=url)


@pytest.fixture(scope="module")
def lake_key(towns: Town) -> str:
    return towns.make_key(jurisdiction=LAKE)


READS = ["services.%s", "services/tree-down.%s", "requests.%s", "requests/SR-1.%s", "tokens/tk.%s"]


@pytest.mark.conformance("C-033")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_only_city_need_not_be_named(town: Town, suffix: str) -> None:
    answer = town.get(f"services.{suffix}")
    assert answer.status_code == 200
    assert "tree-down" in answer.text
    assert one(town.post(suffix), status=201)["service_request_id"]


@pytest.mark.conformance("C-034")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("path", ["services", "services/0042", "requests"])
def test_naming_the_only_city_changes_nothing(town: Town, path: str, suffix: str) -> None:
    plain = town.get(f"{path}.{suffix}")
    named = town.get(f"{path}.{suffix}", params={"jurisdiction_id": JURISDICTION})
    assert (named.status_code, named.content) == (plain.status_code, plain.content)
    assert plain.status_code == 200


@pytest.mark.conformance("C-035")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("several", [False, True], ids=["one city", "two cities"])
def test_an_unknown_city_is_404_by_name(town: Town, towns: Town, several: bool, suffix: str) -> None:
    server = towns if several else town
    wanted = {"jurisdiction_id": "nowhere.example"}
    answers = [server.get(path % suffix, params=wanted) for path in READS]
    for answer in [*answers, server.post(suffix, **wanted), server.get(f"discovery.{suffix}", params=wanted)]:
        (description,) = refusals(answer, 404)
        assert description == "jurisdiction_id nowhere.example was not found"


@pytest.mark.conformance("C-036", "C-037")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("named", [{}, {"jurisdiction_id": ""}, {"jurisdiction_id": " "}], ids=["missing", "empty", "blank"])
def test_of_several_cities_one_must_be_named(towns: Town, named: dict[str, str], suffix: str) -> None:
    for answer in [*(towns.get(path % suffix, params=named) for path in READS), towns.post(suffix, **named)]:
        (description,) = refusals(answer, 400)
        assert "jurisdiction_id" in description


@pytest.mark.conformance("C-038")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cities_do_not_see_each_other(towns: Town, lake_key: str, suffix: str) -> None:
    here = one(towns.post(jurisdiction_id=JURISDICTION, description="here"), status=201)["service_request_id"]
    there = one(towns.post(api_key=lake_key, description="there", **IN_THE_LAKE), status=201)["service_request_id"]

    def seen(path: str, jurisdiction: str, **params: str) -> Any:
        return towns.get(f"{path}.{suffix}", params={**params, "jurisdiction_id": jurisdiction})

    codes = {name: {service["service_code"] for service in value_of(seen("services", name))} for name in (JURISDICTION, LAKE)}
    assert codes[LAKE] == {"tree-down", "jetty"}
    assert codes[JURISDICTION].isdisjoint({"jetty"})
    assert "0042" in codes[JURISDICTION]
    for mine, other, home, away in ((here, there, JURISDICTION, LAKE), (there, here, LAKE, JURISDICTION)):
        ids = {request["service_request_id"] for request in value_of(seen("requests", home))}
        assert mine in ids
        assert other not in ids
        assert one(seen(f"requests/{mine}", home))["service_request_id"] == mine
        assert mine in refusals(seen(f"requests/{mine}", away), 404)[0]
        assert value_of(seen("requests", away, service_request_id=mine)) in ([], None)
        assert value_of(seen("requests", home, service_request_id=f"{mine},{other}")) == [one(seen(f"requests/{mine}", home))]
    assert "0042" in refusals(seen("services/0042", LAKE), 404)[0]
    assert "jetty" in refusals(seen("services/jetty", JURISDICTION), 404)[0]
    assert "jetty" in refusals(towns.post(suffix, jurisdiction_id=JURISDICTION, service_code="jetty"), 404)[0]


@pytest.mark.conformance("C-039")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_report_names_its_city_in_the_form(towns: Town, lake_key: str, suffix: str) -> None:
    assert one(towns.post(suffix, api_key=lake_key, **IN_THE_LAKE), status=201)["service_request_id"].startswith("LK-")


@pytest.mark.conformance("C-040")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_report_may_name_its_city_in_the_query(towns: Town, lake_key: str, suffix: str) -> None:
    form = {"api_key": lake_key, "service_code": "tree-down", "address_string": "The pier"}
    post, path = towns.server.client.post, f"/open311/v2/requests.{suffix}"
    assert one(post(path, params={"jurisdiction_id": LAKE}, data=form), status=201)["service_request_id"].startswith("LK-")
    both = post(path, params={"jurisdiction_id": JURISDICTION}, data={**form, "jurisdiction_id": LAKE})
    assert one(both, status=201)["service_request_id"].startswith("LK-"), "the form wins"


@pytest.mark.conformance("C-041")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("written", ["www.lakeside.example", "LakeSide.Example", "WWW.LAKESIDE.EXAMPLE"])
def test_www_and_letter_case_do_not_matter(towns: Town, lake_key: str, written: str, suffix: str) -> None:
    plain = towns.get(f"services.{suffix}", params={"jurisdiction_id": LAKE})
    assert plain.status_code == 200
    assert towns.get(f"services.{suffix}", params={"jurisdiction_id": written}).content == plain.content
    assert towns.post(suffix, api_key=lake_key, **{**IN_THE_LAKE, "jurisdiction_id": written}).status_code == 201


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_each_city_has_a_root_of_its_own_too(towns: Town, lake_key: str, suffix: str) -> None:
    """Contract 4, per-organisation root: what discovery announces works without a parameter, Location and Link included."""
    endpoints = towns.server.client.get("/discovery.json").json()["endpoints"]
    assert len(endpoints) == 2
    root = next(endpoint["url"] for endpoint in endpoints if LAKE in endpoint["url"])
    client = towns.server.client
    form = {"api_key": lake_key, "service_code": "tree-down", "address_string": "The pier"}
    for _ in range(2):
        made = client.post(f"{root}/requests.{suffix}", data=form)
        identity = one(made, status=201)["service_request_id"]
        assert one(client.get(made.headers["location"]))["service_request_id"] == identity
    page = client.get(f"{root}/requests.{suffix}", params={"page_size": "1"})
    assert one(page)["service_request_id"].startswith("LK-")
    assert one(client.get(page.links["next"]["url"]))["service_request_id"].startswith("LK-")
