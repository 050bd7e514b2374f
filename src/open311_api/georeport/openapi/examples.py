"""Examples as value trees; our own renderer writes them in each format, so that they look like real answers."""

from __future__ import annotations

import csv
import io
from typing import Any
from xml.etree import ElementTree as ET

import orjson

from open311_api.georeport.discovery import SPECIFICATION
from open311_api.georeport.exports import BULK_COLUMNS
from open311_api.georeport.rendering import DECLARATION, Items, number, to_json, to_xml

SERVICES = Items(
    "service",
    [
        {
            "service_code": "tree-down",
            "service_name": "Fallen tree or branch",
            "description": "A tree or large branch blocks a path, road or playground.",
            "metadata": False,
            "type": "realtime",
            "keywords": "tree,branch,storm",
            "group": "Parks & trees",
        },
        {
            "service_code": "0042",
            "service_name": "Street light fault",
            "description": "A public lamp is dark, flickering or damaged.",
            "metadata": True,
            "type": "realtime",
            "keywords": "lamp,dark,electric",
            "group": "Streets",
        },
        {
            "service_code": "bulky-waste",
            "service_name": "Bulky waste pick-up",
            "description": "",
            "metadata": False,
            "type": "batch",
            "keywords": "",
            "group": "",
        },
    ],
)

DEFINITION = {
    "service_code": "0042",
    "attributes": Items(
        "attribute",
        [
            {
                "variable": False,
                "code": "hint",
                "datatype": "string",
                "required": False,
                "datatype_description": None,
                "order": 1,
                "description": "Never touch exposed wires. Call 112 if there is danger.",
            },
            {
                "variable": True,
                "code": "fault",
                "datatype": "singlevaluelist",
                "required": True,
                "datatype_description": "Choose one",
                "order": 2,
                "description": "What is wrong?",
                "values": Items("value", [{"key": "dark", "name": "Completely dark"}, {"key": "007", "name": "Pole is leaning"}]),
            },
        ],
    ),
}

_REQUEST = {
    "service_request_id": "SR-2026-000107",
    "status": "open",
    "status_notes": None,
    "service_name": "Street light fault",
    "service_code": "0042",
    "description": "Lamp is dark.\nNear the school gate.",
    "agency_responsible": "Public Lighting",
    "service_notice": "An electrician will inspect the lamp within 5 working days.",
    "requested_datetime": "2026-02-10T17:42:05+01:00",
    "updated_datetime": "2026-02-11T09:00:00+01:00",
    "expected_datetime": "2026-02-17T17:00:00+01:00",
    "address": "Mill Lane 12, Riverton",
    "address_id": None,
    "zipcode": "03581",
    "lat": number(52.1043),
    "long": number(5.0831),
    "media_url": "https://311.riverton.example/media/SR-2026-000107/1.jpg",
}
_CLOSED = {
    **_REQUEST,
    "service_request_id": "SR-2026-000099",
    "status": "closed",
    "status_notes": "Branch removed & path swept.",
    "service_name": "Fallen tree or branch",
    "service_code": "tree-down",
    "description": None,
    "agency_responsible": "Parks",
    "service_notice": None,
    "requested_datetime": "2026-02-08T07:15:00+01:00",
    "updated_datetime": "2026-02-09T12:30:00+01:00",
    "expected_datetime": None,
    "address": "North Park, by the pond",
    "address_id": "ADR-881",
    "zipcode": None,
    "lat": None,
    "long": None,
    "media_url": None,
}
REQUESTS = Items("request", [_REQUEST, _CLOSED])
REQUEST = Items("request", [_REQUEST])
EXTENDED = Items(
    "request",
    [
        {
            **_REQUEST,
            "attributes": Items(
                "attribute", [{"code": "dark", "label": "What is wrong?", "name": "fault", "value": "Completely dark"}]
            ),
            "notes": Items(
                "note",
                [
                    {
                        "datetime": "2026-02-10T17:42:05+01:00",
                        "type": "submitted",
                        "summary": "Submitted",
                        "description": None,
                    }
                ],
            ),
            "extended_attributes": {
                "jurisdiction_id": "riverton.example",
                "title": "Dark lamp near school",
                "channel": "web",
                "detailed_status": "IN_PROCESS",
                "closed_datetime": None,
                "service_object_type": "https://311.riverton.example/assets/lamp",
                "service_object_id": "L-5521",
                "duplicate": False,
                "parent_service_request_id": None,
                "media_urls": Items("media_url", ["https://311.riverton.example/media/SR-2026-000107/1.jpg"]),
            },
        }
    ],
)

REALTIME = Items(
    "request",
    [{"service_request_id": "SR-2026-000107", "service_notice": _REQUEST["service_notice"], "account_id": None}],
)
BATCH = Items("request", [{"token": "tk-7f3a91", "service_notice": "Your pick-up is being scheduled.", "account_id": None}])
BLACKBOX = Items("request", [{"service_notice": "Thank you, your message was passed on.", "account_id": None}])
PENDING = Items("request", [{"token": "tk-7f3a91"}])
RESOLVED = Items("request", [{"service_request_id": "SR-2026-000110", "token": "tk-7f3a91"}])

DISCOVERY = {
    "changeset": "2026-02-11T08:30:00Z",
    "contact": "Riverton digital services desk, api@riverton.example",
    "key_service": "Ask for a key at https://311.riverton.example/keys",
    "endpoints": Items(
        "endpoint",
        [
            {
                "specification": SPECIFICATION,
                "url": "https://311.riverton.example/open311/v2",
                "changeset": "2026-02-11T08:30:00Z",
                "type": "production",
                "formats": Items("format", ["text/xml", "application/json"]),
            }
        ],
    ),
}

COVERAGE = {"result": True}

FEATURES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": "SR-2026-000107",
            "geometry": {"type": "Point", "coordinates": [number(5.0831), number(52.1043)]},
            "properties": {name: value for name, value in _REQUEST.items() if name not in ("lat", "long")},
        }
    ],
}

_BULK = {name: _CLOSED.get(name) for name in BULK_COLUMNS} | {
    "closed_date": "2026-02-09T12:30:00+01:00",
    "status_description": "closed",
    "source": "Phone",
    "lat": number(52.0999),
    "long": number(5.0712),
}
BULK = Items("request", [_BULK])

FORM: dict[str, Any] = {
    "jurisdiction_id": "demo.city",
    "service_code": "pothole",
    "lat": 47.05,
    "long": -107.72,
    "description": "A deep hole before the town hall.",
    "attribute": {"size": "large"},
}
POST_EXAMPLES = {
    "place": {"summary": "A pothole of the demo city, with its question answered", "value": FORM},
    "address": {
        "summary": "An address instead of a point",
        "value": {
            "jurisdiction_id": "demo.city",
            "service_code": "blocked-drain",
            "address_string": "Mill Lane 12",
            "description": "Full of leaves since the storm.",
            "first_name": "Ana",
            "email": "ana@mail.example",
        },
    },
}


def errors(code: int, *descriptions: str) -> Items:
    """An error document."""
    return Items("error", [{"code": code, "description": description} for description in descriptions])


def json_example(document: object) -> Any:
    """The values a client gets after parsing."""
    return orjson.loads(to_json(document))


def xml_example(document: object, root: str) -> str:
    """Indented for reading: the server itself sends no blanks between elements."""
    tree = ET.fromstring(to_xml(root, document))  # noqa: S314 our own text
    ET.indent(tree)
    return DECLARATION.decode() + ET.tostring(tree, encoding="unicode").replace(" />", "/>") + "\n"


def csv_example() -> str:
    """The header and one row."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(BULK_COLUMNS)
    writer.writerow([json_example(value) for value in _BULK.values()])
    return text.getvalue()
