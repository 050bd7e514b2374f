"""What the back office says beside its documents: problems, and which methods an address takes."""

from __future__ import annotations

import re
from typing import Any

from fastapi.exceptions import RequestValidationError

from open311_api.errors import Invalid, Open311Error, Problem, Unreadable
from open311_api.web.problems import problem_answers

READ_PROBLEMS = problem_answers(400, 401, 403, 404, 414, 422, 429, 431, 500, 503)
WRITE_PROBLEMS = problem_answers(400, 401, 403, 404, 408, 409, 413, 414, 422, 429, 431, 500, 503)
CHANGE_PROBLEMS = {**WRITE_PROBLEMS, **problem_answers(412)}
SECURITY: dict[str, Any] = {"security": [{"KeyHeader": []}, {"BearerKey": []}]}
_SHORT = 80
_METHODS = (
    (re.compile(r"/api/v1/requests"), "GET, HEAD, OPTIONS, POST"),
    (re.compile(r"/api/v1/requests/.+/history"), "GET, HEAD, OPTIONS"),
    (re.compile(r"/api/v1/requests/.+"), "GET, HEAD, OPTIONS, PATCH"),
)


def allowed_methods(path: str) -> str:
    return next((methods for pattern, methods in _METHODS if pattern.fullmatch(path)), "GET, HEAD, OPTIONS")


def as_domain_error(error: RequestValidationError) -> Open311Error:
    """Unreadable for a body that is no JSON, otherwise Invalid with every problem; what was sent is not repeated."""
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return Unreadable("the body is not valid JSON")
    return Invalid([_problem(item) for item in found])


def _problem(item: dict[str, Any]) -> Problem:
    # The first step says where: query, header, path or body.
    steps = [str(step)[:_SHORT] for step in item["loc"][1:]] or [str(item["loc"][0])]
    field = ".".join(steps)
    if item["type"] == "extra_forbidden":
        return Problem(field, f"{field} is not known here; leave it out")
    if item["type"] == "missing":
        return Problem(field, f"{field} was not provided")
    words = str(item["msg"]).removeprefix("Value error, ")
    return Problem(field, f"{field}: {words[0].lower()}{words[1:]}")
