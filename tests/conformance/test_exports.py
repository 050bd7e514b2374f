"""Lists as GeoJSON and CSV, and GeoReport Bulk (C-220, C-221)."""

from __future__ import annotations

import csv
import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from builders import StoredRequest, ago, build_service_request, store
from conftest import Town
from reading import FIELDS

COLUMNS = [
    "service_request_id", "requested_datetime", "updated_datetime", "closed_date", "status_description", "status_notes", "source",
    "service_name", "service_subtype", "description", "agency_responsible", "address", "lat", "long",
]  # fmt: skip
NASTY = 'He said "stop, now";\nthen <left> & came back, =1+1'


def object_of(word: str) -> dict[str, str]:
    """A filter that only the requests of one test match."""
    return {"service_object_type": "https://riverton.example/assets", "service_object_id": word}


def bulk(town: Town, path: str, **params: Any) -> httpx.Response:
    answer = town.server.client.get(f"/open311/bulk/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    """The records of a CSV file, which has CRLF between them and quotes around every cell."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.endswith("\r\n")
    lines = list(csv.reader(io.StringIO(answer.text, newline=""), strict=True))
    assert lines[0] == COLUMNS
    assert all(len(line) == len(COLUMNS) for line in lines)
    return [dict(zip(COLUMNS, line, strict=True)) for line in lines[1:]]


@pytest.fixture
def two(town: Town, unique: str) -> tuple[StoredRequest, StoredRequest]:
    """A closed one with everything, and a bare one without a place."""
    full = build_service_request(
        f"{unique}-1",
        service_code="0042",
        department="lighting",
        status="closed",
        requested_datetime=ago(hours=2),
        closed_datetime=ago(hours=1),
        status_notes=NASTY,
        description=NASTY,
        address="Mill Lane 12, Riverton",
        channel="phone",
        lat=52.1043001,
        long=5.0831,
        **object_of(unique),
    )
    bare = build_service_request(f"{unique}-2", lat=None, long=None, requested_datetime=ago(hours=1), **object_of(unique))
    store(town.database_url, full, bare)
    return full, bare


@pytest.mark.conformance("C-220")
def test_geojson_is_a_feature_collection_of_points_with_the_longitude_first(
    town: Town, two: tuple[StoredRequest, StoredRequest], unique: str
) -> None:
    answer = town.get("requests.geojson", params=object_of(unique))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json; charset=utf-8"
    document = answer.json()
    assert document["type"] == "FeatureCollection"
    bare, full = document["features"]
    assert {feature["type"] for feature in document["features"]} == {"Feature"}
    assert full["id"] == f"{unique}-1"
    assert full["geometry"] == {"type": "Point", "coordinates": [5.0831, 52.1043001]}
    assert bare["geometry"] is None
    assert list(full["properties"]) == [name for name in FIELDS if name not in ("lat", "long")]
    assert full["properties"]["description"] == NASTY
    assert full["properties"]["status"] == "closed"


@pytest.mark.conformance("C-221")
def test_csv_has_the_bulk_columns_in_order_and_quotes_what_needs_it(
    town: Town, two: tuple[StoredRequest, StoredRequest], unique: str
) -> None:
    bare, full = rows_of(town.get("requests.csv", params=object_of(unique)))
    assert (full["service_request_id"], bare["service_request_id"]) == (f"{unique}-1", f"{unique}-2")
    assert full["description"] == full["status_notes"] == NASTY
    assert full["address"] == "Mill Lane 12, Riverton"
    assert (full["lat"], full["long"]) == ("52.1043001", "5.0831")
    assert full["source"] == "Phone"
    assert full["agency_responsible"] == "Public Lighting"
    assert full["status_description"] == "fixed"
    assert bare["status_description"] == "received"
    assert full["closed_date"] == full["updated_datetime"] > full["requested_datetime"]
    assert {
        name: bare[name] for name in ("closed_date", "lat", "long", "address", "description", "service_subtype")
    } == dict.fromkeys(("closed_date", "lat", "long", "address", "description", "service_subtype"), "")


def test_bulk_json_and_xml_carry_the_same_records_as_the_csv(
    town: Town, two: tuple[StoredRequest, StoredRequest], unique: str
) -> None:
    as_csv = rows_of(bulk(town, "requests.csv", **object_of(unique)))
    answer = bulk(town, "requests.json", **object_of(unique))
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert [list(record) for record in answer.json()] == [COLUMNS, COLUMNS]
    as_json = [
        {name: "" if value is None else value if isinstance(value, str) else json.dumps(value) for name, value in record.items()}
        for record in answer.json()
    ]
    answer = bulk(town, "requests.xml", **object_of(unique))
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    root = ET.fromstring(answer.content)
    assert (root.tag, {child.tag for child in root}) == ("service_requests", {"request"})
    as_xml = [{child.tag: child.text or "" for child in record} for record in root]
    assert as_csv == as_json == as_xml


@pytest.mark.conformance("C-220", "C-221")
def test_exports_take_the_filters_and_refuse_as_lists_do(town: Town, two: tuple[StoredRequest, StoredRequest], unique: str) -> None:
    closed = {**object_of(unique), "status": "closed"}
    assert [row["service_request_id"] for row in rows_of(town.get("requests.csv", params=closed))] == [f"{unique}-1"]
    assert [item["id"] for item in town.get("requests.geojson", params=closed).json()["features"]] == [f"{unique}-1"]
    assert [row["service_request_id"] for row in bulk(town, "requests.json", **closed).json()] == [f"{unique}-1"]
    ids = {"service_request_id": f"{unique}-1,{unique}-2,unknown"}
    assert [row["service_request_id"] for row in rows_of(town.get("requests.csv", params=ids))] == [f"{unique}-2", f"{unique}-1"]
    two_rows = {**object_of(unique), "page_size": "1", "page": "2"}
    assert [row["service_request_id"] for row in rows_of(town.get("requests.csv", params=two_rows))] == [f"{unique}-1"]
    for path in ("requests.csv", "requests.geojson"):
        assert town.get(path, params={"status": "weird"}).status_code == 400
        empty = town.get(path, params={"service_code": "nope"})
        assert empty.status_code == 200
    assert town.get("requests.geojson", params={"service_code": "nope"}).json() == {"type": "FeatureCollection", "features": []}
    assert rows_of(town.get("requests.csv", params={"service_code": "nope"})) == []
    assert bulk(town, "requests.json", service_code="nope").json() == []
    assert len(ET.fromstring(bulk(town, "requests.xml", service_code="nope").content)) == 0


@pytest.fixture(scope="module")
def many(town: Town) -> list[str]:
    """2,500 requests, a hundred of every minute, newest first."""
    rows = [
        build_service_request(f"M-{number:05}", requested_datetime=ago(days=400, minutes=number // 100), **object_of("many"))
        for number in range(2500)
    ]
    store(town.database_url, *rows)
    ordered = sorted(rows, key=lambda row: (row.columns["requested_datetime"], row.service_request_id), reverse=True)
    return [row.service_request_id for row in ordered]


@pytest.mark.conformance("C-220", "C-221")
@pytest.mark.parametrize("sort", [None, "-updated_datetime", "-service_request_id", "status", "service_code"])
def test_exports_have_every_match_not_the_first_thousand(town: Town, many: list[str], sort: str | None) -> None:
    params = {**object_of("many"), "start_date": ago(days=500).isoformat(), **({"sort": sort} if sort else {})}
    exports = {
        "csv": [row["service_request_id"] for row in rows_of(town.get("requests.csv", params=params))],
        "geojson": [item["id"] for item in town.get("requests.geojson", params=params).json()["features"]],
        "bulk json": [row["service_request_id"] for row in bulk(town, "requests.json", **params).json()],
        "bulk xml": [row.findtext("service_request_id") for row in ET.fromstring(bulk(town, "requests.xml", **params).content)],
    }
    for kind, found in exports.items():
        assert sorted(filter(None, found)) == sorted(many), kind
        if sort is None:
            assert found == many, kind


def test_exports_are_sent_in_pieces(town: Town, many: list[str]) -> None:
    params = {**object_of("many"), "start_date": ago(days=500).isoformat()}
    with town.server.client.stream("GET", "/open311/v2/requests.csv", params=params) as answer:
        assert answer.status_code == 200
        assert "content-length" not in answer.headers
        assert sum(len(piece) for piece in answer.iter_bytes()) > 200_000


def test_a_search_is_exported_whole_and_once(town: Town, unique: str) -> None:
    rows = [
        build_service_request(description=f"{unique} branch", requested_datetime=ago(days=2, minutes=number))
        for number in range(1300)
    ]
    ids = store(town.database_url, *rows)
    found = [row["service_request_id"] for row in rows_of(town.get("requests.csv", params={"q": unique}))]
    assert found == ids


def test_several_exports_at_once_are_answered_or_asked_to_wait(town: Town, many: list[str]) -> None:
    params = {**object_of("many"), "start_date": ago(days=500).isoformat()}

    def export(_: int) -> httpx.Response:
        return httpx.get(f"{town.server.base}/requests.geojson", params=params, timeout=20)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(export, range(8)))
    assert {answer.status_code for answer in answers} <= {200, 503}
    whole = [answer for answer in answers if answer.status_code == 200]
    assert len(whole) >= 4
    assert all(len(answer.json()["features"]) == 2500 for answer in whole)
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 503)
    assert rows_of(town.get("requests.csv", params={**params, "page_size": "1"}))


def test_an_unchanged_export_answers_304(town: Town, many: list[str]) -> None:
    time.sleep(1.1)
    got = town.get("requests.csv", params=object_of("none"))
    again = town.get("requests.csv", params=object_of("none"), headers={"If-None-Match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = town.get("requests.geojson", params=object_of("none"), headers={"If-None-Match": got.headers["etag"]})
    assert other.status_code == 200


def test_exports_never_show_what_lists_hide(town: Town, unique: str) -> None:
    lat, long = 52.1034567, 5.0834567
    hidden = store(
        town.database_url,
        build_service_request(visibility="private", **object_of(unique)),
        build_service_request(moderation="pending", **object_of(unique)),
    )
    (masked,) = store(
        town.database_url,
        build_service_request(f"{unique}-m", visibility="masked", lat=lat, long=long, address="Secret Lane 1", description=unique),
    )
    for answer in (
        town.get("requests.csv", params={"q": unique}),
        town.get("requests.geojson", params={"q": unique}),
        bulk(town, "requests.json", q=unique),
        bulk(town, "requests.xml", q=unique),
    ):
        assert masked in answer.text
        assert "Secret Lane" not in answer.text
        assert str(lat) not in answer.text
        assert str(long) not in answer.text
    for answer in (town.get("requests.csv"), town.get("requests.geojson"), bulk(town, "requests.json")):
        assert not any(identity in answer.text for identity in hidden)


@pytest.mark.parametrize("path", ["requests.geojson", "requests.csv"])
def test_exports_exist_for_lists_only(town: Town, path: str) -> None:
    kind = path.partition(".")[2]
    (identity,) = store(town.database_url, build_service_request())
    assert town.get(f"requests/{identity}.{kind}").status_code == 404
    assert town.get(f"services.{kind}").status_code == 404
