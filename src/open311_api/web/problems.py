"""RFC 9457 problem documents, for everything that is not GeoReport."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson

from open311_api import errors

CONTENT_TYPE = b"application/problem+json"
_STATUS_CODES: tuple[tuple[type[errors.Open311Error], int], ...] = (
    (errors.ScopeMissing, 403),
    (errors.KeyRefused, 401),
    (errors.NotFound, 404),
    (errors.TooSlow, 408),
    (errors.TooLarge, 413),
    (errors.RateLimited, 429),
    (errors.PreconditionFailed, 412),
    (errors.Conflict, 409),
    (errors.IdempotencyConflict, 422),
    (errors.Invalid, 422),
    (errors.Unavailable, 503),
    (errors.ConfigurationError, 500),
    (errors.Open311Error, 400),
)


def status_code_of(error: errors.Open311Error) -> int:
    return next(code for kind, code in _STATUS_CODES if isinstance(error, kind))


def problem_body(status_code: int, *, detail: str | None, instance: str, error: errors.Open311Error | None = None) -> bytes:
    """``instance`` is the request id, under which the log says more."""
    document: dict[str, object] = {
        "type": f"urn:open311:problem:{status_code}",
        "title": HTTPStatus(status_code).phrase,
        "status": status_code,
        "instance": f"urn:open311:request:{instance}",
    }
    if detail:
        document["detail"] = detail
    if isinstance(error, errors.Invalid):
        document["errors"] = [{"field": problem.field, "message": problem.message} for problem in error.problems]
    if isinstance(error, errors.Conflict) and error.current:
        document["current"] = error.current
    return orjson.dumps(document)


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "ProblemDocument",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "instance": {"type": "string", "description": "Holds the X-Request-Id, under which the operator finds more."},
        "detail": {"type": "string", "description": "A sentence for a person."},
        "errors": {
            "type": "array",
            "description": "With 422: everything that is wrong, not only the first.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "current": {"type": "object", "description": "With 409 and 412: the present state.", "additionalProperties": True},
    },
}
_DETAILS = {
    400: "the body is not valid JSON",
    401: "the key is missing or not valid; send it as Authorization: Bearer or as X-Api-Key",
    403: "this key may not do that; it needs the scope requests:manage",
    404: "service_request_id SR-2026-999999 was not found",
    408: "the body did not arrive in time",
    409: "service_request_id SR-2026-000107 is at version 4, not 3; read it again",
    412: "service_request_id SR-2026-000107 is at version 4, not 3; read it again",
    413: "the body is larger than 1048576 bytes",
    414: "the address is too long",
    422: "status must be open or closed",
    429: "too many requests; try again in 2 seconds",
    431: "the header is too large",
    500: "the server failed",
    503: "the service is not available at the moment, try again shortly",
}


def problem_answers(*status_codes: int) -> dict[int | str, dict[str, Any]]:
    """The problems of an operation, as FastAPI's ``responses`` take them."""
    return {code: _described(code) for code in status_codes}


def _described(code: int) -> dict[str, Any]:
    title, detail = HTTPStatus(code).phrase, _DETAILS[code]
    example: dict[str, Any] = {
        "type": f"urn:open311:problem:{code}",
        "title": title,
        "status": code,
        "instance": "urn:open311:request:8f3a5c1e2b7d9a04",
        "detail": detail,
    }
    if code == 422:
        example["errors"] = [{"field": "status", "message": detail}]
    if code in (409, 412):
        example["current"] = {"version": 4, "status": "open", "detailed_status": "planned"}
    content = {"schema": {"$ref": "#/components/schemas/ProblemDocument"}, "example": example}
    return {"description": f"{title}.", "content": {CONTENT_TYPE.decode(): content}}
