"""Bad-input list, group C, second half: HTTP that no library would send (90 to 94, 97 to 104)."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from bad_input.hostile import FORM, Hostile, error_document, refused
from raw_http import RawAnswer, connect, read_answer, request, send

N = pytest.mark.bad_input
TARGET = "/open311/v2/requests.json"


def post(hostile: Hostile, *headers: tuple[str, str], body: bytes | None = None) -> bytes:
    return request("POST", TARGET, [("Content-Type", FORM), *headers], hostile.form() if body is None else body)


def nothing_stored(hostile: Hostile, *pieces: bytes, timeout: float = 10) -> RawAnswer:
    before = hostile.stored()
    answer = send(hostile.server.url, *pieces, timeout=timeout)
    assert b"Traceback" not in answer.body
    assert hostile.stored() == before
    return answer


REFUSED_BY_HTTP: list[Any] = [
    pytest.param([("Transfer-Encoding", "chunked")], b"xyz\r\nabc\r\n0\r\n\r\n", marks=N(90), id="90-chunk-size-xyz"),
    pytest.param([("Transfer-Encoding", "chunked")], b"-5\r\nabcde\r\n0\r\n\r\n", marks=N(90), id="90-negative-chunk"),
    pytest.param([("Transfer-Encoding", "chunked")], b"f" * 20 + b"\r\nabc\r\n0\r\n\r\n", marks=N(90), id="90-huge-chunk"),
    pytest.param([("Transfer-Encoding", "chunked")], b"3\r\nabcdef\r\n0\r\n\r\n", marks=N(90), id="90-chunk-too-long"),
    pytest.param([("Transfer-Encoding", "chunked, identity")], b"0\r\n\r\n", marks=N(90), id="90-strange-coding"),
    pytest.param([("Content-Length", "3"), ("Content-Length", "5")], b"abcde", marks=N(93), id="93-two-lengths"),
    pytest.param([("Content-Length", "5"), ("Content-Length", "5")], b"abcde", marks=N(93), id="93-two-equal-lengths"),
    pytest.param([("Content-Length", "5, 6")], b"abcde", marks=N(93), id="93-a-list"),
    pytest.param([("Content-Length", "-5")], b"abcde", marks=N(93), id="93-negative"),
    pytest.param([("Content-Length", "0x5")], b"abcde", marks=N(93), id="93-hexadecimal"),
    pytest.param([("Content-Length", "9" * 30)], b"abcde", marks=N(93), id="93-overflow"),
    pytest.param([("Content-Length", "5"), ("Transfer-Encoding", "chunked")], b"0\r\n\r\n", marks=N(94), id="94-both"),
    pytest.param([("Transfer-Encoding", "chunked"), ("Content-Length", "5")], b"0\r\n\r\n", marks=N(94), id="94-both-turned"),
]


@pytest.mark.parametrize("headers, body", REFUSED_BY_HTTP)
def test_http_that_can_be_read_two_ways_is_refused(single: Hostile, headers: list[tuple[str, str]], body: bytes) -> None:
    smuggled = request("DELETE", "/open311/v2/services.json")
    answer = nothing_stored(single, request("POST", TARGET, [("Content-Type", FORM), *headers], body) + smuggled)
    assert answer.status == 400, answer
    assert answer.closed
    assert answer.seconds < 1


@pytest.mark.bad_input(91)
def test_what_follows_the_announced_length_is_not_the_body(single: Hostile) -> None:
    body = single.form({"service_code": "words", "description": ""}) + b"&description=smuggled"
    short = str(len(body) - len(b"&description=smuggled"))
    answer = nothing_stored(single, request("POST", TARGET, [("Content-Type", FORM), ("Content-Length", short)], body))
    assert answer.status == 400
    assert "description is required" in answer.text
    good = single.form()
    before = single.stored()
    with connect(single.server.url) as stream:
        stream.sendall(request("POST", TARGET, [("Content-Type", FORM), ("Content-Length", str(len(good)))], good + b"garbage"))
        assert read_answer(stream).status == 201
        assert stream.recv(1) == b""
    assert single.stored() == before + 1


@pytest.mark.bad_input(92)
def test_a_body_that_never_comes(impatient: Hostile) -> None:
    answer = nothing_stored(impatient, post(impatient, ("Content-Length", "5000")))
    assert answer.status == 408
    assert answer.closed
    assert 0.9 < answer.seconds < 3
    assert error_document(answer.body, "json")[0][0] == 408


@pytest.mark.bad_input(103)
def test_a_body_that_was_asked_for_and_never_comes(impatient: Hostile) -> None:
    with connect(impatient.server.url) as stream:
        stream.sendall(request("POST", TARGET, [("Content-Type", FORM), ("Expect", "100-continue"), ("Content-Length", "50")]))
        assert read_answer(stream).status == 100
        answer = read_answer(stream)
    assert answer.status == 408


@pytest.mark.bad_input(103)
def test_too_large_a_body_is_not_asked_for(single: Hostile) -> None:
    headers = [("Content-Type", FORM), ("Expect", "100-continue"), ("Content-Length", "2000000"), ("X-Api-Key", single.key)]
    answer = nothing_stored(single, request("POST", TARGET, headers))
    assert answer.status == 413


@pytest.mark.bad_input(104)
@pytest.mark.parametrize("part", ["head", "body", "nothing"])
def test_a_client_that_drips_is_let_go(impatient: Hostile, part: str) -> None:
    whole = post(impatient)
    start = {"head": 10, "body": whole.index(b"\r\n\r\n") + 8, "nothing": 0}[part]
    pieces = [whole[index : index + 1] for index in range(start, len(whole))] if start else []
    before, begun = impatient.stored(), time.monotonic()
    with connect(impatient.server.url) as stream:
        stream.sendall(whole[:start])
        stream.settimeout(0.2)
        ended = False
        for piece in pieces or [b""] * 30:
            try:
                stream.sendall(piece)
                received = stream.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                received = b""
            ended = True
            break
    assert ended
    assert time.monotonic() - begun < 4
    if part == "body":
        assert b" 408 " in received
    assert impatient.stored() == before


@pytest.mark.bad_input(97)
def test_a_header_block_of_17_kib(single: Hostile) -> None:
    answer = nothing_stored(single, post(single, ("X-Long", "x" * 17 * 1024)))
    assert answer.status == 431
    assert answer.closed
    answer = nothing_stored(single, post(single, *((f"X-{number}", "x" * 50) for number in range(400))))
    assert answer.status == 431
    assert error_document(answer.body, "json")


@pytest.mark.bad_input(97)
def test_a_header_block_without_end(single: Hostile) -> None:
    head = f"GET {TARGET} HTTP/1.1\r\nHost: 311.example\r\n".encode()
    answer = send(single.server.url, head, *[b"X-More: " + b"x" * 8000 + b"\r\n"] * 20, pause=0.01)
    assert answer.status in (0, 431)
    assert answer.closed


@pytest.mark.bad_input(97)
def test_a_header_block_of_15_kib_is_fine(single: Hostile) -> None:
    answer = send(single.server.url, request("GET", "/open311/v2/services.json", [("X-Long", "x" * 15 * 1024)]))
    assert answer.status == 200


@pytest.mark.bad_input(98)
def test_an_address_longer_than_32_kib(single: Hostile) -> None:
    for suffix in ("json", "xml"):
        answer = single.get(f"requests.{suffix}?service_request_id=" + "x" * 33_000)
        refused(answer, 414, names="long", suffix=suffix)
    assert single.get("requests.json?service_request_id=" + "x" * 9000).status_code == 200
    ids = ",".join(f"HB-{number:06}" for number in range(2000))
    assert single.get(f"requests.json?service_request_id={ids}").status_code == 200


@pytest.mark.bad_input(99)
def test_a_method_override_is_no_method(single: Hostile) -> None:
    for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        assert single.get("services.json", headers={name: "DELETE"}).status_code == 200
        before = single.stored()
        answer = single.send(single.form({"_method": "DELETE"}), headers={name: "GET"})
        assert answer.status_code == 201
        assert single.stored() == before + 1


@pytest.mark.bad_input(100)
@pytest.mark.parametrize("method", ["TRACE", "PUT", "PATCH", "DELETE", "PROPFIND"])
def test_another_method_is_refused_with_those_that_work(single: Hostile, method: str) -> None:
    for suffix in ("json", "xml"):
        answer = send(single.server.url, request(method, f"/open311/v2/requests.{suffix}"))
        assert answer.status == 405
        assert error_document(answer.body, suffix)[0][0] == 405
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.bad_input(100)
@pytest.mark.parametrize(
    "line", ["FROBNICATE / HTTP/1.1", "get / HTTP/1.1", "GET / HTTP/9.9", "GET", "\0\0\0\0", "GET http://[ HTTP/1.1"]
)
def test_a_request_line_that_is_none(single: Hostile, line: str) -> None:
    answer = send(single.server.url, line.encode() + b"\r\nHost: x\r\n\r\n")
    assert answer.status in (400, 405, 501, 505)
    assert answer.seconds < 1


@pytest.mark.bad_input(100)
def test_connect_and_a_method_nobody_knows(single: Hostile) -> None:
    assert send(single.server.url, request("FROBNICATE", "/")).status == 501
    assert send(single.server.url, request("CONNECT", "127.0.0.1:22")).status in (400, 404, 405)


READS = (
    "services.json", "services.xml", "services/lamp.json", "services/lamp.xml", "requests.json", "requests.xml", "discovery.json",
    "discovery.xml", "coverage.json?lat=52.05&long=5.05", "requests.geojson", "requests.csv", "requests/none.json",
    "tokens/none.xml", "services.yaml", "",
)  # fmt: skip


@pytest.mark.bad_input(101)
@pytest.mark.parametrize("path", READS)
def test_head_has_the_headers_of_get_and_no_body(single: Hostile, path: str) -> None:
    passing = {"date", "x-request-id", "ratelimit", "transfer-encoding"}

    def headers_of(answer: httpx.Response) -> dict[str, str]:
        return {name: value for name, value in answer.headers.items() if name not in passing}

    # Last-Modified follows the clock until the last change is two seconds old: HEAD is held to two GETs that agree.
    for _ in range(20):
        before, head, after = single.get(path), single.server.client.head(f"/open311/v2/{path}"), single.get(path)
        if headers_of(before) == headers_of(after):
            break
        time.sleep(0.3)
    assert headers_of(before) == headers_of(after)
    assert head.status_code == before.status_code
    assert head.content == b""
    assert headers_of(head) == headers_of(before)


@pytest.mark.bad_input(102)
def test_a_page_of_another_origin_may_read_and_post(single: Hostile) -> None:
    asking = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "X-Api-Key",
    }
    answer = single.server.client.options(TARGET, headers=asking)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers
    assert single.server.client.options("/open311/v2/services.json", headers=asking).headers["allow"] == "GET, HEAD, OPTIONS"
