"""The kinds of text a city file holds, and what an identifier may look like (contract 1.13)."""

from __future__ import annotations

import re
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, StringConstraints

from open311_api.errors import ConfigurationError
from open311_api.service_requests.numbering import parse_format

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot carry, and half characters that are not text."""
_SAFE_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _text(value: str) -> str:
    if found := _FORBIDDEN.search(value):
        raise ValueError(f"holds the control character U+{ord(found[0]):04X}; remove it")
    return value.rstrip("\n")


def has_control_characters(*values: str) -> bool:
    """True when one of them could not be told in XML or kept in PostgreSQL."""
    return any(_FORBIDDEN.search(value) or "\\x00" in value for value in values)


def _line(value: str) -> str:
    if "\n" in value or "\r" in value or "\t" in value:
        raise ValueError("must be one line, without tabs")
    if value != value.strip():
        raise ValueError("begins or ends with a space; remove it")
    return value


def _code(value: str) -> str:
    if problem := code_problem(value):
        raise ValueError(problem)
    return value


def code_problem(value: str) -> str | None:
    """Why this can never be an identifier; clients split lists of them on commas and put them into paths."""
    if not value or len(value) > 200:
        return "must have 1 to 200 characters"
    if "," in value:
        return "holds a comma, on which clients split lists of codes; use - instead"
    if value.startswith("/") or value.endswith("/"):
        return "begins or ends with a slash, which gets lost in addresses; remove it"
    if value in (".", "..") or value != value.strip():
        return "is a dot, two dots, or begins or ends with a space, which gets lost in addresses"
    return None


def code_doubt(value: str) -> str | None:
    """Why some clients may stumble over it, although this server does not."""
    if value.lower().endswith((".xml", ".json")):
        return "ends like a format suffix, so that an address without a suffix means something else"
    if not _SAFE_CODE.fullmatch(value):
        return "holds more than letters, digits, - and _ (at most 64): some clients put it into addresses unescaped"
    return None


def _request_id_format(value: str) -> str:
    try:
        shape = parse_format(value)
    except ConfigurationError as error:
        raise ValueError(str(error).removeprefix("request_id_format ")) from None
    if shape.width > 20:
        raise ValueError("pads the number to more than 20 digits, which is longer than an id should be")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not a time zone; write a name such as Europe/Amsterdam or America/Denver") from None
    return value


Text = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(_text)]
"""One or more lines; the line end that a YAML block adds is dropped."""
Line = Annotated[str, StringConstraints(max_length=300), AfterValidator(_text), AfterValidator(_line)]
Name = Annotated[Line, StringConstraints(min_length=1)]
Code = Annotated[str, AfterValidator(_text), AfterValidator(_line), AfterValidator(_code)]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")]
JurisdictionId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]
RequestIdFormat = Annotated[str, AfterValidator(_request_id_format)]
TimeZone = Annotated[str, AfterValidator(_zone)]
