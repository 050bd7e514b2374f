"""Lists of service requests: fields, filters, order, volume (C-149 to C-156, C-168 to C-185)."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from builders import ago, build_service_request, store
from conftest import Town
from reading import FIELDS, assert_refused, ids_of, requests_of

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "requests.json").read_text())
both = pytest.mark.parametrize("suffix", ["xml", "json"])


@pytest.mark.conformance("C-149")
def test_a_list_is_service_requests_of_request_elements_or_an_array(town: Town) -> None:
    store(town.database_url, build_service_request())
    root = ET.fromstring(town.get("requests.xml").content)
    assert root.tag == "service_requests"
    assert {child.tag for child in root} == {"request"}
    assert isinstance(town.get("requests.json").json(), list)


@both
@pytest.mark.conformance("C-150", "C-151")
def test_every_request_has_exactly_the_17_fields_in_the_documented_order(town: Town, suffix: str) -> None:
    full = build_service_request(
        status="closed",
        status_notes="Swept.",
        description="Big branch",
        service_notice="Soon",
        expected_datetime=ago(days=-1),
        address="North Park",
        address_id="A-1",
        zipcode="03581",
        media_urls=["https://media.example/1.jpg", "https://media.example/2.jpg"],
        title="Branch",
        channel="phone",
        extended_attributes={"ward": 7},
    )
    bare = build_service_request(lat=None, long=None)
    store(town.database_url, full, bare)
    for request in (full, bare):
        (shown,) = requests_of(town.get(f"requests.{suffix}", params={"service_request_id": request.service_request_id}))
        assert tuple(shown) == FIELDS
    assert all(tuple(shown) == FIELDS for shown in requests_of(town.get(f"requests.{suffix}")))


@pytest.mark.conformance("C-152")
def test_codes_and_ids_stay_strings_whatever_they_look_like(town: Town) -> None:
    store(town.database_url, build_service_request("00731", service_code="0042", zipcode="03581", address_id="007"))
    (shown,) = town.get("requests.json", params={"service_request_id": "00731"}).json()
    assert shown["service_request_id"] == "00731"
    assert shown["service_code"] == "0042"
    assert shown["zipcode"] == "03581"
    assert shown["address_id"] == "007"
    (element,) = ET.fromstring(town.get("requests.xml", params={"service_request_id": "00731"}).content)
    assert [element.findtext(name) for name in ("service_request_id", "service_code", "zipcode")] == ["00731", "0042", "03581"]


@pytest.mark.conformance("C-153")
def test_coordinates_are_numbers_with_the_same_digits_in_both_formats_or_both_null(town: Town) -> None:
    place, nowhere = build_service_request(lat=52.0830999, long=5.0000001), build_service_request(lat=None, long=None)
    store(town.database_url, place, nowhere)
    params = {"service_request_id": place.service_request_id}
    answer = town.get("requests.json", params=params)
    assert '"lat":52.0830999,"long":5.0000001,' in answer.text
    (shown,) = answer.json()
    assert isinstance(shown["lat"], float)
    (element,) = ET.fromstring(town.get("requests.xml", params=params).content)
    assert (element.findtext("lat"), element.findtext("long")) == ("52.0830999", "5.0000001")
    (shown,) = town.get("requests.json", params={"service_request_id": nowhere.service_request_id}).json()
    assert (shown["lat"], shown["long"]) == (None, None)


@both
@pytest.mark.conformance("C-154")
def test_status_is_open_or_closed_in_lower_case(town: Town, suffix: str) -> None:
    ids = store(town.database_url, build_service_request(), build_service_request(status="closed"))
    shown = requests_of(town.get(f"requests.{suffix}", params={"service_request_id": ",".join(ids)}))
    assert {request["service_request_id"]: request["status"] for request in shown} == {ids[0]: "open", ids[1]: "closed"}
    assert {request["status"] for request in requests_of(town.get(f"requests.{suffix}"))} <= {"open", "closed"}


@pytest.mark.conformance("C-155", "C-156")
def test_what_is_unknown_is_null_and_an_empty_element(town: Town) -> None:
    (identity,) = store(town.database_url, build_service_request(service_code="0042", lat=None, long=None))
    unknown = {
        "status_notes", "description", "service_notice", "expected_datetime", "address", "address_id", "zipcode", "lat", "long",
        "media_url",
    }  # fmt: skip
    (shown,) = town.get("requests.json", params={"service_request_id": identity}).json()
    assert {name for name, value in shown.items() if value is None} - {"agency_responsible"} == unknown
    text = town.get("requests.xml", params={"service_request_id": identity}).text
    assert all(f"<{name}/>" in text for name in unknown)


@both
@pytest.mark.conformance("C-156")
def test_media_url_is_one_absolute_url(town: Town, suffix: str) -> None:
    urls = ["https://media.example/a.jpg?x=1&y=2", "https://media.example/b.jpg"]
    (identity,) = store(town.database_url, build_service_request(media_urls=urls))
    (shown,) = requests_of(town.get(f"requests.{suffix}", params={"service_request_id": identity}))
    assert shown["media_url"] == urls[0]


@pytest.fixture(scope="module")
def open_and_closed(town: Town) -> tuple[str, str]:
    first, second = store(town.database_url, build_service_request(), build_service_request(status="closed"))
    return first, second


@both
@pytest.mark.conformance("C-168", "C-171")
@pytest.mark.parametrize("written", ["open", "OPEN", " Open ", "open,open", "open,"])
def test_status_shows_only_that_status(town: Town, open_and_closed: tuple[str, str], suffix: str, written: str) -> None:
    shown = requests_of(town.get(f"requests.{suffix}", params={"status": written}))
    assert {request["status"] for request in shown} == {"open"}
    assert open_and_closed[0] in [request["service_request_id"] for request in shown]


@both
@pytest.mark.conformance("C-168")
def test_status_closed_shows_only_closed_ones(town: Town, open_and_closed: tuple[str, str], suffix: str) -> None:
    shown = requests_of(town.get(f"requests.{suffix}", params={"status": "closed"}))
    assert {request["status"] for request in shown} == {"closed"}
    assert open_and_closed[1] in [request["service_request_id"] for request in shown]


@both
@pytest.mark.conformance("C-169", "C-170")
@pytest.mark.parametrize("query", ["status=open,closed", "status=open&status=closed", "status=closed%2Copen", "status="])
def test_two_statuses_are_a_union(town: Town, open_and_closed: tuple[str, str], suffix: str, query: str) -> None:
    assert set(open_and_closed) <= set(ids_of(town.get(f"requests.{suffix}?{query}")))


@both
@pytest.mark.conformance("C-171")
def test_an_unknown_status_is_refused_by_name(town: Town, suffix: str) -> None:
    assert_refused(town.get(f"requests.{suffix}", params={"status": "weird"}), 400, "status", "weird")


@both
@pytest.mark.conformance("C-172")
@pytest.mark.parametrize("query", ["service_code=two-required,a.b", "service_code=two-required&service_code=a.b"])
def test_several_service_codes_are_a_union(town: Town, suffix: str, query: str) -> None:
    wanted = store(town.database_url, *(build_service_request(service_code=code) for code in ("two-required", "a.b")))
    (other,) = store(town.database_url, build_service_request(service_code="fms"))
    shown = requests_of(town.get(f"requests.{suffix}?{query}"))
    assert {request["service_code"] for request in shown} == {"two-required", "a.b"}
    found = [request["service_request_id"] for request in shown]
    assert set(wanted) <= set(found)
    assert other not in found
    moments = [request["requested_datetime"] for request in shown]
    assert moments == sorted(moments, reverse=True)


@both
@pytest.mark.conformance("C-173")
def test_an_unknown_service_code_matches_nothing(town: Town, suffix: str) -> None:
    answer = town.get(f"requests.{suffix}", params={"service_code": "nope"})
    assert ids_of(answer) == []
    known = store(town.database_url, build_service_request(service_code="a.b"))
    assert set(known) <= set(ids_of(town.get(f"requests.{suffix}", params={"service_code": "nope,a.b"})))


@both
@pytest.mark.conformance("C-174")
def test_filters_hold_together(town: Town, suffix: str) -> None:
    wanted, other_status, other_service, too_old = store(
        town.database_url,
        build_service_request(service_code="street light", requested_datetime=ago(hours=1)),
        build_service_request(service_code="street light", requested_datetime=ago(hours=1), status="closed"),
        build_service_request(service_code="fms", requested_datetime=ago(hours=1)),
        build_service_request(service_code="street light", requested_datetime=ago(hours=3)),
    )
    params = {"service_code": "street light", "status": "open", "start_date": ago(hours=2).isoformat()}
    found = ids_of(town.get(f"requests.{suffix}", params=params))
    assert wanted in found
    assert not {other_status, other_service, too_old} & set(found)


@both
@pytest.mark.conformance("C-175", "C-176", "C-178")
def test_ids_are_found_however_old_and_unknown_ones_are_left_out(town: Town, suffix: str) -> None:
    old, older = store(
        town.database_url,
        build_service_request(requested_datetime=ago(days=200)),
        build_service_request(requested_datetime=ago(days=2000)),
    )
    assert ids_of(town.get(f"requests.{suffix}", params={"service_request_id": old})) == [old]
    assert ids_of(town.get(f"requests.{suffix}", params={"service_request_id": f"{older},{old},unknown"})) == [old, older]
    assert ids_of(town.get(f"requests.{suffix}?service_request_id={older}&service_request_id={old}")) == [old, older]
    assert ids_of(town.get(f"requests.{suffix}", params={"service_request_id": "unknown"})) == []


@both
@pytest.mark.conformance("C-177")
@pytest.mark.parametrize(
    "others",
    [
        {"status": "closed"},
        {"service_code": "nope"},
        {"start_date": "2001-01-01", "end_date": "2001-01-02"},
        {"page": "9", "page_size": "1"},
        {"bbox": "0,0,1,1"},
        {"q": "nothing"},
        {"status": "weird", "start_date": "garbage", "page_size": "x"},
    ],
)
def test_ids_override_every_other_filter(town: Town, suffix: str, others: dict[str, str]) -> None:
    ids = store(town.database_url, build_service_request(), build_service_request(requested_datetime=ago(days=100)))
    answer = town.get(f"requests.{suffix}", params={"service_request_id": ",".join(ids), **others})
    assert ids_of(answer) == ids


@both
@pytest.mark.conformance("C-179")
def test_two_thousand_ids_in_one_address_are_answered(town: Town, suffix: str) -> None:
    (identity,) = store(town.database_url, build_service_request())
    many = [f"SR-2025-{number:06}" for number in range(2000)]
    address = f"requests.{suffix}?service_request_id={','.join([*many, identity])}"
    assert len(address) > 30_000
    assert ids_of(town.get(address)) == [identity]


@both
@pytest.mark.conformance("C-179", "C-181")
def test_a_list_of_ids_is_not_capped_at_a_thousand(town: Town, suffix: str) -> None:
    ids = store(
        town.database_url,
        *(build_service_request(f"N-{suffix}-{number}", requested_datetime=ago(days=120)) for number in range(1100)),
    )
    found = ids_of(town.get(f"requests.{suffix}", params={"service_request_id": ",".join(ids)}))
    assert sorted(found) == sorted(ids)


@both
@pytest.mark.conformance("C-180")
def test_blanks_and_empty_items_in_lists_are_ignored(town: Town, suffix: str) -> None:
    one, two = store(town.database_url, build_service_request(), build_service_request(requested_datetime=ago(hours=5)))
    assert ids_of(town.get(f"requests.{suffix}?service_request_id=,%20{one}%20,,%20{two},{one},")) == [one, two]
    codes = {request["service_code"] for request in requests_of(town.get(f"requests.{suffix}?service_code=,%20tree-down%20,,"))}
    assert codes == {"tree-down"}


@both
@pytest.mark.conformance("C-181", "C-182")
def test_the_newest_thousand_are_shown_newest_first_with_the_greater_id_before(town: Town, suffix: str) -> None:
    """1,200 requests, many of them of the same second."""
    start = ago(days=300 if suffix == "xml" else 320)
    prefix = f"K{suffix}"
    rows = [
        build_service_request(f"{prefix}-{number:05}", requested_datetime=start.replace(second=number % 7))
        for number in range(1200)
    ]
    store(town.database_url, *rows)
    params = {"start_date": start.replace(second=0).isoformat(), "end_date": start.replace(second=59).isoformat()}
    found = ids_of(town.get(f"requests.{suffix}", params=params))
    ordered = sorted(rows, key=lambda row: (row.columns["requested_datetime"], row.service_request_id), reverse=True)
    expected = [row.service_request_id for row in ordered if row.service_request_id.startswith(prefix)]
    assert len(found) == 1000
    assert [identity for identity in found if identity.startswith(prefix)] == expected[: len(found)]
    assert len(ids_of(town.get(f"requests.{suffix}", params={"start_date": ago(days=400).isoformat()}))) == 1000


@pytest.mark.conformance("C-183")
def test_nothing_found_is_an_empty_list(town: Town) -> None:
    params = {"start_date": "1999-01-01", "end_date": "1999-01-02"}
    answer = town.get("requests.json", params=params)
    assert (answer.status_code, answer.text) == (200, "[]")
    answer = town.get("requests.xml", params=params)
    assert answer.status_code == 200
    root = ET.fromstring(answer.content)
    assert (root.tag, len(root), root.text) == ("service_requests", 0, None)


@pytest.mark.conformance("C-185")
def test_lists_validate_against_the_public_schema(town: Town) -> None:
    store(
        town.database_url,
        build_service_request(lat=None, long=None),
        build_service_request(status="closed", zipcode="01", media_urls=["https://media.example/a.jpg"], expected_datetime=ago()),
    )
    shown = town.get("requests.json").json()
    assert len(shown) >= 2
    validator = jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    validator.validate(shown)
    (identity,) = store(town.database_url, build_service_request())
    validator.validate(town.get(f"requests/{identity}.json").json())
    broken = [{**shown[0], "zipcode": 1}]
    assert not validator.is_valid(broken)


@both
def test_private_rejected_and_unmoderated_requests_are_in_no_list(town: Town, suffix: str) -> None:
    hidden = store(
        town.database_url,
        build_service_request(visibility="private"),
        build_service_request(moderation="pending"),
        build_service_request(moderation="rejected"),
    )
    (shown,) = store(town.database_url, build_service_request())
    found = ids_of(town.get(f"requests.{suffix}"))
    assert shown in found
    assert not set(hidden) & set(found)
    assert ids_of(town.get(f"requests.{suffix}", params={"service_request_id": ",".join([*hidden, shown])})) == [shown]
