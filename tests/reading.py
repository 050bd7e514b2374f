"""What tests read out of answers, the same for XML and JSON."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import httpx

FIELDS = (
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "address",
    "address_id",
    "zipcode",
    "lat",
    "long",
    "media_url",
)


def is_json(answer: httpx.Response) -> bool:
    return "json" in answer.headers["content-type"]


def requests_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """The requests of a list in order, as property to value; of XML the plain fields only, as text or None."""
    assert answer.status_code == 200, answer.text
    if is_json(answer):
        found: list[dict[str, Any]] = answer.json()
        return found
    return [{child.tag: child.text for child in request} for request in ET.fromstring(answer.content)]


def ids_of(answer: httpx.Response) -> list[str]:
    return [request["service_request_id"] for request in requests_of(answer)]


def links_of(answer: httpx.Response) -> dict[str, str]:
    """The Link header by relation."""
    found = re.findall(r'<([^>]*)>; rel="([a-z]+)"', answer.headers.get("link", ""))
    return {relation: address for address, relation in found}


def errors_of(answer: httpx.Response) -> list[str]:
    """Descriptions of an error document whose codes are the status."""
    if is_json(answer):
        document = [(error["code"], error["description"]) for error in answer.json()]
    else:
        root = ET.fromstring(answer.content)
        assert root.tag == "errors"
        document = [(int(error.findtext("code") or 0), error.findtext("description") or "") for error in root]
    assert document
    assert {code for code, _ in document} == {answer.status_code}
    return [description for _, description in document]


def assert_refused(answer: httpx.Response, status_code: int, *words: str) -> None:
    """An error document in the format of the path that names all these words."""
    assert answer.status_code == status_code, answer.text
    assert answer.request.url.path.endswith("json") == is_json(answer)
    text = " ".join(errors_of(answer))
    for word in words:
        assert word in text
