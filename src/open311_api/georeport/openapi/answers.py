"""Answers of the operations: bodies in their formats, headers, and every error with its examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from open311_api.georeport.errors import HTTP_WORDS
from open311_api.georeport.openapi.examples import errors, json_example, xml_example
from open311_api.georeport.openapi.parameters import Json

HEADERS: Json = {
    "ETag": {"description": "Names this state of the answer: send it as If-None-Match.", "schema": {"type": "string"}},
    "Last-Modified": {"description": "When the answer last changed.", "schema": {"type": "string"}},
    "Link": {
        "description": "Addresses of the `first`, `prev`, `next` and `last` page (RFC 8288). Follow `next` until there is none.",
        "schema": {"type": "string"},
    },
    "X-Total-Count": {
        "description": "Reports on all pages together; left out where counting would take too long.",
        "schema": {"type": "integer"},
    },
    "Location": {"description": "Where the new report, or its token, can be read.", "schema": {"type": "string", "format": "uri"}},
    "Retry-After": {"description": "Seconds to wait before trying again.", "schema": {"type": "integer"}},
    "X-Request-Id": {"description": "Name it when you ask the operator about this answer.", "schema": {"type": "string"}},
}


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _ref(model: str) -> Json:
    return {"$ref": f"#/components/schemas/{model}"}


def answered(
    description: str, model: str, root: str, examples: Sequence[tuple[str, str, Any]], *, headers: Sequence[str] = ()
) -> Json:
    """A document in JSON and XML; each example is its name, a line about it, and a value tree for the renderer."""
    as_json = {name: {"summary": line, "value": json_example(tree)} for name, line, tree in examples}
    as_xml = {name: {"summary": line, "value": xml_example(tree, root)} for name, line, tree in examples}
    return {
        "description": description,
        **({"headers": _headers(*headers)} if headers else {}),
        "content": {
            "application/json": {"schema": _ref(model), "examples": as_json},
            "text/xml": {"schema": _ref(model), "examples": as_xml},
        },
    }


NOT_MODIFIED: Json = {
    "description": "Your copy still holds; the answer has no body.",
    "headers": _headers("ETag", "Last-Modified"),
}


def refused(code: int, description: str, *problems: tuple[str, str, Sequence[str]], headers: Sequence[str] = ()) -> Json:
    """An error document; each problem is its name, a line about it, and the descriptions it holds."""
    examples = [(name, line, errors(code, *texts)) for name, line, texts in problems]
    return answered(description, "Errors", "errors", examples, headers=headers)


_UNKNOWN_CITY = ("jurisdiction", "No such city", ["jurisdiction_id nowhere.example was not found"])
_NO_CITY = ("jurisdiction", "A server with several cities", ["jurisdiction_id was not provided; this server serves several"])
_NO_KEY = ("api_key", "No key, or a wrong one", ["api_key is missing or not valid"])

BAD_READ = refused(
    400,
    "Something in the address cannot be used. Everything that is wrong is listed.",
    _NO_CITY,
    ("place", "Half of a place", ["long was not provided; lat and long go together"]),
)
BAD_LIST = refused(
    400,
    "A filter cannot be used. Everything that is wrong is listed.",
    (
        "filters",
        "Two problems at once",
        [
            "status must be open or closed, not 'done'",
            "start_date must be a date-time such as 2026-02-10T17:42:05+01:00, not 'yesterday'",
        ],
    ),
    _NO_CITY,
)
BAD_POST = refused(
    400,
    "The report cannot be taken. Everything that is wrong is listed.",
    ("several", "Two problems at once", ["attribute[fault] is required", "lat must be between -90 and 90"]),
    ("service_code", "No service", ["service_code was not provided"]),
    ("place", "No place", ["a location was not provided; send lat and long, or address_string, or address_id"]),
    _NO_CITY,
)
READ_FORBIDDEN = refused(403, "Only where the operator wants a key for reading, too: it is missing or not valid.", _NO_KEY)
POST_FORBIDDEN = refused(
    403,
    "The key is missing, not valid, not for this city, or not for reporting.",
    _NO_KEY,
    ("scope", "A key for something else", ["api_key may not create service requests; it lacks the scope requests:write"]),
)


def not_found(*others: tuple[str, str, Sequence[str]]) -> Json:
    """404 for the jurisdiction and whatever else the operation looks for."""
    return refused(404, "There is no such thing here.", *others, _UNKNOWN_CITY)


_SHARED = {
    408: "The request did not arrive in time.",
    413: "The body is too large.",
    414: "The address is too long: more than 32 KiB.",
    429: "Too many requests. Keys may call more often than addresses without one.",
    431: "The header is too large.",
    500: "The server failed. The operator finds the reason under the X-Request-Id of this answer.",
    503: "The service is not available at the moment.",
}
_WITH = {429: ("Retry-After",), 500: ("X-Request-Id",), 503: ("Retry-After",)}


def shared_answers() -> Json:
    """The errors that look the same for every operation, by their status, for ``components/responses``."""
    return {
        f"Error{code}": refused(code, text, ("error", text, [HTTP_WORDS[code]]), headers=_WITH.get(code, ()))
        for code, text in _SHARED.items()
    }


def also(*codes: int) -> Json:
    """References to those."""
    return {str(code): {"$ref": f"#/components/responses/Error{code}"} for code in codes}


READ_ERRORS = also(414, 429, 431, 500, 503)
POST_ERRORS = also(408, 413, 414, 429, 431, 500, 503)
