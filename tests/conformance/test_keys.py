"""Who may report (contract 1.6 and 11.4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from wire import SUFFIXES, one, refusals

from conftest import JURISDICTION, LAKESIDE, RIVERTON, Town

LAKE = "lakeside.example"


@pytest.fixture(scope="module")
def town(make_town: Callable[..., Town]) -> Town:
    """Two cities: keys belong to cities."""
    town = make_town(cities=(RIVERTON, LAKESIDE))
    town.post_defaults["jurisdiction_id"] = JURISDICTION
    return town


@pytest.fixture(scope="module")
def identity(town: Town) -> str:
    return town.report()


@pytest.mark.conformance("C-042")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_without_a_key_nothing_is_taken(town: Town, suffix: str) -> None:
    assert refusals(town.post(suffix, api_key=None), 403) == ["api_key is missing or not valid"]


@pytest.mark.conformance("C-043")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "wrong", ["wrong", "o311_live_AAAAAAAA_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", "ключ", "a b", "'; --", "x" * 5000]
)
def test_a_wrong_key_is_refused(town: Town, wrong: str, suffix: str) -> None:
    assert refusals(town.post(suffix, api_key=wrong), 403) == ["api_key is missing or not valid"]


@pytest.mark.conformance("C-043")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_key_with_one_letter_changed_is_refused(town: Town, suffix: str) -> None:
    changed = town.key[:-1] + ("A" if town.key[-1] != "A" else "B")
    assert refusals(town.post(suffix, api_key=changed), 403)


@pytest.mark.conformance("C-044")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("empty", ["empty", "blank"])
def test_an_empty_key_is_no_key(town: Town, empty: str, suffix: str) -> None:
    form = {**town.post_defaults, "api_key": {"empty": "", "blank": "  "}[empty]}
    answer = town.server.client.post(f"/open311/v2/requests.{suffix}", data=form)
    assert refusals(answer, 403) == ["api_key is missing or not valid"]


@pytest.mark.conformance("C-045")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_key_in_the_form_is_taken(town: Town, suffix: str) -> None:
    assert one(town.post(suffix), status=201)["service_request_id"]


@pytest.mark.conformance("C-046")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key"])
def test_a_key_in_a_header_is_taken(town: Town, header: str, suffix: str) -> None:
    value = f"Bearer {town.key}" if header == "Authorization" else town.key
    assert one(town.post(suffix, api_key=None, headers={header: value}), status=201)["service_request_id"]
    assert one(town.post(suffix, api_key="wrong", headers={header: value}), status=201), "the header is looked at first"
    assert refusals(town.post(suffix, headers={header: value[:-1]}), 403), "and decides"


@pytest.mark.conformance("C-047")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_key_serves_its_own_city_only(town: Town, suffix: str) -> None:
    lake_key = town.make_key(jurisdiction=LAKE)
    assert refusals(town.post(suffix, api_key=lake_key), 403)
    assert refusals(town.post(suffix, jurisdiction_id=LAKE), 403)
    assert one(town.post(suffix, api_key=lake_key, jurisdiction_id=LAKE), status=201)


@pytest.mark.conformance("C-048")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_revoked_key_is_refused_at_once(town: Town, suffix: str) -> None:
    made = json.loads(town.command("keys", "create", "--jurisdiction", JURISDICTION, "--scope", "requests:write", "--json"))
    assert one(town.post(suffix, api_key=made["key"]), status=201)
    town.command("keys", "revoke", made["key_id"])
    assert refusals(town.post(suffix, api_key=made["key"]), 403) == ["api_key is missing or not valid"]


@pytest.mark.conformance("C-048")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_key_that_may_only_read_is_refused(town: Town, suffix: str) -> None:
    assert "requests:write" in refusals(town.post(suffix, api_key=town.make_key("events:read")), 403)[0]


def reads(identity: str, suffix: str) -> list[str]:
    paths = ["services", "services/0042", "requests", f"requests/{identity}"]
    return [f"/open311/v2/{path}.{suffix}" for path in paths]


@pytest.mark.conformance("C-049")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_reading_needs_no_key(town: Town, identity: str, suffix: str) -> None:
    token = one(town.post(service_code="bulky-waste"), status=201)["token"]
    for path in [*reads(identity, suffix), f"/open311/v2/tokens/{token}.{suffix}"]:
        assert town.server.client.get(path, params={"jurisdiction_id": JURISDICTION}).status_code == 200, path
    for place in ("", "/open311", "/open311/v2"):
        assert town.server.client.get(f"{place}/discovery.{suffix}").status_code == 200


@pytest.mark.conformance("C-050")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("key", ["", "wrong", "x" * 5000, "%00", "é"])
def test_a_key_that_is_empty_or_unknown_does_not_disturb_reading(town: Town, identity: str, key: str, suffix: str) -> None:
    for path in reads(identity, suffix):
        plain = town.server.client.get(path, params={"jurisdiction_id": JURISDICTION})
        with_key = town.server.client.get(path, params={"jurisdiction_id": JURISDICTION, "api_key": key})
        assert (with_key.status_code, with_key.content) == (200, plain.content), path
    for headers in ({"Authorization": "Bearer wrong"}, {"X-Api-Key": "wrong"}, {"Authorization": "Basic d3Jvbmc="}):
        answer = town.server.client.get(path, params={"jurisdiction_id": JURISDICTION}, headers=headers)
        assert answer.status_code == 200


@pytest.mark.conformance("C-051")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_key_is_looked_at_before_anything_else(town: Town, suffix: str) -> None:
    for wrong in ({"service_code": None}, {"service_code": "nope"}, {"lat": "x"}, {"jurisdiction_id": "nowhere.example"}):
        assert refusals(town.post(suffix, api_key="wrong", **wrong), 403) == ["api_key is missing or not valid"]
        assert refusals(town.post(suffix, api_key=None, **wrong), 403) == ["api_key is missing or not valid"]
    assert refusals(town.post(suffix, jurisdiction_id="nowhere.example", service_code=None), 404), "then the jurisdiction"
    assert refusals(town.post(suffix, service_code="nope", lat="x"), 404), "then the service"
    assert refusals(town.post(suffix, service_code=None, lat="x"), 400) == ["service_code was not provided"]


@pytest.mark.conformance("C-052")
def test_a_key_is_never_repeated(town: Town) -> None:
    """Neither a good one nor a bad one, wherever it was sent: not in bodies, not in headers, not in the log."""
    client = town.server.client
    answers: list[httpx.Response] = []
    keys = [town.key, town.make_key(jurisdiction=LAKE), "o311_live_Wr0ngWr0_Wr0ngWr0ngWr0ngWr0ngWr0ngWr0ng", "S3cretOfNoKnownShape"]
    for key in keys:
        for suffix in SUFFIXES:
            path = f"/open311/v2/requests.{suffix}"
            form: dict[str, Any] = dict(town.post_defaults)
            bearer, header = {"Authorization": f"Bearer {key}"}, {"X-Api-Key": key}
            answers += [
                client.post(path, data={**form, "api_key": key}),
                client.post(path, data={**form, "api_key": key, "lat": "x"}),
                client.post(path, data={**form, "API_KEY": key}),
                client.post(path, json={**form, "api_key": key}),
                client.post(path, json={**form, "api_key": {"key": key}}),
                client.post(path, files={name: (None, value) for name, value in {**form, "api_key": key}.items()}),
                client.post(path, data=form, params={"api_key": key}),
                client.post(path, data=form, headers=bearer),
                client.post(path, data=form, headers=header),
                client.post(path, content=f"api_key={key}&x=%zz", headers={"Content-Type": "application/x-www-form-urlencoded"}),
                client.post(path, content=f'{{"api_key": "{key}', headers={"Content-Type": "application/json"}),
                client.get(path, params={"jurisdiction_id": JURISDICTION, "api_key": key, "page_size": "1"}),
                client.get(path, params={"jurisdiction_id": JURISDICTION, "API_KEY": key, "page_size": "1"}),
                client.get(path, params={"jurisdiction_id": JURISDICTION, "status": "weird", "api_key": key}),
                client.get(path, params={"jurisdiction_id": JURISDICTION}, headers=bearer),
                client.get(path, params={"api_key": key}),
                client.get("/open311/v2/services.yaml", params={"api_key": key}),
                client.delete(path, params={"api_key": key}, headers=header),
                client.get(f"/open311/v2/requests/{key}.xml", params={"jurisdiction_id": "nowhere.example"}),
            ]
    assert {answer.status_code for answer in answers} >= {200, 201, 400, 403, 404, 405}
    log = town.server.log_text()
    assert log.count("/open311/v2/requests") >= len(answers) / 2, "the log has a line for each answer"
    for key in keys:
        secret = key.rpartition("_")[2]
        for answer in answers:
            assert secret not in answer.text, answer.request.url
            assert secret not in str(answer.headers), answer.request.url
    for key in keys[:3]:
        assert key.rpartition("_")[2] not in log
    # What has not the shape of a key cannot be told from an id when it is sent as one; everywhere else it must not appear.
    lines = [line for line in log.splitlines() if keys[3] in line]
    assert all(f"/requests/{keys[3]}.xml" in line for line in lines), lines[:3]
