"""Formats, content types and what HTTP is used for (contract 11.1)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any
from xml.dom import minidom
from xml.etree import ElementTree as ET

import asyncpg
import httpx
import pytest
from wire import CONTENT_TYPES, MOMENT, SUFFIXES, leaves, one, refusals, value_of

from conftest import Town, from_xml
from databases import fresh_database

NASTY = "<b>5 > 3 & 2 < 3</b> ]]> \U0001f333\u0008 \"quotes\" 'apostrophes' &amp; <!-- -->"
NASTY_STORED = NASTY.replace("\u0008", "")
WORLD = "Šárka: 街灯が暗い; مصباح الشارع مكسور; Φως; Straße; žlutý kůň; नमस्ते"


@pytest.fixture(scope="module")
def identity(town: Town) -> str:
    """A report with every kind of value a document can hold."""
    return town.report(
        service_code="0042",
        description=NASTY,
        address_string="Mill Lane 12 & 14, Riverton",
        zip_code="03581",
        media_url="https://pics.example/lamp.jpg?a=1&b=2",
        title="A <lamp>",
        lat="52.1043",
        long="5.0831",
        **{"attribute[fault]": "007", "attribute[hazard][]": ["wires", "crossing"], "attribute[lamps_out]": "2.5"},
    )


@pytest.fixture(scope="module")
def token(town: Town) -> str:
    text: str = one(town.post(service_code="bulky-waste"), status=201)["token"]
    return text


@pytest.fixture(scope="module")
def resources(identity: str, token: str) -> list[str]:
    """Every kind of document there is, errors too; ``%s`` stands for the format."""
    return [
        "discovery.%s",
        "services.%s",
        "services.%s?extensions=true",
        "services/0042.%s",
        "services/fms.%s?extensions=true",
        "services/tree-down.%s",
        "requests.%s",
        "requests.%s?extensions=true",
        "requests.%s?status=closed",
        f"requests/{identity}.%s",
        f"requests/{identity}.%s?extensions=true",
        f"tokens/{token}.%s",
        "services/nothing.%s",
        "requests/%%3Cnothing%%3E.%s",
        "requests.%s?status=%%3Cb%%3E",
        "services.%s?jurisdiction_id=nowhere.example",
    ]


@pytest.mark.conformance("C-001", "C-002")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_service_list_is_utf_8_of_the_format_that_was_asked_for(town: Town, suffix: str) -> None:
    answer = town.get(f"services.{suffix}")
    assert answer.status_code == 200
    assert answer.headers.get_list("content-type") == [CONTENT_TYPES[suffix]]
    assert value_of(answer)


@pytest.mark.conformance("C-003")
def test_every_xml_body_starts_with_a_declaration_of_utf_8(town: Town, resources: list[str]) -> None:
    for path in resources:
        body = town.get(path % "xml").content
        assert body.startswith(b"<?xml "), path
        assert b'encoding="UTF-8"' in body.partition(b"?>")[0], path
    assert b'encoding="UTF-8"' in town.post("xml").content.partition(b"?>")[0]
    assert b'encoding="UTF-8"' in town.post("xml", service_code=None).content.partition(b"?>")[0]


@pytest.mark.conformance("C-004")
def test_no_xml_body_has_namespaces_attributes_or_instructions(town: Town, resources: list[str]) -> None:
    for answer in [*(town.get(path % "xml") for path in resources), town.post("xml"), town.post("xml", lat="91")]:
        for node in _nodes(minidom.parseString(answer.content).documentElement):
            assert node.nodeType in (node.ELEMENT_NODE, node.TEXT_NODE), answer.url
            if node.nodeType == node.ELEMENT_NODE:
                assert node.attributes.length == 0, answer.url
                assert ":" not in node.tagName, answer.url


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in node.childNodes:
        yield from _nodes(child)


@pytest.mark.conformance("C-005")
def test_every_xml_body_parses_whatever_a_report_holds(town: Town, identity: str, resources: list[str]) -> None:
    shown = from_xml(town.get(f"requests/{identity}.xml").content)[0]
    assert shown["description"] == NASTY_STORED
    for path in resources:
        ET.fromstring(town.get(path % "xml").content)


@pytest.mark.conformance("C-006")
def test_every_json_body_is_strict_json(town: Town, identity: str, resources: list[str]) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    for path in [*resources, "requests.geojson"]:
        body = town.get(path % "json" if "%s" in path else path).content
        json.loads(body.decode("utf-8", "strict"), parse_constant=refuse)
    assert town.get(f"requests/{identity}.json").json()[0]["description"] == NASTY_STORED


@pytest.mark.conformance("C-007")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_any_script_comes_back_unchanged(town: Town, suffix: str) -> None:
    identity = town.report(description=WORLD, address_string=WORLD)
    shown = one(town.get(f"requests/{identity}.{suffix}"))
    assert shown["description"] == WORLD
    assert shown["address"] == WORLD
    assert WORLD in town.get(f"requests/{identity}.{suffix}").content.decode("utf-8")


@pytest.mark.conformance("C-008")
@pytest.mark.parametrize(
    "path", ["services.yaml", "requests.yaml", "discovery.yaml", "services.csv", "nothing", "services/0042/more.json5", "tokens"]
)
def test_an_unknown_format_or_path_is_404_in_xml(town: Town, path: str) -> None:
    answer = town.get(path)
    assert refusals(answer, 404)
    assert answer.headers["content-type"] == CONTENT_TYPES["xml"]


@pytest.mark.conformance("C-009")
@pytest.mark.parametrize(
    "accept, suffix",
    [
        ("application/json", "json"),
        ("text/html, application/json;q=0.9", "json"),
        (None, "xml"),
        ("*/*", "xml"),
        ("text/xml", "xml"),
        ("application/json;q=0, text/xml", "xml"),
    ],
)
def test_without_a_suffix_accept_decides(town: Town, accept: str | None, suffix: str) -> None:
    with httpx.Client(base_url=town.server.base, timeout=20) as client:
        client.headers.pop("accept")
        for path in ("services", "Services", "requests", "services/0042", "discovery"):
            answer = client.get(f"/{path}", headers={"Accept": accept} if accept else {})
            assert answer.status_code == 200, path
            assert answer.headers["content-type"] == CONTENT_TYPES[suffix], path


@pytest.mark.conformance("C-010")
@pytest.mark.parametrize(
    "path", ["SERVICES.JSON", "/services.json", "services.json/", "Services.Json", "//services.json", "services.JSON/"]
)
def test_clumsy_paths_are_answered_directly(town: Town, path: str) -> None:
    answer = town.server.client.get(f"{town.server.base}/{path}", follow_redirects=False)
    assert answer.status_code == 200
    assert answer.json() == town.get("services.json").json()


@pytest.mark.conformance("C-011")
@pytest.mark.parametrize("path", ["services.json", "services/0042.xml", "requests.json", "requests.csv", "discovery.xml"])
def test_head_has_the_headers_of_get_and_no_body(town: Town, path: str) -> None:
    got = town.get(path)
    head = town.server.client.head(f"/open311/v2/{path}")
    assert head.status_code == 200
    assert head.content == b""
    volatile = {"x-request-id", "date", "transfer-encoding"}
    assert {**head.headers, **dict.fromkeys(volatile)} == {**got.headers, **dict.fromkeys(volatile)}


@pytest.mark.conformance("C-012")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
def test_a_wrong_method_is_405_with_the_right_ones(town: Town, method: str, suffix: str) -> None:
    answer = town.server.client.request(method, f"/open311/v2/services.{suffix}")
    assert refusals(answer, 405)
    assert answer.headers["content-type"] == CONTENT_TYPES[suffix]
    assert {word.strip() for word in answer.headers["allow"].split(",")} >= {"GET", "HEAD"}
    assert "POST" not in answer.headers["allow"]
    on_requests = town.server.client.request(method, f"/open311/v2/requests.{suffix}")
    assert refusals(on_requests, 405)
    assert {word.strip() for word in on_requests.headers["allow"].split(",")} >= {"GET", "HEAD", "POST"}


@pytest.mark.conformance("C-013")
@pytest.mark.parametrize("accept", ["deflate", "deflate, gzip;q=0.5", "gzip, deflate", "*"])
def test_nothing_is_deflated(town: Town, accept: str) -> None:
    with town.server.client.stream("GET", "/open311/v2/services.json", headers={"Accept-Encoding": accept}) as answer:
        assert answer.headers.get("content-encoding", "identity") != "deflate"
        answer.read()
    assert answer.json() == town.get("services.json").json()


@pytest.mark.conformance("C-014")
@pytest.mark.parametrize("origin", [{}, {"Origin": "https://map.example"}])
def test_any_page_may_read(town: Town, resources: list[str], origin: dict[str, str]) -> None:
    for path in resources:
        for suffix in SUFFIXES:
            assert town.get(path % suffix, headers=origin).headers.get_list("access-control-allow-origin") == ["*"], path


@pytest.mark.conformance("C-015")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "name",
    [
        "status",
        "service_code",
        "service_request_id",
        "start_date",
        "end_date",
        "jurisdiction_id",
        "page",
        "page_size",
        "extensions",
        "updated_after",
        "lat",
        "bbox",
        "q",
        "sort",
        "api_key",
        "locale",
    ],
)
def test_an_empty_parameter_is_an_absent_one(town: Town, identity: str, name: str, suffix: str) -> None:
    # Narrow enough that no other report comes between the two answers.
    narrow = {"service_code": "0042"} if name == "bbox" else {"bbox": "5.08,52.1,5.09,52.11"}
    plain = town.get(f"requests.{suffix}", params=narrow)
    assert identity in plain.text
    empty = town.get(f"requests.{suffix}", params={**narrow, name: ""})
    assert empty.status_code == 200, empty.text
    assert empty.content == plain.content


@pytest.mark.conformance("C-016")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("path", ["services", "services/0042", "requests", "discovery"])
def test_unknown_parameters_are_ignored(town: Town, path: str, suffix: str) -> None:
    plain = town.get(f"{path}.{suffix}")
    assert plain.status_code == 200
    assert town.get(f"{path}.{suffix}?utm_source=x&foo[]=1&foo[]=2&_=%F0%9F%8C%B3&callback=run").content == plain.content


@pytest.mark.conformance("C-017")
def test_a_failure_nobody_foresaw_is_500_and_tells_nothing(maintenance_url: str, make_town: Callable[..., Town]) -> None:
    """The failure is a real one: somebody renames a column under the running server."""
    with fresh_database(maintenance_url) as url:
        town = make_town(database_url=url, worker=False)
        assert town.get("requests.json").status_code == 200
        asyncio.run(_execute(url, "ALTER TABLE service_request RENAME COLUMN description TO words"))
        for suffix in SUFFIXES:
            for answer in (town.get(f"requests/SR-1.{suffix}"), town.post(suffix)):
                (description,) = refusals(answer, 500)
                assert answer.headers["content-type"] == CONTENT_TYPES[suffix]
                for secret in ("Traceback", "asyncpg", "description", "column", "SELECT", "INSERT", ".py", 'File "'):
                    assert secret not in description
                # The operator finds the reason under the id the client was given.
                assert answer.headers["x-request-id"] in town.server.log_text()
        assert "UndefinedColumn" in town.server.log_text()
        assert town.get("services.json").status_code == 200


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.conformance("C-018")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_errors_never_use_the_statuses_of_frameworks(town: Town, suffix: str) -> None:
    client, path = town.server.client, f"/open311/v2/requests.{suffix}"
    answers = [
        town.post(suffix, api_key=None),
        town.post(suffix, api_key="wrong"),
        town.post(suffix, lat="x"),
        town.post(suffix, lat=None, long=None),
        client.post(path),
        client.post(path, content=b"\xff\xfe", headers={"Content-Type": "application/x-www-form-urlencoded"}),
        client.post(path, content=b"{", headers={"Content-Type": "application/json"}),
        client.post(path, content=b"<a/>", headers={"Content-Type": "text/xml"}),
        client.post(path, content=b"--x", headers={"Content-Type": "multipart/form-data; boundary=y"}),
        client.post(path, content=b"a=b", headers={"Content-Type": "application/x-www-form-urlencoded; charset=martian"}),
        client.get(path, headers={"Accept": "image/png"}),
        client.get(path, headers={"Accept": "application/json" if suffix == "xml" else "text/xml"}),
        client.get(path, headers={"Authorization": "Basic eDp5"}),
        client.get(path, params={"page": "x"}),
        client.get(path, params={"start_date": "x"}),
        client.get(path, params={"lat": "x", "long": "y", "radius": "z"}),
        client.get(f"/open311/v2/services.{suffix}?jurisdiction_id=%FF"),
        client.get(f"/open311/v2/requests/%FF.{suffix}"),
        client.delete(path),
    ]
    for answer in answers:
        assert answer.status_code in (200, 400, 403, 404, 405), answer.text
        if answer.status_code != 200:
            refusals(answer, answer.status_code)


@pytest.mark.conformance("C-019")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_date_has_seconds_an_offset_and_no_fraction(town: Town, resources: list[str], suffix: str) -> None:
    seen = set()
    for path in [*resources, "/open311/bulk/requests.%s"]:
        answer = town.server.client.get(path % suffix) if path.startswith("/") else town.get(path % suffix)
        for name, value in leaves(value_of(answer)):
            if value is not None and (name.endswith(("datetime", "_date", "changeset")) and name != "datatype"):
                assert MOMENT.fullmatch(value), (path, name, value)
                seen.add(name)
    assert seen >= {"requested_datetime", "updated_datetime", "changeset", "datetime"}


@pytest.mark.conformance("C-020")
def test_both_formats_carry_the_same_values(town: Town, resources: list[str]) -> None:
    for path in resources:
        xml, json_ = value_of(town.get(path % "xml")), value_of(town.get(path % "json"))
        assert xml == json_, path
        assert xml or "status=closed" in path
