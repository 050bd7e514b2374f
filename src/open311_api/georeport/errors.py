"""A failure as the specification's error document (contract 1.4)."""

from __future__ import annotations

from open311_api import errors
from open311_api.georeport.rendering import Format, Items, render

_STATUS_CODES: tuple[tuple[type[errors.Open311Error], int], ...] = (
    (errors.KeyRefused, 403),
    (errors.NotFound, 404),
    (errors.TooSlow, 408),
    (errors.TooLarge, 413),
    (errors.RateLimited, 429),
    (errors.Unavailable, 503),
    (errors.Open311Error, 400),
)
HTTP_WORDS = {
    404: "the resource was not found; the formats are .xml and .json",
    405: "the method is not allowed for this resource",
    408: "the request did not arrive in time",
    413: "the request is too large",
    414: "the address is too long",
    429: "too many requests; wait as long as Retry-After says",
    431: "the request header is too large",
    500: "the server failed; the operator can find the reason under the request id of this answer",
    503: "the service is not available at the moment, try again shortly",
}


def status_code_of(error: errors.Open311Error) -> int:
    return next(code for kind, code in _STATUS_CODES if isinstance(error, kind))


def error_body(status_code: int, descriptions: list[str], format: Format) -> bytes:  # noqa: A002 the word of the contract
    """One ``error`` for each description; the code is always the HTTP status."""
    return render(
        Items("error", [{"code": status_code, "description": description} for description in descriptions]),
        root="errors",
        format=format,
    )


def descriptions_of(error: errors.Open311Error) -> list[str]:
    if isinstance(error, errors.Invalid):
        return [problem.message for problem in error.problems]
    return [str(error)]
