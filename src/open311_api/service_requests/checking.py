"""What every way of reporting checks alike: text hygiene, limits, and problems collected into one answer."""

from __future__ import annotations

import re

from open311_api.errors import Invalid, Problem

MAXIMUM_DESCRIPTION = 4000
LONGEST_NOTE = 4000
TEXT_LIMITS = {
    "address_string": 1000,
    "address_id": 200,
    "zipcode": 32,
    "title": 300,
    "service_object_type": 500,
    "service_object_id": 200,
    "email": 320,
    "phone": 100,
    "first_name": 200,
    "last_name": 200,
    "device_id": 256,
    "account_id": 256,
    "client_request_id": 255,
}
"""Longest text of each field, in characters."""
EMAIL = re.compile(r"[^@\s<>\"(),;:\\]+@[^@\s<>\"(),;:\\]+\.[^@\s<>\"(),;:\\.]+")
# XML 1.0 allows tab, line feed, carriage return and everything from U+0020 except surrogates and two non-characters.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Text hygiene of contract 1.9: line feeds only, no characters illegal in XML, no blanks around."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _ILLEGAL.sub("", text).strip()


class Problems:
    """Collects what is wrong, so that one answer names everything."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, field: str, message: str) -> None:
        self.found.append(Problem(field, message))

    def __enter__(self) -> Problems:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Keep an Invalid raised inside and go on after the block."""
        if isinstance(error, Invalid):
            self.found += error.problems
            return True
        return False

    def raise_if_any(self) -> None:
        if self.found:
            raise Invalid(self.found)
