"""Bad-input list, group J: submissions that come again (352 to 359)."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from bad_input.hostile import FORM, Hostile, make_key
from raw_http import request, send


def fresh() -> str:
    return uuid.uuid4().hex


def again(hostile: Hostile, key: str, **fields: object) -> httpx.Response:
    return hostile.send(hostile.form(fields), headers={"Idempotency-Key": key})


@pytest.mark.bad_input(352)
@pytest.mark.parametrize("service", ["pothole", "pickup"])
def test_fifty_at_once_make_one_request(single: Hostile, service: str) -> None:
    before, key = single.stored(), fresh()
    body = single.form({"service_code": service})

    def one(_: int) -> httpx.Response:
        headers = {"Content-Type": FORM, "Idempotency-Key": key}
        return httpx.post(f"{single.server.base}/requests.json", content=body, headers=headers, timeout=20)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(one, range(50)))
    assert {answer.status_code for answer in answers} == {201}, {answer.text for answer in answers}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert single.stored() == before + 1


@pytest.mark.bad_input(353)
def test_another_body_under_the_same_key(single: Hostile) -> None:
    key = fresh()
    assert again(single, key, description="first").status_code == 201
    single.refuse({"description": "second"}, names="Idempotency-Key", headers={"Idempotency-Key": key})
    assert again(single, key, description="first").status_code == 201


@pytest.mark.bad_input(354)
def test_another_path_is_another_operation(several: Hostile) -> None:
    """The jurisdiction may stand in the path alone: the bodies are equal then, the reports are not."""
    key, everywhere = fresh(), make_key(several.env, None)
    body = several.form(key=everywhere)
    answers = [
        several.server.client.post(
            f"/{city}/open311/v2/requests.json", content=body, headers={"Content-Type": FORM, "Idempotency-Key": key}
        )
        for city in ("holeburg.example", "nowhere.example", "holeburg.example")
    ]
    assert [answer.status_code for answer in answers] == [201] * 3
    first, other, repeated = (answer.json()[0]["service_request_id"] for answer in answers)
    assert first == repeated
    assert other.startswith("NW-")


@pytest.mark.bad_input(354)
def test_another_holder_is_not_the_same_client(single: Hostile) -> None:
    key, other = fresh(), make_key(single.env, "holeburg.example")
    before = single.stored()
    assert again(single, key).json() != again(single, key, api_key=other).json()
    assert single.stored() == before + 2


@pytest.mark.bad_input(355)
def test_a_key_of_256_characters(single: Hostile) -> None:
    single.refuse(names="Idempotency-Key", headers={"Idempotency-Key": "k" * 256})
    single.accept(headers={"Idempotency-Key": fresh() + "k" * (255 - 32)})
    single.refuse(names="Idempotency-Key", headers={"Idempotency-Key": ""})


@pytest.mark.bad_input(356)
@pytest.mark.parametrize("key", [b"a\x01b", b"a\tb", b"a\x7fb", "schlüssel".encode(), b"\xff\xfe"])
def test_a_key_with_control_characters(single: Hostile, key: bytes) -> None:
    before = single.stored()
    head = request("POST", "/open311/v2/requests.json", [("Content-Type", FORM), ("Idempotency-Key", "@@")], single.form())
    answer = send(single.server.url, head.replace(b"@@", key, 1))
    assert answer.status == 400
    assert single.stored() == before


@pytest.mark.bad_input(357)
def test_a_key_is_free_again_after_a_day(single: Hostile) -> None:
    key = fresh()
    first = again(single, key).json()
    single.sql("UPDATE idempotency_record SET created_at = now() - interval '23 hours' WHERE idempotency_key = $1", key)
    assert again(single, key).json() == first
    single.sql("UPDATE idempotency_record SET created_at = now() - interval '25 hours' WHERE idempotency_key = $1", key)
    second = again(single, key).json()
    assert second != first
    assert again(single, key).json() == second


@pytest.mark.bad_input(358)
def test_a_refused_body_does_not_use_up_the_key(single: Hostile) -> None:
    key = fresh()
    assert again(single, key, lat="91").status_code == 400
    assert again(single, key, service_code="unheard-of").status_code == 404
    assert again(single, key, api_key="wrong").status_code == 403
    assert again(single, key).status_code == 201


@pytest.mark.bad_input(359)
def test_without_a_key_the_same_body_is_two_requests(single: Hostile) -> None:
    before = single.stored()
    first, second = (single.send(single.form({"description": "the same"})).json() for _ in range(2))
    assert first != second
    assert single.stored() == before + 2
