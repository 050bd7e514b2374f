"""The demo city: a map that fits together, and reports that depend on nothing but the day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import shapely

from open311_api.cities.demo.arrivals import arrivals
from open311_api.cities.demo.town import PARKS, Town
from open311_api.cities.demo.words import load_words
from open311_api.cities.polygons import parse_polygon
from open311_api.cities.reading import read_city_file

NOON = datetime(2026, 3, 4, 19, 0, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Denver")


def test_the_districts_tile_the_town() -> None:
    files = Town().files()
    boundary = parse_polygon(files["boundary.geojson"]["features"][0]["geometry"]).geometry
    districts = [parse_polygon(feature["geometry"]).geometry for feature in files["districts.geojson"]["features"]]
    assert len(districts) == 12
    assert shapely.union_all(districts).equals(boundary)
    overlap = sum(one.intersection(other).area for index, one in enumerate(districts) for other in districts[index + 1 :])
    assert overlap == 0


def test_the_parks_lie_in_the_town() -> None:
    files = Town().files()
    boundary = parse_polygon(files["boundary.geojson"]["features"][0]["geometry"]).geometry
    parks = [parse_polygon(feature["geometry"]).geometry for feature in files["parks.geojson"]["features"]]
    assert len(parks) == len(PARKS)
    assert all(boundary.covers(park) for park in parks)


def test_the_map_is_the_same_every_time() -> None:
    assert Town().files() == Town().files()


def test_there_are_words_for_every_service(tmp_path) -> None:
    from open311_api.cities.demo.files import write_demo_files

    city = read_city_file(write_demo_files(tmp_path)).city
    assert set(load_words().topics) == {service.code for service in city.services}


def _arrivals(now: datetime):
    return arrivals(load_words(), count=2000, now=now, zone=ZONE, random=Random("2026-03-04"))


def test_the_same_day_brings_the_same_reports_and_only_its_own_keep_up_with_the_clock() -> None:
    morning, evening = _arrivals(NOON), _arrivals(NOON + timedelta(hours=6))
    assert _arrivals(NOON) == morning
    assert [arrival.service_code for arrival in morning] == [arrival.service_code for arrival in evening]
    today = NOON.astimezone(ZONE).date()
    before = [arrival for arrival in morning if arrival.at.astimezone(ZONE).date() < today]
    assert len(before) > 1900
    assert before == evening[: len(before)]


def test_reports_reach_from_two_years_ago_to_minutes_ago() -> None:
    times = [arrival.at for arrival in _arrivals(NOON)]
    assert times == sorted(times)
    assert NOON - timedelta(days=731) <= times[0] < NOON - timedelta(days=715)
    assert timedelta(minutes=1) < NOON - times[-1] < timedelta(minutes=5)
    assert all(at.microsecond == 0 for at in times)


def test_just_after_midnight_nothing_lies_in_the_future() -> None:
    midnight = datetime(2026, 3, 4, 7, 0, 20, tzinfo=UTC)
    assert max(arrival.at for arrival in _arrivals(midnight)) <= midnight


def test_snow_is_reported_in_winter_and_grass_in_summer() -> None:
    months = {
        code: {arrival.at.month for arrival in _arrivals(NOON) if arrival.service_code == code}
        for code in ("snow-ice", "tall-grass")
    }
    assert not {6, 7, 8} & months["snow-ice"]
    assert {5, 6, 7} <= months["tall-grass"]
