"""Our documents beside the golden ones of the contract: the same fields in the same order with the same types.

The golden documents lie outside this repository; OPEN311_TEST_SHARED says where, ../shared beside the checkout otherwise.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from wire import SUFFIXES, refusals, value_of

from conftest import Town

SHARED = Path(os.environ.get("OPEN311_TEST_SHARED") or Path(__file__).parents[3] / "shared")
EXAMPLES = SHARED / "spec" / "examples"
pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason=f"the golden documents are not there: {EXAMPLES}")

NULLABLE = {
    "status_notes", "description", "agency_responsible", "service_notice", "expected_datetime", "address", "address_id", "zipcode",
    "lat", "long", "media_url", "account_id", "datatype_description", "code", "title", "channel", "closed_datetime",
    "service_object_type", "service_object_id", "parent_service_request_id", "closed_date", "service_subtype", "source",
}  # fmt: skip
"""Fields the contract lets be null: there a null and a value are the same shape."""


def golden(name: str, suffix: str) -> Any:
    text = (EXAMPLES / f"{name}.{suffix}").read_text(encoding="utf-8")
    return json.loads(text) if suffix == "json" else ET.fromstring(text)


def ours(answer: httpx.Response, suffix: str) -> Any:
    return answer.json() if suffix == "json" else ET.fromstring(answer.content)


def shape(value: Any, name: str = "") -> Any:
    """The skeleton of a document: names in order, types at the leaves, of a list every different shape of its items."""
    if isinstance(value, dict):
        return {"names": list(value), "of": {key: shape(child, key) for key, child in value.items()}}
    if isinstance(value, list):
        return [shape(child, name) for child in value]
    if name in NULLABLE and value is None:
        return "any"
    return "number" if type(value) in (int, float) and name in ("lat", "long") else type(value).__name__


def xml_shape(element: ET.Element) -> Any:
    """The same of an element. Every leaf is text, so an empty one says nothing."""
    if len(element) or element.tag in _CONTAINERS:
        children = [(child.tag, xml_shape(child)) for child in element]
        if element.tag in _CONTAINERS:
            return [{"names": [tag], "of": {tag: child}} for tag, child in children]
        return {"names": [tag for tag, _ in children], "of": dict(children)}
    return "text" if element.text or element.tag not in NULLABLE | {"keywords", "group"} else "any"


_CONTAINERS = {
    "services", "service_requests", "errors", "attributes", "values", "endpoints", "formats", "media_urls", "notes"
}  # fmt: skip


def differences(mine: Any, expected: Any, path: str = "$") -> list[str]:
    """Where two skeletons part. An item of a list must be like one of the golden items."""
    if isinstance(mine, list) and isinstance(expected, list):
        if not expected or not mine:
            return []
        return [
            f"{path}[{index}]: {min((differences(item, other, path) for other in expected), key=len)}"
            for index, item in enumerate(mine)
            if all(differences(item, other, path) for other in expected)
        ]
    if isinstance(mine, dict) and isinstance(expected, dict):
        if mine["names"] != expected["names"]:
            return [f"{path}: {mine['names']} instead of {expected['names']}"]
        return [line for name in mine["names"] for line in differences(mine["of"][name], expected["of"][name], f"{path}.{name}")]
    if type(mine) is type(expected) and ("any" in (mine, expected) or mine == expected):
        return []
    return [f"{path}: {mine} instead of {expected}"]


def assert_like(answer: httpx.Response, name: str, suffix: str, *, status: int = 200) -> None:
    assert answer.status_code == status, answer.text
    mine, expected = ours(answer, suffix), golden(name, suffix)
    if suffix == "xml":
        assert mine.tag == expected.tag
        found = differences(xml_shape(mine), xml_shape(expected))
    else:
        found = differences(shape(mine), shape(expected))
    assert not found, found


@pytest.fixture(scope="module")
def identity(town: Town) -> str:
    """The report of the golden documents, posted as the golden form says, with an address on top."""
    head, _, form = (EXAMPLES / "post-request.form.txt").read_text(encoding="utf-8").partition("\n\n")
    content_type = next(line.partition(": ")[2] for line in head.splitlines() if line.startswith("Content-Type"))
    body = form.strip().replace("api_key=demo-key", f"api_key={town.key}")
    body += "&zip_code=03581&title=Dark+lamp&media_url=https%3A%2F%2Fpics.example%2F2.jpg"
    answer = town.server.client.post("/open311/v2/requests.json", content=body.encode(), headers={"Content-Type": content_type})
    assert answer.status_code == 201, answer.text
    text: str = answer.json()[0]["service_request_id"]
    return text


def test_a_difference_is_seen() -> None:
    """The comparison below can fail: order, absence, excess and type all count."""
    good = golden("request", "json")[0]
    for wrong in (
        {name: good[name] for name in reversed(good)},
        {name: value for name, value in good.items() if name != "zipcode"},
        {**good, "extra": 1},
        {**good, "lat": "52.1"},
        {**good, "zipcode": 3581},
        {**good, "status": None},
    ):
        assert differences(shape([wrong]), shape([good]))
    assert not differences(shape([{**good, "zipcode": None, "lat": 52}]), shape([good]))
    expected = xml_shape(golden("request", "xml"))
    text = (EXAMPLES / "request.xml").read_text(encoding="utf-8")
    assert differences(xml_shape(ET.fromstring(text.replace("zipcode", "zip_code"))), expected)
    assert differences(xml_shape(ET.fromstring(text.replace("<request>", "<item>").replace("</request>", "</item>"))), expected)


@pytest.mark.conformance("C-054", "C-063")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_services(town: Town, suffix: str) -> None:
    answer = town.get(f"services.{suffix}")
    assert_like(answer, "services", suffix)
    assert value_of(answer)[:3] == _values("services", suffix), "the first three of Riverton are those of the example"


@pytest.mark.conformance("C-068", "C-069", "C-072")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_service_definition(town: Town, suffix: str) -> None:
    answer = town.get(f"services/0042.{suffix}")
    assert_like(answer, "service-definition", suffix)
    assert value_of(answer) == _values("service-definition", suffix)
    assert value_of(town.get(f"services/tree-down.{suffix}")) == _values("service-definition-empty", suffix)
    assert_like(town.get(f"services/tree-down.{suffix}"), "service-definition-empty", suffix)


def _values(name: str, suffix: str) -> Any:
    """A golden document read as an answer would be; the blanks of its indentation do not count."""
    if suffix == "json":
        content = json.dumps(golden(name, suffix)).encode()
    else:
        root = golden(name, suffix)
        for element in root.iter():
            if len(element) or not (element.text or "").strip():
                element.text = None
            element.tail = None
        content = ET.tostring(root)
    content_type = "application/json; charset=utf-8" if suffix == "json" else "text/xml; charset=utf-8"
    return value_of(httpx.Response(200, content=content, headers={"Content-Type": content_type}))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_requests(town: Town, identity: str, suffix: str) -> None:
    town.report()
    assert_like(town.get(f"requests/{identity}.{suffix}"), "request", suffix)
    assert_like(town.get(f"requests.{suffix}"), "requests", suffix)
    assert_like(town.get(f"requests.{suffix}?status=closed"), "requests-empty", suffix)
    assert value_of(town.get(f"requests.{suffix}?status=closed")) == _values("requests-empty", suffix)
    mine, expected = value_of(town.get(f"requests/{identity}.{suffix}"))[0], _values("request", suffix)[0]
    for name in ("status", "service_name", "service_code", "description", "agency_responsible", "service_notice", "address"):
        assert mine[name] == expected[name]
    assert [mine[name] for name in ("zipcode", "lat", "long")] == [expected[name] for name in ("zipcode", "lat", "long")]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_request_with_extensions(town: Town, identity: str, suffix: str) -> None:
    answer = town.get(f"requests/{identity}.{suffix}?extensions=true")
    assert_like(answer, "request-extensions", suffix)
    mine, expected = value_of(answer)[0], _values("request-extensions", suffix)[0]
    assert mine["attributes"][:2] == expected["attributes"]
    assert len(mine["notes"]) >= 1
    assert len(mine["extended_attributes"]["media_urls"]) == 2


@pytest.mark.conformance("C-085", "C-086", "C-090")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind, code", [("realtime", "0042"), ("batch", "bulky-waste"), ("blackbox", "hotline")])
def test_post_response(town: Town, kind: str, code: str, suffix: str) -> None:
    answer = town.post(suffix, service_code=code, **{"attribute[fault]": "dark"})
    assert_like(answer, f"post-response-{kind}", suffix, status=201)
    mine, expected = value_of(answer)[0], _values(f"post-response-{kind}", suffix)[0]
    assert mine["service_notice"] == expected["service_notice"]
    if kind == "blackbox":
        assert mine == expected


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_token(town: Town, suffix: str) -> None:
    token = town.post(service_code="bulky-waste").json()[0]["token"]
    assert_like(town.get(f"tokens/{token}.{suffix}"), "token-pending", suffix)
    deadline = time.monotonic() + 10
    while "service_request_id" not in (answer := town.get(f"tokens/{token}.{suffix}")).text:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert_like(answer, "token-resolved", suffix)


ERRORS: dict[str, tuple[int, Callable[[Town, str], httpx.Response]]] = {
    "error-400-missing": (400, lambda town, suffix: town.post(suffix, service_code=None)),
    "error-400-multiple": (400, lambda town, suffix: town.post(suffix, service_code="0042", lat="91")),
    "error-403-key": (403, lambda town, suffix: town.post(suffix, api_key=None)),
    "error-404-jurisdiction": (404, lambda town, suffix: town.get(f"services.{suffix}?jurisdiction_id=nowhere.example")),
    "error-404-request": (404, lambda town, suffix: town.get(f"requests/SR-0.{suffix}")),
}


@pytest.mark.conformance("C-197", "C-198", "C-199")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ERRORS)
def test_errors(town: Town, name: str, suffix: str) -> None:
    """Word for word; problems that are told together have no order."""
    status, cause = ERRORS[name]
    answer = cause(town, suffix)
    assert_like(answer, name, suffix, status=status)
    assert sorted(refusals(answer, status)) == sorted(error["description"] for error in _values(name, suffix))


@pytest.mark.conformance("C-022", "C-023", "C-025")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_discovery(town: Town, suffix: str) -> None:
    answer = town.server.client.get(f"/discovery.{suffix}")
    assert_like(answer, "discovery", suffix)
    mine, expected = value_of(answer), _values("discovery", suffix)
    assert [mine[name] for name in ("contact", "key_service")] == [expected[name] for name in ("contact", "key_service")]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_bulk(town: Town, identity: str, suffix: str) -> None:
    answer = town.server.client.get(f"/open311/bulk/requests.{suffix}")
    assert_like(answer, "bulk", suffix)
    assert identity in answer.text
