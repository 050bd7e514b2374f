"""The body of a new report, the same in its three encodings."""

from __future__ import annotations

from open311_api.georeport.openapi.examples import FORM, POST_EXAMPLES
from open311_api.georeport.openapi.parameters import LATITUDE, LONGITUDE, Json
from open311_api.georeport.parameters import MAXIMUM_FIELDS
from open311_api.georeport.submission_parameters import MAXIMUM_MEDIA, MAXIMUM_URL, TEXT_NAMES
from open311_api.service_requests.answers import MAXIMUM_ATTRIBUTES, MAXIMUM_LENGTH
from open311_api.service_requests.checking import MAXIMUM_DESCRIPTION, TEXT_LIMITS

_WORDS = {
    "address_string": "Where it is, in words, from the most to the least precise: street and number, then town.",
    "address_id": "Where it is, as a key of the city's address register.",
    "zipcode": "Postal code of the place.",
    "title": "A headline. Without it, the first words of the description are used.",
    "service_object_type": "What kind of object of the city this is about. Goes together with `service_object_id`.",
    "service_object_id": "Which object of that type.",
    "email": "E-mail address of the resident. Never shown to others, like the five fields that follow.",
    "phone": "Phone number of the resident.",
    "first_name": "Given name of the resident.",
    "last_name": "Family name of the resident.",
    "device_id": "The device the report comes from.",
    "account_id": "The resident's account in your app.",
    "client_request_id": "Your own id of the report: sent again with the same id, it is stored once.",
}


def _texts() -> Json:
    made: Json = {}
    for name, *aliases in TEXT_NAMES:
        words = _WORDS[name]
        if aliases:
            words += f" Also understood as {', '.join(f'`{alias}`' for alias in aliases)}."
        made[name] = {"type": "string", "maxLength": TEXT_LIMITS[name], "description": words}
    made["email"]["format"] = "email"
    return made


_NAMES = {
    "application/json": "Report",
    "application/x-www-form-urlencoded": "ReportForm",
    "multipart/form-data": "ReportMultipart",
}
"""A schema of its own for each encoding, all alike: generated clients tell the encodings apart by the class of the body."""


def report_schemas() -> Json:
    """By the name they have among the components."""
    return {name: {**report_schema(), "title": name} for name in _NAMES.values()}


def report_schema() -> Json:
    """What a report may hold; unknown names are ignored."""
    properties = _properties()
    for name, field in properties.items():
        # The docs page fills its form with these: a field left empty is a field left out.
        field["examples"] = [FORM.get(name, [] if field["type"] == "array" else "")]
    return {
        "type": "object",
        "description": "A new report. It needs a service and a place: `lat` with `long`, or `address_string`, or `address_id`; "
        "all of "
        "them are welcome. An empty text counts as left out.",
        "required": ["service_code"],
        "properties": properties,
        "dependentRequired": {
            "lat": ["long"],
            "long": ["lat"],
            "service_object_type": ["service_object_id"],
            "service_object_id": ["service_object_type"],
        },
    }


def _properties() -> Json:
    answer = {"type": "string", "maxLength": MAXIMUM_LENGTH}
    answers = {"type": "array", "items": answer, "maxItems": MAXIMUM_ATTRIBUTES}
    return {
        "api_key": {"type": "string", "maxLength": 200, "description": "Your key, unless it is sent in a header."},
        "jurisdiction_id": {"type": "string", "description": "Which city is meant. Needed only where a server has several."},
        "service_code": {"type": "string", "description": "What is reported: a code of the service list."},
        "lat": {**LATITUDE, "description": "Latitude (WGS84, decimal degrees with a dot). Goes together with `long`."},
        "long": {**LONGITUDE, "description": "Longitude. Also understood as `lng`, `lon`."},
        "description": {
            "type": "string",
            "maxLength": MAXIMUM_DESCRIPTION,
            "description": "What is wrong, in the resident's words. Line breaks are kept; HTML is kept as plain text.",
        },
        "attribute": {
            "type": "object",
            "additionalProperties": {"anyOf": [answer, answers]},
            "maxProperties": MAXIMUM_ATTRIBUTES,
            "description": "Answers to the questions of the service. In a form, `attribute[CODE]=answer`, repeated for several "
            "answers; in JSON, an object by code. Dates as 2026-02-10T17:42:05+01:00, numbers with a dot, options by their key.",
        },
        "media_url": {
            "type": "array",
            "items": {"type": "string", "format": "uri", "maxLength": MAXIMUM_URL},
            "maxItems": MAXIMUM_MEDIA,
            "description": "Pictures that are on the web already, http or https. Repeat the field for several; a single text will "
            "do for one.",
        },
        **_texts(),
    }


def report_body() -> Json:
    """A form, a multipart form or JSON."""
    encoding = {
        "attribute": {"style": "deepObject", "explode": True},
        "media_url": {"style": "form", "explode": True},
    }
    content: Json = {
        media_type: {"schema": {"$ref": f"#/components/schemas/{name}"}, "examples": POST_EXAMPLES}
        for media_type, name in _NAMES.items()
    }
    for media_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        content[media_type]["encoding"] = encoding
    return {
        "required": True,
        "description": f"At most {MAXIMUM_FIELDS:,} fields, UTF-8. Every field may stand in the query instead. "
        "In a multipart form, each answer is a part of its own, named `attribute[CODE]`.",
        "content": content,
    }
