"""Two cities on one server: roots in the path, settings that differ, links that stay in their city."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from builders import ago, build_service_request, store
from conftest import RIVERTON, Town
from reading import assert_refused, ids_of, links_of, requests_of

HILLTOP = Path(__file__).parent / "hilltop" / "city.yaml"
both = pytest.mark.parametrize("suffix", ["xml", "json"])


@pytest.fixture(scope="module")
def towns(make_town: Callable[..., Town]) -> Town:
    return make_town(cities=(RIVERTON, HILLTOP))


def in_hilltop(towns: Town, *requests: object) -> list[str]:
    return store(towns.database_url, *requests, jurisdiction="hilltop.example")  # type: ignore[arg-type]


@both
def test_a_jurisdiction_in_front_of_the_root_is_enough(towns: Town, suffix: str) -> None:
    (hill,) = in_hilltop(towns, build_service_request())
    (river,) = store(towns.database_url, build_service_request())
    for root in ("hilltop.example", "HILLTOP.example", "www.hilltop.example"):
        answer = towns.server.client.get(f"/{root}/open311/v2/requests.{suffix}")
        assert hill in ids_of(answer)
        assert river not in ids_of(answer)
        assert ids_of(towns.server.client.get(f"/{root}/open311/v2/requests/{hill}.{suffix}")) == [hill]
        assert_refused(towns.server.client.get(f"/{root}/open311/v2/requests/{river}.{suffix}"), 404, river)
    assert "Tree on the hill" in towns.server.client.get(f"/hilltop.example/open311/v2/services.{suffix}").text
    assert_refused(towns.server.client.get(f"/nowhere.example/open311/v2/requests.{suffix}"), 404, "nowhere.example")
    assert_refused(towns.get(f"requests.{suffix}"), 400, "jurisdiction_id")


@both
def test_links_stay_in_the_city_they_came_from(towns: Town, suffix: str) -> None:
    ids = in_hilltop(towns, *(build_service_request(requested_datetime=ago(days=9, minutes=number)) for number in range(5)))
    window = {"start_date": ago(days=10).isoformat(), "end_date": ago(days=8).isoformat(), "page_size": "2"}
    for path, extra in (
        (f"/hilltop.example/open311/v2/requests.{suffix}", {}),
        (f"/open311/v2/requests.{suffix}", {"jurisdiction_id": "hilltop.example"}),
    ):
        answer = towns.server.client.get(path, params={**window, **extra})
        found = ids_of(answer)
        while "next" in links_of(answer):
            answer = towns.server.client.get(links_of(answer)["next"])
            found += ids_of(answer)
        assert set(ids) <= set(found)
        assert len(found) == len(set(found)) == int(answer.headers["x-total-count"])


@both
def test_equal_ids_of_two_cities_are_two_requests(towns: Town, suffix: str) -> None:
    store(towns.database_url, build_service_request(f"SAME-{suffix}", description="river"))
    in_hilltop(towns, build_service_request(f"SAME-{suffix}", description="hill"))
    for city, words in (("riverton.example", "river"), ("hilltop.example", "hill")):
        for _ in range(2):
            (shown,) = requests_of(towns.get(f"requests/SAME-{suffix}.{suffix}", params={"jurisdiction_id": city}))
            assert shown["description"] == words


@both
@pytest.mark.conformance("C-167")
def test_a_range_over_the_limit_of_the_operator_is_refused(towns: Town, suffix: str) -> None:
    def answer(**params: str) -> object:
        return towns.get(f"requests.{suffix}", params={"jurisdiction_id": "hilltop.example", **params}).status_code

    long = towns.get(
        f"requests.{suffix}",
        params={"jurisdiction_id": "hilltop.example", "start_date": "2025-01-01", "end_date": "2026-02-05"},
    )
    assert_refused(long, 400, "start_date", "100")
    assert answer(start_date=ago(days=101).isoformat()) == 400
    assert answer(start_date=ago(days=99).isoformat()) == 200
    assert answer(start_date="2025-01-01T00:00:00Z", end_date="2025-04-11T00:00:00Z") == 200
    assert answer() == 200
    assert answer(end_date="2025-04-11") == 200


@both
def test_every_city_has_its_own_offset(towns: Town, suffix: str) -> None:
    (identity,) = in_hilltop(towns, build_service_request(expected_datetime=ago(days=-3)))
    (shown,) = requests_of(towns.get(f"requests/{identity}.{suffix}", params={"jurisdiction_id": "hilltop.example"}))
    assert shown["expected_datetime"][-6:] in ("-07:00", "-06:00")


@both
def test_every_city_has_its_own_grid_for_masked_places(towns: Town, suffix: str) -> None:
    (identity,) = in_hilltop(towns, build_service_request(visibility="masked", lat=39.7392, long=-104.9903))
    (shown,) = requests_of(towns.get(f"requests/{identity}.{suffix}", params={"jurisdiction_id": "hilltop.example"}))
    assert 0.0003 < abs(float(shown["lat"]) - 39.7392) < 0.0226
    box = (
        f"{float(shown['long']) - 0.001},{float(shown['lat']) - 0.001},{float(shown['long']) + 0.001},{float(shown['lat']) + 0.001}"
    )
    answer = towns.get(f"requests.{suffix}", params={"jurisdiction_id": "hilltop.example", "bbox": box})
    assert identity in ids_of(answer)


def test_a_formula_gets_an_apostrophe_only_where_the_operator_wants_it(towns: Town) -> None:
    texts = ["=1+1", "+1+cmd|x", "-cmd", "@SUM(A1)", "-5.5", "+31", "plain"]
    for city, guarded in (("hilltop.example", True), ("riverton.example", False)):
        ids = store(towns.database_url, *(build_service_request(description=text) for text in texts), jurisdiction=city)
        params = {"jurisdiction_id": city, "service_request_id": ",".join(ids)}
        lines = csv.DictReader(io.StringIO(towns.get("requests.csv", params=params).text, newline=""))
        shown = {line["service_request_id"]: line["description"] for line in lines}
        expected = ["'=1+1", "'+1+cmd|x", "'-cmd", "'@SUM(A1)", "-5.5", "+31", "plain"] if guarded else texts
        assert [shown[identity] for identity in ids] == expected


def test_fixmystreet_mode_sends_groups_and_automated_without_being_asked(towns: Town) -> None:
    params = {"jurisdiction_id": "hilltop.example"}
    trees = next(item for item in towns.get("services.json", params=params).json() if item["service_code"] == "tree-down")
    assert trees["groups"] == ["Trees", "Hills"]
    assert "<groups><group>Trees</group><group>Hills</group></groups>" in towns.get("services.xml", params=params).text
    assert towns.get("services/jetty.json", params=params).json()["attributes"][0]["automated"] == "server_set"
    params = {"jurisdiction_id": "riverton.example"}
    assert "groups" not in towns.get("services.json", params=params).text
    assert "automated" not in towns.get("services/fms.json", params=params).text
    assert "automated" in towns.get("services/fms.json", params={**params, "extensions": "true"}).text
