"""Recorded answers of other servers against the models of our own documents: they parse, or the difference is listed here.

``docs/guides/compatibility-recorded.md`` tells the same to people.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from open311_api.commands.openapi import openapi_files
from open311_api.georeport import schemas
from recorded_answers import FOLDER, TOP, answers, compared, differences, from_xml, name

GUIDE = TOP / "docs" / "guides" / "compatibility-recorded.md"
_HERE = FOLDER.is_dir()
needs_answers = pytest.mark.skipif(not _HERE, reason="the recorded answers are not here; OPEN311_TEST_SHARED names their folder")

# By document, what our models do not find as they want it. An empty set: it parses as it is.
DIFFERENCES: dict[str, set[str]] = {
    "bloomington/requests-2012.json": {
        "expected_datetime: left out",
        "service_notice: left out",
        "status_notes: left out",
    },
    "bloomington/service-definition-kuali.xml": set(),
    "bloomington/services-2012.json": set(),
    "bloomington/services-kuali.xml": {
        "the document: cannot be parsed",
    },
    "boston/discovery.json": {
        "changeset: another way to write time",
        "endpoints.changeset: another way to write time",
    },
    "boston/error-400-duplicate.xml": set(),
    "boston/post-request-token.xml": {
        "account_id: left out",
        "service_notice: left out",
    },
    "chicago/requests-with-notes.json": {
        "address_id: left out",
        "attributes: not a list",
        "description: left out",
        "expected_datetime: left out",
        "extended_attributes.closed_datetime: left out",
        "extended_attributes.detailed_status: left out",
        "extended_attributes.duplicate: left out",
        "extended_attributes.jurisdiction_id: left out",
        "extended_attributes.media_urls: left out",
        "extended_attributes.parent_service_request_id: left out",
        "extended_attributes.service_object_id: left out",
        "extended_attributes.service_object_type: left out",
        "extended_attributes.title: left out",
        "media_url: left out",
        "notes.description: left out",
        "notes.extended_attributes: a name of its own",
        "service_notice: left out",
        "zipcode: left out",
    },
    "chicago/requests.json": {
        "address_id: left out",
        "description: left out",
        "expected_datetime: left out",
        "media_url: left out",
        "service_notice: left out",
        "status_notes: left out",
        "zipcode: left out",
    },
    "dc/discovery.xml": set(),
    "dc/service-S0301.xml": set(),
    "dc/services.xml": set(),
    "generic/post-request-spec.xml": set(),
    "generic/request-sf-spec.xml": set(),
    "generic/requests-sf-spec.xml": set(),
    "generic/service-definition-spec.xml": {
        "attribute: a name of its own",
        "attributes: left out",
    },
    "generic/services-spec.json": set(),
    "generic/token.xml": set(),
    "helsinki/error-403-trailing-comma.json": {
        "the document: cannot be parsed",
    },
    "helsinki/request-with-tasks.json": {
        "address: left out",
        "address_id: left out",
        "expected_datetime: left out",
        "extended_attributes.channel: left out",
        "extended_attributes.closed_datetime: left out",
        "extended_attributes.duplicate: left out",
        "extended_attributes.jurisdiction_id: left out",
        "extended_attributes.media_urls: left out",
        "extended_attributes.parent_service_request_id: left out",
        "extended_attributes.service_object_id: left out",
        "extended_attributes.service_object_type: left out",
        "lat: text, not a number",
        "long: text, not a number",
        "media_url: left out",
        "service_notice: left out",
        "the document: an object, not a list of one",
        "zipcode: left out",
    },
    "helsinki/requests.json": {
        "expected_datetime: left out",
        "lat: text, not a number",
        "long: text, not a number",
        "media_url: left out",
        "zip_code: a name of its own",
        "zipcode: left out",
    },
    "helsinki/services-fi.json": set(),
    "ottawa/reports.xml": {
        "address_id: left out",
        "agency_responsible: left out",
        "expected_datetime: left out",
        "lon: a name of its own",
        "long: left out",
        "media_url: left out",
        "requested_datetime: without an offset",
        "service_notice: left out",
        "status_notes: left out",
        "title: a name of its own",
        "updated_datetime: without an offset",
        "zipcode: left out",
    },
    "ottawa/services.xml": set(),
    "sf/error-403-http-dump.txt": {
        "the document: cannot be parsed",
    },
    "sf/error-404-not-found.xml": set(),
    "sf/requests-2012.xml": {
        "expected_datetime: without an offset",
        "media_url: left out",
        "requested_datetime: without an offset",
        "status: another word",
        "updated_datetime: null",
        "updated_datetime: without an offset",
    },
    "sf/requests-empty.xml": set(),
    "sf/requests-extended-attributes.json": {
        "address_id: left out",
        "agency_responsible: left out",
        "expected_datetime: left out",
        "extended_attributes.closed_datetime: left out",
        "extended_attributes.detailed_status: left out",
        "extended_attributes.duplicate: left out",
        "extended_attributes.jurisdiction_id: left out",
        "extended_attributes.media_urls: left out",
        "extended_attributes.parent_service_request_id: left out",
        "extended_attributes.service_object_id: left out",
        "extended_attributes.service_object_type: left out",
        "extended_attributes.title: left out",
        "notes.summary: left out",
        "service_notice: left out",
        "status_notes: left out",
        "zipcode: left out",
    },
    "sf/services-2011.xml": set(),
    "sf/services-2012.xml": set(),
    "toronto/request-single.xml": {
        "updated_datetime: null",
    },
    "toronto/requests-two.xml": {
        "updated_datetime: null",
    },
    "uk/requests-defects-invalid.json": {
        "address: left out",
        "address_id: left out",
        "agency_responsible: left out",
        "expected_datetime: left out",
        "lat: left out",
        "long: left out",
        "media_url: left out",
        "service_code: left out",
        "service_name: left out",
        "service_notice: left out",
        "status_notes: left out",
        "updated_datetime: left out",
        "zipcode: left out",
    },
    "uk/requests-defects.json": {
        "agency_responsible: left out",
        "expected_datetime: left out",
        "lat: text, not a number",
        "long: text, not a number",
        "service_notice: left out",
        "status: another word",
        "status_notes: left out",
    },
    "uk/service-definition-confirm.xml": set(),
}


@needs_answers
def test_every_recorded_document_is_listed() -> None:
    assert {name(path) for path in answers()} == set(DIFFERENCES)


@needs_answers
@pytest.mark.parametrize("path", list(answers()) if _HERE else [], ids=name)
def test_it_parses_or_differs_as_listed(path: Path) -> None:
    assert differences(path) == DIFFERENCES[name(path)]


def told(found: set[str]) -> str:
    """The differences of one document in one cell: what, then the fields."""
    by_words: dict[str, list[str]] = {}
    for difference in sorted(found):
        field, _, words = difference.partition(": ")
        by_words.setdefault(words, []).append(field)
    parts = [
        words if fields == ["the document"] else f"{words}: {', '.join(f'`{field}`' for field in fields)}"
        for words, fields in sorted(by_words.items())
    ]
    return "; ".join(parts)


def test_the_guide_lists_the_same() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    rows = [f"| `{document}` | {told(found)} |" for document, found in DIFFERENCES.items() if found]
    lacking = [row for row in rows if row not in text]
    assert not lacking, "\n".join(lacking)
    assert text.count("\n| `") == len(rows)
    plain = [f"`{document}`" for document, found in DIFFERENCES.items() if not found]
    assert not [document for document in plain if document not in text]


@pytest.mark.parametrize(
    ("operation", "model"),
    [
        ("services", schemas.Services),
        ("services/{service_code}", schemas.ServiceDefinition),
        ("requests", schemas.ServiceRequests),
        ("tokens/{token}", schemas.TokenAnswers),
        ("discovery", schemas.Discovery),
    ],
)
def test_our_own_documents_have_no_difference(operation: str, model: Any) -> None:
    """The reader is fair: what we write ourselves parses in both formats."""
    document = json.loads(openapi_files()["openapi.json"])
    content = document["paths"][f"/open311/v2/{operation}.{{format}}"]["get"]["responses"]["200"]["content"]
    for example in content["application/json"]["examples"].values():
        assert not compared(example["value"], model, as_json=True)
    for example in content["text/xml"]["examples"].values():
        assert not compared(from_xml(example["value"]), model, as_json=False)
