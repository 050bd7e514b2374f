"""Finding requests as staff: all of them, filtered, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from management.office import Office, fields_of, problem


def ids(office: Office, **params: Any) -> list[str | None]:
    return [item["service_request_id"] for item in office.read("requests", params=params)["items"]]


@pytest.fixture(scope="module")
def stock(office: Office) -> dict[str, str]:
    """A request of each kind, by name."""
    found = {name: office.report(description=f"Kind {name}") for name in ("plain", "private", "pending", "closed", "moved")}
    office.change(found["private"], visibility="private")
    office.change(found["pending"], moderation="pending")
    office.change(found["closed"], detailed_status="duplicate")
    office.change(found["moved"], department="lighting", address="Zebra Crossing 7")
    body = {"service_code": "hotline", "location": {"lat": 10, "long": -170}, "channel": "phone"}
    answer = office.call("POST", "requests", json=body)
    assert answer.status_code == 201, answer.text
    return {**found, "hotline": answer.json()["service_request_id"]}


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"status": "closed"}, {"closed"}),
        ({"detailed_status": "duplicate,fixed"}, {"closed"}),
        ({"service_code": "hotline"}, {"hotline"}),
        ({"department": "lighting"}, {"moved"}),
        ({"channel": "phone,mail"}, {"hotline"}),
        ({"visibility": "private"}, {"private", "hotline"}),
        ({"visibility": "private", "service_code": "tree-down"}, {"private"}),
        ({"moderation": "pending, rejected"}, {"pending"}),
        ({"q": "zebra"}, {"moved"}),
        ({"q": "Kind closed"}, {"closed"}),
        ({"q": "%"}, set()),
        ({"bbox": "-171,9,-169,11"}, {"hotline"}),
        ({"bbox": "170,9,-169,11"}, {"hotline"}),
        ({"bbox": "5,52,5.1,52.2"}, {"plain", "private", "pending", "closed", "moved"}),
        ({"requested_after": "2199-01-01T00:00:00Z"}, set()),
        ({"updated_before": "2001-01-01T00:00:00 02:00"}, set()),
        ({"requested_before": "2199-01-01T00:00:00Z", "updated_after": "2001-01-01T00:00:00Z", "status": "closed"}, {"closed"}),
    ],
)
def test_filters(office: Office, stock: dict[str, str], params: dict[str, str], names: set[str]) -> None:
    assert set(ids(office, **params)) == {stock[name] for name in names}


def test_pages_hold_everything_once_newest_first(office: Office, stock: dict[str, str]) -> None:
    whole = office.read("requests", params={"limit": 200})
    assert whole["next_cursor"] is None
    assert set(stock.values()) <= {item["service_request_id"] for item in whole["items"]}
    assert [item["requested_datetime"] for item in whole["items"]] == sorted(
        (item["requested_datetime"] for item in whole["items"]), reverse=True
    )
    walked, params = [], {"limit": "2"}
    while True:
        page = office.read("requests", params=params)
        walked += page["items"]
        if page["next_cursor"] is None:
            break
        assert len(page["items"]) == 2
        params["cursor"] = page["next_cursor"]
    assert walked == whole["items"]
    assert "contact" not in walked[0]


def test_the_link_leads_on(office: Office, stock: dict[str, str]) -> None:
    first = office.get("requests", params={"limit": 1, "status": "open"})
    address = first.headers["link"].partition(">")[0].removeprefix("<")
    path = address.partition("/api/v1/")[2]
    second = office.read(path)["items"]
    assert len(second) == 1
    assert second != first.json()["items"]


def test_a_request_without_an_id_is_there_with_its_token(office: Office) -> None:
    body = {"service_code": "bulky-waste", "address": "Mill Lane 12"}
    token = office.call("POST", "requests", json=body).json()["token"]
    found = office.read("requests", params={"service_code": "bulky-waste"})["items"]
    assert [item["token"] for item in found] == [token]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"status": "weird"}, "status"),
        ({"detailed_status": "nope"}, "detailed_status"),
        ({"service_code": "nothing"}, "service_code"),
        ({"department": "tree\0"}, "department"),
        ({"channel": "pigeon"}, "channel"),
        ({"visibility": "x"}, "visibility"),
        ({"moderation": "x"}, "moderation"),
        ({"requested_after": "yesterday"}, "requested_after"),
        ({"updated_before": "2026-01-01"}, "updated_before"),
        ({"updated_before": "9999-12-31T23:59:59-12:00"}, "updated_before"),
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "nan,1,2,3"}, "bbox"),
        ({"bbox": "1,5,2,3"}, "bbox"),
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "WyJ4IiwxXQ"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"q": "x" * 201}, "q"),
    ],
)
def test_what_cannot_be_asked_is_named(office: Office, params: dict[str, str], field: str) -> None:
    assert fields_of(office.get("requests", params=params)) == {field}


def test_odd_words_are_only_words(office: Office) -> None:
    for words in ("\0", "'", '"', "a & | ! :*", "\\", "((", "\u202e", "é"):
        assert office.get("requests", params={"q": words}).status_code == 200


def test_who_may_list(office: Office) -> None:
    problem(office.get("requests", key=None), 401)
    problem(office.get("requests", key=office.app), 403)
    assert office.get("requests", key=office.private).status_code == 200
