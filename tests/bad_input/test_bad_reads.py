"""Bad-input list, group D: ids, lists, filters and formats of reads (112 to 149)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

from bad_input.hostile import Hostile, make_key, refused

N = pytest.mark.bad_input


@pytest.fixture(scope="module")
def filed(single: Hostile) -> list[str]:
    """Three requests, oldest first."""
    return [single.accept({"description": f"filed {number} 100% sure_thing"}) for number in range(3)]


def ids_of(hostile: Hostile, path: str, **parameters: Any) -> list[str]:
    answer = hostile.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return [document["service_request_id"] for document in answer.json()]


REFUSED: list[Any] = [
    pytest.param("requests/none", {}, 404, "none", marks=N(112), id="112-unknown-id"),
    pytest.param("requests/..%2F..%2Fetc%2Fpasswd", {}, 404, "", marks=N(113), id="113-dots"),
    pytest.param("requests/" + "x" * 10_000, {}, 404, "", marks=N(114), id="114-id-of-10000"),
    pytest.param("requests/nul%00", {}, 404, "nul", marks=N(112), id="112-NUL"),
    pytest.param("requests/%FF%FE", {}, 404, "", marks=N(112), id="112-not-UTF-8"),
    pytest.param("services/nul%00", {}, 404, "nul", marks=N(112), id="112-NUL-service"),
    pytest.param("requests", {"status": "foo"}, 400, "status", marks=N(121), id="121-status-foo"),
    pytest.param("requests", {"start_date": "yesterday"}, 400, "start_date", marks=N(123), id="123-yesterday"),
    pytest.param(
        "requests", {"start_date": "2026-02-02", "end_date": "2026-02-01"}, 400, "start_date", marks=N(124), id="124-turned"
    ),
    pytest.param("requests", {"start_date": "0000-01-01"}, 400, "start_date", marks=N(126), id="126-year-0"),
    pytest.param("requests", {"start_date": "10000-01-01"}, 400, "start_date", marks=N(126), id="126-year-10000"),
    pytest.param("requests", {"start_date": "2026-01-01T00:00:00+25:00"}, 400, "start_date", marks=N(128), id="128-zone"),
    pytest.param("requests", {"start_date": "٢٠٢٦-٠١-٠١"}, 400, "start_date", marks=N(123), id="123-arabic-digits"),
    pytest.param("requests", {"page_size": "abc"}, 400, "page_size", marks=N(133), id="133-page_size-abc"),
    pytest.param("requests", {"page": "1e3"}, 400, "page", marks=N(133), id="133-page-1e3"),
    pytest.param("requests", {"page": "9" * 40}, 400, "page", marks=N(134), id="134-page-of-40-digits"),
    pytest.param("requests", {"bbox": "5,52,6"}, 400, "bbox", marks=N(135), id="135-three-numbers"),
    pytest.param("requests", {"bbox": "5,52,6,x"}, 400, "bbox", marks=N(135), id="135-a-letter"),
    pytest.param("requests", {"bbox": "5,53,6,52"}, 400, "bbox", marks=N(136), id="136-south-above-north"),
    pytest.param("requests", {"bbox": "-1e9,-1e9,1e9,1e9"}, 400, "bbox", marks=N(136), id="136-off-the-earth"),
    pytest.param("requests", {"lat": "52", "long": "5", "radius": "-1"}, 400, "radius", marks=N(138), id="138-negative"),
    pytest.param("requests", {"lat": "52", "long": "5", "radius": "1000000000"}, 400, "radius", marks=N(138), id="138-radius-1e9"),
    pytest.param("requests", {"lat": "1000000000", "long": "5", "radius": "1"}, 400, "lat", marks=N(138), id="138-lat-1e9"),
    pytest.param("requests", {"lat": "52", "long": "5"}, 400, "radius", marks=N(138), id="138-no-radius"),
    pytest.param("requests", {"lat": "52", "long": "5", "radius": "NaN"}, 400, "radius", marks=N(138), id="138-NaN"),
    pytest.param("tokens/none", {}, 404, "none", marks=N(144), id="144-unknown-token"),
    pytest.param("tokens/tk-%00", {}, 404, "", marks=N(144), id="144-NUL"),
    pytest.param("requests", {"sort": "salary"}, 400, "sort", marks=N(148), id="148-unknown-field"),
    pytest.param("requests", {"extensions": ["true", "false"]}, 400, "extensions", marks=N(149), id="149-true-and-false"),
    pytest.param("requests", {"cursor": "bm9uZQ"}, 400, "cursor", marks=N(134), id="134-absurd-cursor"),
    pytest.param("requests", {"cursor": "WyIAIiwgbnVsbCwgbnVsbF0"}, 400, "cursor", marks=N(134), id="134-cursor-with-NUL"),
    pytest.param("requests", {"q": "a\0b"}, 400, "q", marks=N(147), id="147-NUL"),
    pytest.param("requests", {"service_request_id": "a\0b"}, 400, "service_request_id", marks=N(112), id="112-NUL-in-a-list"),
    pytest.param("requests", {"jurisdiction_id": "ünïcode.example"}, 404, "jurisdiction_id", marks=N(118), id="118-unicode-city"),
]


@pytest.mark.parametrize("path, parameters, status, names", REFUSED)
def test_a_bad_question_is_refused_by_name(single: Hostile, path: str, parameters: dict[str, Any], status: int, names: str) -> None:
    for suffix in ("json", "xml"):
        refused(single.get(f"{path}.{suffix}", params=parameters or None), status, names=names, suffix=suffix)


ANSWERED: list[Any] = [
    pytest.param({"start_date": "2026-01-01T00:00:00 00:00"}, marks=N(129), id="129-lost-plus-sign"),
    pytest.param({"start_date": "2020-01-01", "end_date": "2036-01-01"}, marks=N(125), id="125-a-long-span"),
    pytest.param({"start_date": "2026-01-01", "end_date": "2099-01-01"}, marks=N(127), id="127-future"),
    pytest.param({"start_date": "0001-01-02", "end_date": "9999-12-30"}, marks=N(126), id="126-ends-of-the-calendar"),
    pytest.param({"status": "OPEN"}, marks=N(120), id="120-upper-case"),
    pytest.param({"status": "open,closed"}, marks=N(122), id="122-both"),
    pytest.param({"page": "0"}, marks=N(131), id="131-page-0"),
    pytest.param({"page": "-1"}, marks=N(131), id="131-page-minus-1"),
    pytest.param({"page_size": "1002"}, marks=N(132), id="132-page_size-1002"),
    pytest.param({"page_size": "-5"}, marks=N(132), id="132-page_size-minus-5"),
    pytest.param({"format": "xml"}, marks=N(142), id="142-format-against-the-suffix"),
    pytest.param({"callback": "alert(1)//"}, marks=N(143), id="143-jsonp"),
    pytest.param({"bbox": "4.9,51.9,5.3,52.3"}, marks=N(136), id="136-a-box"),
    pytest.param({"bbox": "-180,-90,180,90"}, marks=N(136), id="136-the-earth"),
    pytest.param({"bbox": "4,-90,3,90"}, marks=N(137), id="137-the-long-way-round"),
    pytest.param({"lat": "-52.05", "long": "-174.95", "radius": "20037508"}, marks=N(138), id="138-the-earth"),
    pytest.param({"start_date": "2026-01-01T00:00:00Z", "unheard_of": "x"}, marks=N(129), id="unknown-parameter"),
]


@pytest.mark.parametrize("parameters", ANSWERED)
def test_an_odd_question_is_answered_with_everything(single: Hostile, filed: list[str], parameters: dict[str, Any]) -> None:
    answer = single.get("requests.json", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert set(filed) <= {document["service_request_id"] for document in answer.json()}


NOTHING: list[Any] = [
    pytest.param({"service_code": "unheard-of"}, marks=N(130), id="130-unknown-code"),
    pytest.param({"page": "1000000000"}, marks=N(134), id="134-page-1e9"),
    pytest.param({"page": "999999999999999", "page_size": "1000"}, marks=N(134), id="134-page-1e15"),
    pytest.param({"page": "999999999999999", "sort": "status"}, marks=N(134), id="134-page-1e15-by-status"),
    pytest.param({"page": "999999999999999", "q": "filed"}, marks=N(134), id="134-page-1e15-by-rank"),
    pytest.param({"offset": "99999"}, marks=N(134), id="134-offset"),
    pytest.param({"bbox": "179,-10,-179,10"}, marks=N(137), id="137-antimeridian"),
    pytest.param({"end_date": "0001-01-05"}, marks=N(126), id="126-90-days-before-the-calendar"),
    pytest.param({"lat": "0", "long": "0", "radius": "0"}, marks=N(138), id="138-radius-0"),
]


@pytest.mark.parametrize("parameters", NOTHING)
def test_what_matches_nothing_is_an_empty_list(single: Hostile, filed: list[str], parameters: dict[str, Any]) -> None:
    answer = single.get("requests.json", params=parameters)
    assert (answer.status_code, answer.json()) == (200, [])
    assert ET.fromstring(single.get("requests.xml", params=parameters).content).tag == "service_requests"


@pytest.mark.bad_input(115)
@pytest.mark.parametrize("count", [101, 2000])
def test_a_long_list_of_ids(single: Hostile, filed: list[str], count: int) -> None:
    made_up = [f"ZZ-{number:06}" for number in range(count - len(filed))]
    assert set(ids_of(single, "requests.json", service_request_id=",".join(made_up + filed))) == set(filed)


@pytest.mark.bad_input(116)
@pytest.mark.bad_input(117)
def test_blanks_and_empty_items_in_a_list(single: Hostile, filed: list[str]) -> None:
    first, second, _ = filed
    assert set(ids_of(single, "requests.json", service_request_id=f",{first},, {second} ,")) == {first, second}


@pytest.mark.bad_input(130)
def test_an_unknown_code_beside_a_known_one(single: Hostile, filed: list[str]) -> None:
    assert set(filed) <= set(ids_of(single, "requests.json", service_code="unheard-of,pothole"))


@pytest.mark.bad_input(131)
def test_page_zero_is_page_one(single: Hostile, filed: list[str]) -> None:
    first = ids_of(single, "requests.json", page=1, page_size=2)
    assert ids_of(single, "requests.json", page=0, page_size=2) == ids_of(single, "requests.json", page=-7, page_size=2) == first


@pytest.mark.bad_input(118)
def test_an_id_of_another_jurisdiction(several: Hostile) -> None:
    key = make_key(several.env, "nowhere.example")
    identity = several.accept({"jurisdiction_id": "nowhere.example", "api_key": key})
    for suffix in ("json", "xml"):
        answer = several.get(f"requests/{identity}.{suffix}", params={"jurisdiction_id": "holeburg.example"})
        refused(answer, 404, names=identity, suffix=suffix)
    assert ids_of(several, "requests.json", jurisdiction_id="holeburg.example", service_request_id=identity) == []
    assert several.get(f"/requests/{identity}.json", params={"jurisdiction_id": "nowhere.example"}).status_code == 200


@pytest.mark.bad_input(119)
def test_a_request_taken_down(single: Hostile) -> None:
    identity = single.accept({"description": "to be taken down"})
    single.sql("UPDATE service_request SET moderation = 'rejected', version = version + 1 WHERE service_request_id = $1", identity)
    for suffix in ("json", "xml"):
        refused(single.get(f"requests/{identity}.{suffix}"), 404, names=identity, suffix=suffix)
    assert ids_of(single, "requests.json", service_request_id=identity) == []


@pytest.mark.bad_input(139)
@pytest.mark.parametrize("suffix", [".yaml", ".html", ".JSON.exe", ".json%00", ".xml.", ".php?x=.json"])
def test_an_unknown_suffix(single: Hostile, suffix: str) -> None:
    answer = single.get(f"services{suffix}")
    refused(answer, 404, names="not found", suffix="xml")


@pytest.mark.bad_input(140)
@pytest.mark.bad_input(141)
@pytest.mark.parametrize(
    "accept", ["text/html", "application/json;q=0", "application/json; q=0", "*/*", "garbage;;;q=", "", "a/b," * 3000]
)
def test_what_is_accepted_never_refuses(single: Hostile, accept: str) -> None:
    assert single.get("services", headers={"Accept": accept}).headers["content-type"] == "text/xml; charset=utf-8"
    assert single.get("services.json", headers={"Accept": accept}).headers["content-type"].startswith("application/json")


@pytest.mark.bad_input(145)
def test_a_token_without_an_id_yet(single: Hostile) -> None:
    answer = single.send(single.form({"service_code": "pickup"}))
    token = answer.json()[0]["token"]
    assert single.get(f"tokens/{token}.json").json() == [{"token": token}]
    document = ET.fromstring(single.get(f"tokens/{token}.xml").content)
    assert [child.tag for child in document[0]] == ["token"]


@pytest.mark.bad_input(146)
@pytest.mark.parametrize("path", ["services.json", "services/lamp.xml", "requests.json", "requests.csv"])
def test_validators(single: Hostile, path: str) -> None:
    tag = single.get(path).headers["etag"]
    assert single.get(path, headers={"If-None-Match": f'"other", {tag}'}).status_code == 304
    assert single.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.bad_input(146)
@pytest.mark.parametrize("value", ["", '"', "W/", "\\", "x" * 8000, ",,,,", '"\xff"'])
@pytest.mark.parametrize("name", ["If-None-Match", "If-Modified-Since", "If-Match", "If-Range", "Range"])
def test_validators_that_are_none(single: Hostile, filed: list[str], name: str, value: str) -> None:
    headers = {name: value.encode("latin-1")}
    for path in ("services.json", "requests.xml", f"requests/{filed[0]}.json"):
        assert single.server.client.get(f"/open311/v2/{path}", headers=headers).status_code == 200  # type: ignore[arg-type]


@pytest.mark.bad_input(146)
@pytest.mark.parametrize(
    "moment", ["Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 32 Foo 2026", "0", "Sun, 31 Dec 9999 23:59:59 -2359", "-"]
)
def test_dates_that_are_none(single: Hostile, filed: list[str], moment: str) -> None:
    for path in ("services.json", "requests.xml", f"requests/{filed[0]}.json"):
        assert single.get(path, headers={"If-Modified-Since": moment}).status_code in (200, 304)


@pytest.mark.bad_input(147)
@pytest.mark.parametrize(
    "words", ["%", "_", "100%_sure", "\\", "'", '"', "a & | ! ( )", ":*", "<->", "-", "%_%_%_" * 200, "x" * 20_000]
)
def test_words_are_not_patterns(single: Hostile, filed: list[str], words: str) -> None:
    answer = single.get("requests.json", params={"q": words})
    assert answer.status_code in (200, 400)
    if answer.status_code == 200 and words in ("%", "_"):
        assert not set(filed) & {document["service_request_id"] for document in answer.json()}
    for name in ("title", "agency_responsible", "detailed_status", "service_request_id"):
        assert single.get("requests.json", params={name: words}).status_code in (200, 400)


@pytest.mark.bad_input(143)
def test_no_javascript_is_answered(single: Hostile, filed: list[str]) -> None:
    answer = single.get("services.json", params={"callback": "alert(1)//"})
    assert isinstance(json.loads(answer.content), list)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\r\nSet-Cookie: a=b", "é\u202e", "&amp;"])
def test_what_is_named_in_an_error_is_escaped(single: Hostile, text: str) -> None:
    for path in (
        f"services/{quote(text, safe='')}.xml",
        f"tokens/{quote(text, safe='')}.xml",
        f"requests/{quote(text, safe='')}.xml",
    ):
        answer = single.get(path)
        assert answer.status_code == 404
        assert "set-cookie" not in answer.headers
        assert "<script" not in answer.text
        ET.fromstring(answer.content)
