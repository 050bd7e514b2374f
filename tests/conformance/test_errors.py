"""What an error looks like (contract 1.4 and 11.11)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

import httpx
import pytest
from wire import CONTENT_TYPES, SUFFIXES, check_schema, refusals, value_of

from conftest import Town
from databases import fresh_database


def failures(town: Town, suffix: str) -> Iterator[httpx.Response]:
    """At least one of each kind of error a client can cause."""
    client, path = town.server.client, f"/open311/v2/requests.{suffix}"
    hostile = "<script>alert(1)</script>' OR 1=1; DROP TABLE service_request; --"
    yield town.get(f"services.{suffix}", params={"jurisdiction_id": "nowhere.example"})
    yield town.get(f"services/nope.{suffix}")
    yield town.get(f"requests/SR-0.{suffix}")
    yield town.get(f"tokens/nope.{suffix}")
    for name in ("status", "start_date", "end_date", "updated_after", "page", "page_size", "bbox", "sort", "lat", "radius"):
        yield town.get(f"requests.{suffix}", params={name: hostile})
    yield town.get(f"requests.{suffix}?start_date=2026-02-02&end_date=2026-01-01")
    yield town.get(f"services.{suffix}?lat=1")
    yield town.get(f"services.{suffix}?jurisdiction_id=%FF")
    yield town.post(suffix, api_key=None)
    yield town.post(suffix, api_key="wrong")
    yield town.post(suffix, service_code=None)
    yield town.post(suffix, service_code="nope")
    yield town.post(suffix, service_code="0042", lat="x", long=None, email="x", media_url="x", description="x" * 4001)
    yield town.post(suffix, lat=hostile, long=hostile, email=hostile, media_url=hostile)
    yield town.post(
        suffix, service_code="0042", **{"attribute[fault]": hostile, "attribute[lamps_out]": hostile, "attribute[": "x"}
    )
    yield client.post(path, content=b"{", headers={"Content-Type": "application/json"})
    yield client.post(path, content=b"\xff", headers={"Content-Type": "application/x-www-form-urlencoded"})
    yield client.post(path, content=b"x", headers={"Content-Type": "multipart/form-data; boundary=y"})
    yield client.post(path, content=b"x", headers={"Content-Type": "text/plain"})
    yield client.post(path, content=b"x=" + b"y" * 3_000_000, headers={"Content-Type": "application/x-www-form-urlencoded"})
    yield client.delete(path)
    yield client.put(f"/open311/v2/services.{suffix}")


@pytest.mark.conformance("C-197")
def test_an_error_in_xml(town: Town) -> None:
    for answer in failures(town, "xml"):
        root = ET.fromstring(answer.content)
        assert root.tag == "errors", answer.request.url
        assert len(root)
        for error in root:
            assert (error.tag, [child.tag for child in error]) == ("error", ["code", "description"])
            assert all(child.text for child in error)


@pytest.mark.conformance("C-198")
def test_an_error_in_json(town: Town) -> None:
    for answer in failures(town, "json"):
        check_schema(answer.json(), "errors")
        for error in answer.json():
            assert list(error) == ["code", "description"]
            assert type(error["code"]) is int
            assert isinstance(error["description"], str)


@pytest.mark.conformance("C-199")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_code_is_the_status(town: Town, suffix: str) -> None:
    seen = set()
    for answer in failures(town, suffix):
        assert {error["code"] for error in value_of(answer)} == {str(answer.status_code)}
        seen.add(answer.status_code)
    assert seen == {400, 403, 404, 405, 413}


@pytest.mark.conformance("C-200", "C-201")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_error_has_the_format_of_the_path_whatever_is_accepted(town: Town, suffix: str) -> None:
    for answer in failures(town, suffix):
        assert answer.headers.get_list("content-type") == [CONTENT_TYPES[suffix]], answer.request.url
    other = CONTENT_TYPES[next(name for name in SUFFIXES if name != suffix)]
    answer = town.get(f"requests/SR-0.{suffix}", headers={"Accept": other})
    assert answer.headers["content-type"] == CONTENT_TYPES[suffix]
    assert town.get(f"requests/SR-0.{suffix.upper()}").headers["content-type"] == CONTENT_TYPES[suffix]
    assert town.get("requests/SR-0", headers={"Accept": CONTENT_TYPES[suffix]}).headers["content-type"] == CONTENT_TYPES[suffix]


@pytest.mark.conformance("C-202")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_description_is_a_sentence_for_people(town: Town, suffix: str) -> None:
    """Hostile values that were sent come back, if at all, as escaped text between quotes; nothing of the inside is told."""
    inside = re.compile(
        r"Traceback|File \"|\.py\b|/usr/|/home/|site-packages|asyncpg|sqlalchemy|pydantic|psycopg"
        r"|\bSELECT\b|\bINSERT\b|\bUPDATE\b|\bWHERE\b|Exception|Error\b|object at 0x",
    )
    for answer in failures(town, suffix):
        for description in refusals(answer, answer.status_code):
            assert not inside.search(description), description
            assert "\n" not in description
            assert 5 < len(description) < 400
            assert "</" not in description.replace("<script>alert(1)</script>", ""), description


@pytest.fixture(scope="module")
def slow_town(make_town: Callable[..., Town], maintenance_url: str) -> Iterator[Town]:
    """Five calls a minute for an address, and as many for a key."""
    limits = {"OPEN311_RATE_ANONYMOUS": "5", "OPEN311_RATE_KEY": "5", "OPEN311_RATE_LIMIT_LOOPBACK": "true"}
    with fresh_database(maintenance_url) as url:
        yield make_town(database_url=url, worker=False, **limits)


@pytest.mark.conformance("C-203")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_too_many_reads_are_429_with_the_time_to_wait(slow_town: Town, suffix: str) -> None:
    answers = [slow_town.get(f"services.{suffix}") for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused, "nobody was stopped"
    for answer in refused:
        assert refusals(answer, 429)
        assert answer.headers["content-type"] == CONTENT_TYPES[suffix]
        assert 1 <= int(answer.headers["retry-after"]) <= 60


@pytest.mark.conformance("C-203")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_too_many_reports_are_429_with_the_time_to_wait(slow_town: Town, suffix: str) -> None:
    key = slow_town.make_key()
    answers = [slow_town.post(suffix, api_key=key) for _ in range(8)]
    assert answers[0].status_code == 201
    refused = [answer for answer in answers if answer.status_code != 201]
    assert refused, "nobody was stopped"
    for answer in refused:
        assert refusals(answer, 429)
        assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert slow_town.post(suffix, api_key=slow_town.make_key()).status_code == 201, "another key has its own measure"


@pytest.mark.conformance("C-203")
def test_whoever_waits_as_told_is_answered(slow_town: Town) -> None:
    while (answer := slow_town.get("services.json")).status_code == 200:
        pass
    time.sleep(int(answer.headers["retry-after"]))
    assert slow_town.get("services.json").status_code == 200
