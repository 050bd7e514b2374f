"""Changing requests: one step, one version, one event; and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from management.office import Office, fields_of, make_key, problem


def _events(office: Office, identity: str) -> list[tuple[int, str]]:
    return [(item["sequence"], item["type"]) for item in office.read(f"requests/{identity}/history")["items"]]


def test_one_call_changes_many_things_as_one_event(office: Office) -> None:
    identity = office.report()
    wanted = {
        "detailed_status": "planned",
        "status_notes": "Wednesday\r\nat last",
        "department": "lighting",
        "title": "A tree",
        "description": "Bigger than thought",
        "address": "Mill Lane 12",
        "address_id": "ADR-1",
        "zipcode": "01234",
        "visibility": "masked",
        "moderation": "pending",
        "priority": 5,
        "expected_datetime": "2027-01-01T12:00:00Z",
    }
    answer = office.patch(identity, {**wanted, "public_note": "Soon", "private_note": "Ask Jo"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"2"'
    seen = answer.json()
    expected: dict[str, Any] = {
        **wanted,
        "status_notes": "Wednesday\nat last",
        "department": {"code": "lighting", "name": "Public Lighting"},
        "expected_datetime": "2027-01-01T13:00:00+01:00",
    }
    assert {name: seen[name] for name in expected} == expected
    assert seen == office.read(f"requests/{identity}")
    assert len(_events(office, identity)) == 2
    assert office.change(identity, title=None, expected_datetime=None)["title"] is None


@pytest.mark.bad_input(360)
def test_what_changes_nothing_makes_no_event(office: Office) -> None:
    identity = office.report()
    before = office.read(f"requests/{identity}")
    assert office.change(identity, status="open") == before
    assert office.change(identity) == before
    assert office.change(identity, department="parks", title=None, priority=0) == before
    assert _events(office, identity) == [(1, "service_request.created")]


@pytest.mark.bad_input(361)
def test_a_closed_request_opens_again(office: Office) -> None:
    identity = office.report()
    closed = office.change(identity, status="closed")
    assert (closed["status"], closed["detailed_status"]) == ("closed", "fixed")
    assert closed["closed_datetime"] == closed["updated_datetime"]
    again = office.change(identity, status="open")
    assert (again["status"], again["detailed_status"], again["closed_datetime"]) == ("open", "received", None)
    assert _events(office, identity)[1:] == [(2, "service_request.closed"), (3, "service_request.reopened")]


@pytest.mark.bad_input(362)
def test_writers_at_once_are_all_counted(office: Office) -> None:
    identity = office.report()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: office.patch(identity, {"private_note": f"note {number}"}), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert [sequence for sequence, _ in _events(office, identity)] == list(range(1, 18))


@pytest.mark.bad_input(363)
def test_a_stale_if_match_is_refused_with_the_present_state(office: Office) -> None:
    identity = office.report()
    old = office.get(f"requests/{identity}").headers["etag"]
    office.change(identity, detailed_status="on_hold")
    for tag in (old, 'W/"1"', '"nonsense"', "1", '"1", "3"'):
        refusal = problem(office.patch(identity, {"status": "closed"}, headers={"If-Match": tag}), 412)
        assert (refusal["current"]["version"], refusal["current"]["detailed_status"]) == (2, "on_hold")
    for number, tag in enumerate(('"2"', '"1", "3"', "*"), 3):
        assert office.patch(identity, {"private_note": "x"}, headers={"If-Match": tag}).json()["version"] == number


def test_a_stale_version_is_refused_with_the_present_state(office: Office) -> None:
    identity = office.report()
    office.change(identity, version=1, status_notes="Seen")
    refusal = problem(office.patch(identity, {"status": "closed", "version": 1}), 409)
    assert refusal["current"] == office.read(f"requests/{identity}")
    assert "version 2" in refusal["detail"]
    assert office.change(identity, status="closed", version=2)["version"] == 3


def test_of_two_writers_with_one_version_one_wins(office: Office) -> None:
    identity = office.report()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: office.patch(identity, {"title": f"t{number}", "version": 1}), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7


@pytest.mark.bad_input(368)
def test_the_servers_clock_counts(office: Office) -> None:
    identity = office.report()
    for name in ("updated_datetime", "requested_datetime", "closed_datetime"):
        assert fields_of(office.patch(identity, {"status": "closed", name: "2001-01-01T00:00:00Z"})) == {name}
    late = {"Date": "Mon, 01 Jan 2001 00:00:00 GMT"}
    closed = office.patch(identity, {"status": "closed"}, headers=late).json()
    assert closed["closed_datetime"] >= closed["requested_datetime"] > "2020"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": "weird"}, "status"),
        ({"status": None}, "status"),
        ({"status": ["open"]}, "status"),
        ({"detailed_status": "nope"}, "detailed_status"),
        ({"detailed_status": "fixed", "status": "open"}, "detailed_status"),
        ({"department": "nobody"}, "department"),
        ({"department": "x" * 300}, "department"),
        ({"department": None}, "department"),
        ({"department": "\0"}, "department"),
        ({"visibility": "secret"}, "visibility"),
        ({"moderation": ""}, "moderation"),
        ({"priority": 1e300}, "priority"),
        ({"priority": "1"}, "priority"),
        ({"priority": 101}, "priority"),
        ({"version": 0}, "version"),
        ({"version": 2**40}, "version"),
        ({"version": "1"}, "version"),
        ({"title": "x" * 301}, "title"),
        ({"title": {"a": 1}}, "title"),
        ({"description": "x" * 4001}, "description"),
        ({"public_note": "a\0b"}, "public_note"),
        ({"expected_datetime": "tomorrow"}, "expected_datetime"),
        ({"expected_datetime": "2027-01-01T12:00:00"}, "expected_datetime"),
        ({"expected_datetime": "9999-12-31T23:59:59-12:00"}, "expected_datetime"),
        ({"service_request_id": "SR-1"}, "service_request_id"),
        ({"api_key": "x"}, "api_key"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_stored(office: Office, shared: str, body: dict[str, Any], field: str) -> None:
    before = office.read(f"requests/{shared}")
    assert fields_of(office.patch(shared, {"private_note": "kept?", **body})) == {field}
    assert office.read(f"requests/{shared}") == before


@pytest.fixture(scope="module")
def shared(office: Office) -> str:
    return office.report()


def test_every_problem_is_listed_at_once(office: Office, shared: str) -> None:
    assert fields_of(office.patch(shared, {"status": "x", "priority": "y", "colour": "red"})) == {"status", "priority", "colour"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"\xff",
        b'{"status": NaN}',
        b'{"title": "\\ud800"',
        b"[" * 100_000,
        b'{"version":1' + b"1" * 5000 + b"}",
    ],
)
def test_bodies_that_are_no_change(office: Office, shared: str, body: bytes) -> None:
    before = office.read(f"requests/{shared}")
    answer = office.call("PATCH", f"requests/{shared}", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    problem(answer, answer.status_code)
    assert office.read(f"requests/{shared}") == before


def test_odd_text_is_tidied(office: Office, shared: str) -> None:
    body = b'{"title": " a\\ud800b\\u0007\\r\\nc ", "description": ""}'
    answer = office.call("PATCH", f"requests/{shared}", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["title"]) == (200, "ab c")


def test_a_body_too_large_is_refused(office: Office, shared: str) -> None:
    problem(office.patch(shared, {"description": "x" * 3_000_000}), 413)


def test_who_may_change(office: Office, shared: str) -> None:
    problem(office.patch(shared, {"status": "closed"}, key=None), 401)
    for key in (office.app, office.private):
        assert "requests:manage" in problem(office.patch(shared, {"status": "closed"}, key=key), 403)["detail"]
    foreign = make_key(office.env, "requests:manage", jurisdictions=("lakeside.example",))
    problem(office.patch(shared, {"status": "closed"}, key=foreign), 404)
    problem(office.patch("nothing", {"status": "closed"}), 404)
    problem(office.patch("a%00b", {"status": "closed"}), 404)
    assert office.read(f"requests/{shared}")["status"] == "open"


def test_the_history_reads_like_a_story(office: Office) -> None:
    identity = office.report()
    office.change(identity, department="lighting", private_note="Caller is Ann")
    office.change(identity, detailed_status="on_hold", status_notes="Waiting", priority=2)
    office.change(identity, status="closed", public_note="Done", private_note="Invoice 17")
    office.change(identity, status="open")
    items = office.read(f"requests/{identity}/history", key=office.private)["items"]
    assert [item["summary"] for item in items] == [
        "Reported through the API and sent to Parks; entered by App.",
        "Front desk passed it from Parks to Public Lighting and left a private note.",
        "Front desk moved it from “Received” to “On hold” and changed the status notes and priority.",
        "Front desk closed it as “Fixed” and left a public note and a private note.",
        "Front desk reopened it as “Received”.",
    ]
    assert [item["author"] for item in items] == ["App"] + ["Front desk"] * 4
    assert (items[1]["private_note"], items[1]["public_note"]) == ("Caller is Ann", None)
    assert (items[3]["private_note"], items[3]["public_note"]) == ("Invoice 17", "Done")
    assert items[2]["changes"]["detailed_status"] == {"from": "received", "to": "on_hold"}
    assert [item["status"] for item in items] == ["open", "open", "open", "closed", "open"]
    assert [item["at"] for item in items] == sorted(item["at"] for item in items)
    shown = office.public(identity)["notes"]
    assert "Invoice" not in str(shown)
    assert "Caller" not in str(shown)
    problem(office.get(f"requests/{identity}/history", key=office.app), 403)
    problem(office.get("requests/nothing/history"), 404)
