"""RFC 9457 problem documents, for everything that is not GeoReport."""

from __future__ import annotations

from http import HTTPStatus

import orjson

from open311_api import errors

CONTENT_TYPE = b"application/problem+json"
_STATUS_CODES: tuple[tuple[type[errors.Open311Error], int], ...] = (
    (errors.KeyRefused, 401),
    (errors.NotFound, 404),
    (errors.TooSlow, 408),
    (errors.TooLarge, 413),
    (errors.RateLimited, 429),
    (errors.Conflict, 409),
    (errors.IdempotencyConflict, 422),
    (errors.Invalid, 422),
    (errors.Unavailable, 503),
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
    return orjson.dumps(document)
