"""Reports taken down for somebody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from management.office import Office, fields_of, problem

PLACE = {"lat": 52.1, "long": 5.05}


def create(office: Office, key: str | None = "", headers: dict[str, str] | None = None, **fields: Any) -> Any:
    body = {"service_code": "tree-down", "location": PLACE, **fields}
    return office.call("POST", "requests", json=body, key=key, headers=headers or {})


def created(office: Office, **fields: Any) -> Any:
    """Stored; the request as staff sees it."""
    answer = create(office, **fields)
    assert answer.status_code == 201, answer.text
    shown = office.server.client.get(answer.headers["location"], headers={"X-Api-Key": office.staff})
    assert shown.status_code == 200, shown.text
    document = shown.json()
    assert document["service_request_id"] == answer.json()["service_request_id"]
    return document


def test_a_call_is_taken_down_with_everything(office: Office) -> None:
    seen = created(
        office,
        service_code="0042",
        channel="phone",
        department="parks",
        title="Dark",
        description="It is dark\r\nhere",
        address="Mill Lane 12",
        address_id="ADR-1",
        zipcode="01234",
        contact={"email": "ann@mail.example", "phone": "+31 20 555", "first_name": "Ann", "last_name": "Doe"},
        attributes={"fault": "dark", "hazard": ["wires", "crossing"], "lamps_out": 2, "colour": "red"},
    )
    assert (seen["channel"], seen["department"]["code"], seen["title"]) == ("phone", "parks", "Dark")
    assert (seen["description"], seen["address"], seen["zipcode"]) == ("It is dark\nhere", "Mill Lane 12", "01234")
    assert {(item["name"], item["value"]) for item in seen["attributes"]} == {
        ("fault", "Completely dark"),
        ("hazard", "Wires exposed"),
        ("hazard", "At a crossing"),
        ("lamps_out", "2"),
    }
    assert seen["extra_answers"] == {"colour": "red"}
    identity = seen["service_request_id"]
    contact = office.read(f"requests/{identity}?include=contact", key=office.private)["contact"]
    assert (contact["email"], contact["phone"], contact["last_name"]) == ("ann@mail.example", "+31 20 555", "Doe")
    first = office.read(f"requests/{identity}/history")["items"][0]
    assert first["summary"] == "Reported by phone and sent to Parks; entered by Front desk."
    assert "ann@" not in str(office.public(identity))


def test_the_service_decides_where_nobody_says(office: Office) -> None:
    seen = created(office)
    assert (seen["department"]["code"], seen["channel"]) == ("parks", "staff")
    assert created(office, location=None, address="Mill Lane 12")["location"] is None


def test_a_place_outside_is_kept_and_goes_to_triage(office: Office) -> None:
    far = {"lat": 10.0, "long": -0.0}
    seen = created(office, location=far)
    assert seen["location"] == {"lat": 10.0, "long": 0.0}
    assert seen["department"]["code"] == "triage"
    assert created(office, location=far, department="parks")["department"]["code"] == "parks"


def test_batch_and_blackbox_services(office: Office) -> None:
    answer = create(office, service_code="bulky-waste")
    assert answer.status_code == 201
    token = answer.json()["token"]
    assert office.server.client.get(answer.headers["location"]).json()[0]["token"] == token
    seen = created(office, service_code="hotline")
    assert seen["visibility"] == "private"


def test_a_repeat_is_answered_alike_and_stored_once(office: Office) -> None:
    headers = {"Idempotency-Key": "call 17"}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: create(office, headers=headers, title="Once"), range(12)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert "Idempotency-Key" in problem(create(office, headers=headers, title="Other"), 422)["detail"]
    for key in ("", "x" * 256, "a\tb"):
        problem(create(office, headers={"Idempotency-Key": key}), 400)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"service_code": "nothing"}, "service_code"),
        ({"service_code": None}, "service_code"),
        ({"service_code": "\0"}, "service_code"),
        ({"location": None}, "location"),
        ({"location": {"lat": 91, "long": 0}}, "location.lat"),
        ({"location": {"lat": 1}}, "location.long"),
        ({"location": {"lat": 1, "long": 1, "alt": 1}}, "location.alt"),
        ({"channel": "pigeon"}, "channel"),
        ({"department": "nobody"}, "department"),
        ({"contact": {"email": "ann"}}, "contact.email"),
        ({"contact": {"iban": "x"}}, "contact.iban"),
        ({"title": "x" * 301}, "title"),
        ({"service_code": "0042"}, "attribute[fault]"),
        ({"service_code": "0042", "attributes": {"fault": "blue"}}, "attribute[fault]"),
        ({"service_code": "0042", "attributes": {"fault": "dark", "lamps_out": "two"}}, "attribute[lamps_out]"),
        ({"service_code": "words-needed"}, "description"),
        ({"attributes": {"a": "\0"}}, "attributes"),
        ({"attributes": {str(number): "x" for number in range(101)}}, "attributes"),
        ({"requested_datetime": "2001-01-01T00:00:00Z"}, "requested_datetime"),
        ({"status": "closed"}, "status"),
    ],
)
def test_what_cannot_be_is_named(office: Office, fields: dict[str, Any], field: str) -> None:
    assert fields_of(create(office, **fields)) == {field}


@pytest.mark.bad_input(368)
def test_the_servers_clock_says_when_it_was_reported(office: Office) -> None:
    answer = create(office, headers={"Date": "Mon, 01 Jan 2001 00:00:00 GMT"})
    identity = answer.json()["service_request_id"]
    assert office.read(f"requests/{identity}")["requested_datetime"] > "2020"


def test_who_may_create(office: Office) -> None:
    problem(create(office, key=None), 401)
    problem(create(office, key=office.app), 403)
    problem(create(office, key=office.private), 403)
