"""Reports of the demo city as rows of the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from open311_api.cities.demo.reports import Report

REQUEST_COLUMNS = (
    "jurisdiction_key", "request_key", "service_request_id", "token", "version", "service_key", "definition_version",
    "department_key", "status", "detailed_status", "status_notes", "visibility", "moderation", "channel", "title",
    "description", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "closed_datetime",
    "address", "address_id", "zipcode", "media_urls", "attribute_answers", "extended_attributes", "service_object_type",
    "service_object_id", "duplicate", "parent_request_key",
)  # fmt: skip
"""Those of service_request that are written as they are; the location comes from long and lat, which follow."""
EVENT_COLUMNS = (
    "jurisdiction_key", "type", "occurred_at", "request_key", "sequence", "service_key", "department_key", "status", "import_key",
    "data",
)  # fmt: skip
NOTE_COLUMNS = ("jurisdiction_key", "request_key", "sequence", "public", "text")


@dataclass(frozen=True, slots=True)
class Keys:
    """What the database calls things."""

    jurisdiction: int
    run: int
    requests: list[int]
    """By the index of the report."""
    departments: Mapping[str, int]


def request_row(index: int, report: Report, keys: Keys) -> tuple[Any, ...]:
    """In the order of REQUEST_COLUMNS, then long and lat."""
    last = report.steps[-1]
    merged = last.detailed_status == "duplicate"
    values = {
        "jurisdiction_key": keys.jurisdiction,
        "request_key": keys.requests[index],
        "service_request_id": report.service_request_id,
        "token": _token(keys.requests[index]) if report.service.type == "batch" else None,
        "version": len(report.steps),
        "service_key": report.service.service_key,
        "definition_version": report.service.definition_version,
        "department_key": keys.departments[last.department],
        "status": last.status,
        "detailed_status": last.detailed_status,
        "status_notes": next((step.note for step in reversed(report.steps) if step.note), None),
        "visibility": report.visibility,
        "moderation": report.moderation,
        "channel": report.channel,
        "title": report.title,
        "description": report.description,
        "service_notice": report.service.notice,
        "requested_datetime": report.born,
        "updated_datetime": last.at,
        "expected_datetime": report.expected_datetime,
        "closed_datetime": last.at if last.status == "closed" else None,
        "address": report.address.text,
        "address_id": report.address_id,
        "zipcode": report.address.zipcode,
        "media_urls": [
            f"https://media.example/{report.service_request_id or keys.requests[index]}/{number}.jpg"
            for number in range(1, report.photos + 1)
        ],
        "attribute_answers": report.answers,
        "extended_attributes": {"district": report.address.district},
        "service_object_type": "https://assets.brindleford.example/lamp" if report.object_id else None,
        "service_object_id": report.object_id,
        "duplicate": merged,
        "parent_request_key": keys.requests[report.parent] if merged and report.parent is not None else None,
    }
    place = (report.address.long, report.address.lat) if report.placed else (None, None)
    return (*(values[name] for name in REQUEST_COLUMNS), *place)


def event_rows(index: int, report: Report, keys: Keys) -> Iterator[tuple[Any, ...]]:
    for sequence, step in enumerate(report.steps, start=1):
        yield (
            keys.jurisdiction,
            step.type,
            step.at,
            keys.requests[index],
            sequence,
            report.service.service_key,
            keys.departments[step.department],
            step.status,
            keys.run,
            step.data,
        )


def note_rows(index: int, report: Report, keys: Keys) -> Iterator[tuple[Any, ...]]:
    for sequence, step in enumerate(report.steps, start=1):
        for public, text in ((True, step.note), (False, step.private_note)):
            if text:
                yield keys.jurisdiction, keys.requests[index], sequence, public, text


def _token(key: int) -> str:
    """Of the shape that new reports get; not to be guessed is no concern of a demo."""
    random = Random(key)  # noqa: S311 see above
    return "tk-" + "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=16))
