"""Bad-input list, group A: required and typed fields of a report (1 to 49)."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bad_input.hostile import Hostile, make_key

N = pytest.mark.bad_input

REFUSED: list[Any] = [
    pytest.param({"service_code": None}, 400, "service_code", marks=N(2), id="2-no-service_code"),
    pytest.param({"service_code": ""}, 400, "service_code", marks=N(3), id="3-empty-service_code"),
    pytest.param({"service_code": "unheard-of"}, 404, "unheard-of", marks=N(4), id="4-unknown-service_code"),
    pytest.param({"service_code": "gone"}, 404, "gone", marks=N(5), id="5-disabled-service"),
    pytest.param({"service_code": "x" * 300}, 400, "service_code", marks=N(6), id="6-long-service_code"),
    pytest.param({"service_code": "pot\0hole"}, 400, "service_code", marks=N(7), id="7-NUL-in-service_code"),
    pytest.param({"service_code": ["pothole", "words"]}, 400, "service_code", marks=N(8), id="8-two-service_codes"),
    pytest.param({"service_code": None, "service_code[]": "pothole"}, 400, "service_code", marks=N(9), id="9-array"),
    pytest.param({"lat": None, "long": None}, 400, "location", marks=N(10), id="10-no-place"),
    pytest.param({"long": None}, 400, "long", marks=N(11), id="11-lat-only"),
    pytest.param({"lat": None}, 400, "lat", marks=N(12), id="12-long-only"),
    pytest.param({"lat": "abc"}, 400, "lat", marks=N(13), id="13-lat-word"),
    pytest.param({"lat": "91"}, 400, "lat", marks=N(14), id="14-lat-91"),
    pytest.param({"lat": "-90.0000001"}, 400, "lat", marks=N(15), id="15-lat-below"),
    pytest.param({"long": "181"}, 400, "long", marks=N(16), id="16-long-181"),
    pytest.param({"lat": "NaN"}, 400, "lat", marks=N(17), id="17-NaN"),
    pytest.param({"lat": "Infinity"}, 400, "lat", marks=N(18), id="18-Infinity"),
    pytest.param({"lat": "1e400"}, 400, "lat", marks=N(19), id="19-1e400"),
    pytest.param({"lat": "0x10"}, 400, "lat", marks=N(20), id="20-hexadecimal"),
    pytest.param({"lat": "52,37"}, 400, "dot", marks=N(21), id="21-decimal-comma"),
    pytest.param({"lat": "5.05", "long": "52.05"}, 400, "swapped", marks=N(25), id="25-swapped"),
    pytest.param({"lat": "52.14", "long": "5.14"}, 400, "lat", marks=N(27), id="27-in-the-hole"),
    pytest.param({"address_string": "a" * 5000}, 400, "address_string", marks=N(29), id="29-long-address"),
    pytest.param({"description": "d" * 4001}, 400, "description", marks=N(32), id="32-long-description"),
    pytest.param({"service_code": "words", "description": "  \t \r\n "}, 400, "description", marks=N(33), id="33-blank"),
    pytest.param({"email": "not-an-email"}, 400, "email", marks=N(34), id="34-not-an-email"),
    pytest.param({"email": "z" * 309 + "@mail.example"}, 400, "email", marks=N(35), id="35-long-email"),
    pytest.param({"email": "a@mail.example\r\nBcc: b@mail.example"}, 400, "email", marks=N(36), id="36-header-injection"),
    pytest.param({"phone": "1" * 200}, 400, "phone", marks=N(37), id="37-long-phone"),
    pytest.param({"first_name": "Zebediah" + "h" * 1024 * 1024}, 413, "larger", marks=N(38), id="38-name-of-a-megabyte"),
    pytest.param({"media_url": "javascript:alert(1)"}, 400, "media_url", marks=N(41), id="41-javascript"),
    pytest.param({"jurisdiction_id": "atlantis.example"}, 404, "atlantis.example", marks=N(44), id="44-no-such-city"),
]


@pytest.mark.parametrize("fields, status, names", REFUSED)
def test_a_bad_field_is_refused_by_name(single: Hostile, fields: dict[str, Any], status: int, names: str) -> None:
    single.refuse(fields, status=status, names=names)


@pytest.mark.bad_input(1)
def test_a_post_without_a_body(single: Hostile) -> None:
    single.refuse_body(b"", kind=None, names="service_code", headers={"X-Api-Key": single.key})
    single.refuse_body(b"", kind=None, names="api_key", status=403)


ACCEPTED: list[Any] = [
    pytest.param({"lat": " 52.05 "}, {"lat": 52.05}, marks=N(22), id="22-blanks-around"),
    pytest.param({"lat": "52.0512345678901234567890123456789012345678"}, {"lat": 52.0512346}, marks=N(23), id="23-40-decimals"),
    pytest.param({"lat": "52.0", "long": "5.1"}, {"lat": 52.0}, marks=N(26), id="26-on-the-border"),
    pytest.param({"lat": None, "long": None, "address_id": "none-such"}, {"address_id": "none-such"}, marks=N(30), id="30-address"),
    pytest.param({"description": "d" * 4000}, {"description": "d" * 4000}, marks=N(31), id="31-4000-characters"),
    pytest.param({"device_id": "phone-😀"}, {}, marks=N(39), id="39-emoji-device"),
    pytest.param({"status": "closed"}, {"status": "open"}, marks=N(47), id="47-status"),
    pytest.param({"agency_responsible": "Somebody"}, {"agency_responsible": "Streets"}, marks=N(48), id="48-agency"),
    pytest.param({"flavour": "vanilla"}, {}, marks=N(49), id="49-unknown-field"),
]


@pytest.mark.parametrize("fields, shown", ACCEPTED)
def test_what_is_odd_but_clear_is_accepted(single: Hostile, fields: dict[str, Any], shown: dict[str, Any]) -> None:
    identity = single.accept(fields)
    document = single.get(f"requests/{identity}.json").json()[0]
    assert {name: document[name] for name in shown} == shown


@pytest.mark.bad_input(24)
def test_zero_zero_is_a_place_like_any_other(several: Hostile) -> None:
    key = make_key(several.env, "nowhere.example")
    identity = several.accept({"jurisdiction_id": "nowhere.example", "lat": "0", "long": "0", "api_key": key})
    shown = several.get(f"requests/{identity}.json", params={"jurisdiction_id": "nowhere.example"}).json()[0]
    assert (shown["lat"], shown["long"]) == (0, 0)
    triage = several.sql(
        "SELECT department_key FROM department JOIN jurisdiction USING (jurisdiction_key) "
        "WHERE triage AND jurisdiction_id = 'nowhere.example'"
    )
    assert several.row(identity)["department_key"] == triage[0][0]
    several.refuse({"jurisdiction_id": "holeburg.example", "lat": "0", "long": "0"}, names="lat")


@pytest.mark.bad_input(28)
def test_two_overlapping_areas_make_one_request_with_one_department(single: Hostile) -> None:
    identity = single.accept({"service_code": "both", "lat": "52.05", "long": "5.07"})
    assert single.row(identity)["department_key"] is not None
    events = single.sql(
        "SELECT e.department_key FROM event e JOIN service_request r USING (jurisdiction_key, request_key) "
        "WHERE r.service_request_id = $1",
        identity,
    )
    assert [event["department_key"] for event in events] == [single.row(identity)["department_key"]]


@pytest.mark.bad_input(40)
def test_an_account_is_written_down_and_never_shown(single: Hostile) -> None:
    identity = single.accept({"account_id": "quackenbush"})
    assert "quackenbush" not in single.get(f"requests/{identity}.json", params={"extensions": "true"}).text


@pytest.mark.bad_input(42)
def test_a_media_url_is_never_fetched(single: Hostile) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(1)
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/photo.jpg"
        identity = single.accept({"media_url": url})
        assert single.get(f"requests/{identity}.json").json()[0]["media_url"] == url
        with pytest.raises(TimeoutError):
            trap.accept()


@pytest.mark.bad_input(43)
def test_several_jurisdictions_need_a_name(several: Hostile) -> None:
    several.refuse({}, names="jurisdiction_id")


@pytest.mark.bad_input(45)
def test_a_key_of_another_jurisdiction(several: Hostile) -> None:
    several.refuse({"jurisdiction_id": "nowhere.example"}, status=403, names="jurisdiction_id")


@pytest.mark.bad_input(46)
def test_the_server_dates_reports_itself(single: Hostile) -> None:
    identity = single.accept({"requested_datetime": "1999-01-01T00:00:00Z"})
    assert single.row(identity)["requested_datetime"] > datetime.now(UTC) - timedelta(minutes=1)
