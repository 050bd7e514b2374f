"""Answers to a service definition in every encoding clients use (contract 1.9)."""

from __future__ import annotations

import re

from open311_api.errors import Invalid
from open311_api.georeport.parameters import Parameters
from open311_api.service_requests.answers import MAXIMUM_ATTRIBUTES
from open311_api.service_requests.checking import Problems, clean

_PREFIX = "attribute["


def sent_answers(parameters: Parameters) -> dict[str, list[str]]:
    """By attribute code, every value that is not empty; codes whose values are all empty are there without any."""
    problems = Problems()
    found: dict[str, list[str]] = {}
    for name in parameters.names():
        if not name.startswith(_PREFIX):
            continue
        with problems:
            code = _code(name)
            values = [cleaned for value in parameters.raw(name) if (cleaned := clean(value))]
            found.setdefault(code, []).extend(values)
    if len(found) > MAXIMUM_ATTRIBUTES:
        problems.add("attribute", f"attribute has {len(found)} different codes; at most {MAXIMUM_ATTRIBUTES} are accepted")
    problems.raise_if_any()
    return found


def _code(name: str) -> str:
    """``CODE`` of ``attribute[CODE]``, ``attribute[CODE][]`` and ``attribute[CODE][0]``; it may hold brackets itself."""
    depth = 0
    for index in range(len(_PREFIX) - 1, len(name)):
        depth += {"[": 1, "]": -1}.get(name[index], 0)
        if depth == 0:
            code, rest = name[len(_PREFIX) : index].strip(), name[index + 1 :]
            if not code:
                raise Invalid.of("attribute[]", "attribute[] names no attribute; write attribute[CODE]=value")
            if rest not in ("", "[]") and not re.fullmatch(r"\[[0-9]{1,5}\]", rest):
                raise Invalid.of(name[:80], f"attribute[{code}] takes values, not nested names; write attribute[{code}][]=value")
            return code
    raise Invalid.of(name[:80], f"{name[:80]} has no closing bracket; write attribute[CODE]=value")
