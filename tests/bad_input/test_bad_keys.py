"""Bad-input list, group E: keys (150 to 156, 158 to 161, 178, 179)."""

from __future__ import annotations

import time
from statistics import median

import pytest

from bad_input.hostile import Hostile, make_key
from servers import open311

NEVER_MADE = "o311_live_AAAAAAAA_" + "B" * 43


def refused_key(hostile: Hostile, key: str | None, *, names: str = "api_key") -> None:
    """As a form field, in both headers, and in the query: 403 everywhere, and never said which part was wrong."""
    hostile.refuse(key=key, status=403, names=names)
    if not key or not key.isascii() or not key.isprintable():
        return
    for headers in ({"X-Api-Key": key}, {"Authorization": f"Bearer {key}"}):
        hostile.refuse(key=None, status=403, names=names, headers=headers)
    before = hostile.stored()
    answer = hostile.server.client.post("/open311/v2/requests.json", params={"api_key": key}, data={"service_code": "pothole"})
    assert answer.status_code == 403
    assert hostile.stored() == before
    assert key not in answer.text
    # A key that is worth nothing does not matter where none is needed (contract 1.6).
    assert hostile.get("services.json", params={"api_key": key}).status_code == 200
    assert hostile.get("services.json", headers={"X-Api-Key": key}).status_code == 200


@pytest.mark.bad_input(150)
def test_no_key(single: Hostile) -> None:
    refused_key(single, None)


@pytest.mark.bad_input(151)
def test_an_empty_key(single: Hostile) -> None:
    refused_key(single, "")
    single.refuse(key="   ", status=403, names="api_key")


@pytest.mark.bad_input(152)
def test_a_key_nobody_made(single: Hostile) -> None:
    refused_key(single, NEVER_MADE)
    refused_key(single, "secret")
    refused_key(single, "' OR 1=1 --")


@pytest.mark.bad_input(153)
def test_a_revoked_key_stops_at_once(single: Hostile) -> None:
    key = make_key(single.env, "holeburg.example")
    single.accept({"api_key": key})
    done = open311("keys", "revoke", key.split("_")[2], env=single.env)
    assert done.returncode == 0, done.stderr
    refused_key(single, key)


@pytest.mark.bad_input(154)
def test_an_expired_key(single: Hostile) -> None:
    key = make_key(single.env, "holeburg.example")
    single.sql("UPDATE api_key_secret SET not_after = now() - interval '1 second' WHERE key_id = $1", key.split("_")[2])
    refused_key(single, key)


@pytest.mark.bad_input(155)
def test_a_key_of_another_jurisdiction(several: Hostile) -> None:
    key = make_key(several.env, "nowhere.example")
    several.refuse({"jurisdiction_id": "holeburg.example"}, key=key, status=403, names="jurisdiction_id")
    several.accept({"jurisdiction_id": "nowhere.example", "api_key": key})


@pytest.mark.bad_input(156)
def test_the_right_beginning_and_a_wrong_secret(single: Hostile) -> None:
    beginning, _, secret = single.key.rpartition("_")
    refused_key(single, f"{beginning}_{secret[::-1]}")
    refused_key(single, single.key[:-1])
    refused_key(single, single.key + "x")


@pytest.mark.bad_input(156)
def test_a_wrong_secret_takes_as_long_as_an_unknown_key(single: Hostile) -> None:
    """No oracle: the medians of many tries differ by less than the tries among themselves."""
    beginning, _, secret = single.key.rpartition("_")
    times: dict[str, list[float]] = {NEVER_MADE: [], f"{beginning}_{secret[::-1]}": []}
    for _ in range(60):
        for key, taken in times.items():
            started = time.perf_counter()
            single.send(single.form(key=key))
            taken.append(time.perf_counter() - started)
    unknown, wrong = (sorted(taken) for taken in times.values())
    assert abs(median(unknown) - median(wrong)) < max(0.002, unknown[45] - unknown[15])


@pytest.mark.bad_input(158)
def test_a_key_of_ten_kib(single: Hostile) -> None:
    refused_key(single, "k" * 10 * 1024)
    refused_key(single, single.key + "k" * 10 * 1024)


@pytest.mark.bad_input(159)
@pytest.mark.parametrize("key", ["o311_live_\0", "schlüssel", "钥匙", "o311\r\nX: y", "\u202e"])
def test_a_key_that_is_not_plain_text(single: Hostile, key: str) -> None:
    refused_key(single, key)
    before = single.stored()
    answer = single.send(single.form(key=None), headers={"X-Api-Key": "schl\xfcssel".encode("latin-1")})  # type: ignore[dict-item]
    assert answer.status_code == 403
    assert single.stored() == before


@pytest.mark.bad_input(160)
def test_of_two_keys_the_header_counts(single: Hostile) -> None:
    """Contract 1.6 names the order: Authorization, X-Api-Key, form, query."""
    good, bad = single.key, NEVER_MADE
    single.accept_body(single.form(key=bad), headers={"Authorization": f"Bearer {good}", "X-Api-Key": bad})
    single.accept_body(single.form(key=bad), headers={"X-Api-Key": good})
    single.refuse(key=good, status=403, names="api_key", headers={"Authorization": f"Bearer {bad}"})
    single.refuse(key=good, status=403, names="api_key", headers={"X-Api-Key": bad})


@pytest.mark.bad_input(161)
def test_a_key_that_may_only_read(single: Hostile) -> None:
    key = make_key(single.env, "holeburg.example", "requests:read_private", "events:read")
    refused_key(single, key, names="requests:write")


@pytest.mark.bad_input(178)
def test_no_scope_comes_from_a_request(single: Hostile) -> None:
    """Nothing a client sends widens its key, and no key is made over HTTP."""
    key = make_key(single.env, "holeburg.example", "events:read")
    before = single.sql("SELECT count(*), array_agg(scopes::text ORDER BY api_key_key) FROM api_key")
    single.refuse({"scopes": "admin", "scope": "requests:write", "scopes[]": "admin"}, key=key, status=403, names="scope")
    for path in ("/api/v1/keys", "/open311/v2/keys.json"):
        answer = single.server.client.post(path, json={"scopes": ["admin"], "name": "x"}, headers={"X-Api-Key": key})
        assert answer.status_code in (403, 404, 405)
    done = open311("keys", "create", "--scope", "everything", "--json", env=single.env)
    assert done.returncode != 0
    assert single.sql("SELECT count(*), array_agg(scopes::text ORDER BY api_key_key) FROM api_key") == before


@pytest.mark.bad_input(179)
def test_a_hundred_bad_keys_a_minute(counting: Hostile) -> None:
    answers = [counting.send(counting.form(key=f"o311_live_{number:08}_{'B' * 43}")) for number in range(100)]
    codes = [answer.status_code for answer in answers]
    assert set(codes) == {403, 429}
    assert 50 <= codes.count(403) <= 70
    last = answers[-1]
    assert int(last.headers["retry-after"]) >= 1
    assert last.json()[0]["code"] == 429
    # The right key is not tried either, or guessing would go on behind the wall.
    assert counting.send(counting.form()).status_code == 429


@pytest.mark.bad_input(179)
def test_too_many_reads(counting: Hostile) -> None:
    answers = [counting.server.client.get("/open311/v2/services.json") for _ in range(120)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].headers["ratelimit-policy"] == '"minute";q=60;w=60'
    assert refused[0].json()[0]["code"] == 429
    # Whoever watches over the server is never told to wait.
    assert counting.server.client.get("/health/ready").status_code == 200
