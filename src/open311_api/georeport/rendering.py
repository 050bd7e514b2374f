"""A document as XML or JSON: one value tree, two writers, so that the formats cannot drift (contract 1.3).

A document is made of dict, Items, str, int, bool, None and Number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

import orjson

Format = Literal["xml", "json"]

CONTENT_TYPES = {
    "xml": b"text/xml; charset=utf-8",
    "json": b"application/json; charset=utf-8",
    "geojson": b"application/geo+json; charset=utf-8",
    "csv": b"text/csv; charset=utf-8",
    "javascript": b"application/javascript; charset=utf-8",
}
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NOT_NAME = re.compile(r"[^A-Za-z0-9_.-]")
_SPECIAL = re.compile(r"[&<>\r]")


class Items(list[Any]):
    """A list whose members are elements of this name in XML, and a plain array in JSON."""

    __slots__ = ("name",)

    def __init__(self, name: str, values: Iterable[Any]) -> None:
        super().__init__(values)
        self.name = name


class Number:
    """A number as text, so that both formats write the same digits."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def number(value: float | None) -> Number | None:
    """At most 7 decimals, no exponent."""
    if value is None:
        return None
    text = f"{value:.7f}".rstrip("0").rstrip(".")
    return Number("0" if text == "-0" else text)


def _raw(value: object) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(value.text)
    raise TypeError(type(value))


def to_json(document: object) -> bytes:
    return orjson.dumps(document, default=_raw)


def escape(text: str) -> str:
    """Text for an XML element; a carriage return survives only as a reference."""
    if _SPECIAL.search(text):
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    return _ILLEGAL.sub("", text)


def element(name: str, value: object) -> str:
    """One element with everything below it; null and empty are an empty element."""
    if value is None or value == "" or value == [] or value == {}:
        return f"<{name}/>"
    return f"<{name}>{_inside(value)}</{name}>"


def _inside(value: object) -> str:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "".join([element(_element_name(name), child) for name, child in value.items()])
    if isinstance(value, list):
        name = value.name if isinstance(value, Items) else "item"
        return "".join([element(name, child) for child in value])
    if isinstance(value, Number):
        return value.text
    return escape(str(value))


def _element_name(name: str) -> str:
    """Keys of extended attributes may be anything; element names may not."""
    if _NAME.fullmatch(name):
        return name
    cleaned = _NOT_NAME.sub("_", name)
    return cleaned if cleaned and (cleaned[0].isalpha() or cleaned[0] == "_") and cleaned.isascii() else f"_{cleaned}"


def to_xml(root: str, document: object) -> bytes:
    return DECLARATION + element(root, document).encode("utf-8", "ignore")


def render(document: object, *, root: str, format: Format) -> bytes:  # noqa: A002 the word of the contract
    """The whole body. In JSON the root disappears."""
    return to_xml(root, document) if format == "xml" else to_json(document)


def join(fragments: list[bytes], *, root: str, format: Format) -> bytes:  # noqa: A002 the word of the contract
    """A list from members that are rendered already."""
    if format == "json":
        return b"[" + b",".join(fragments) + b"]"
    name = root.encode()
    if not fragments:
        return DECLARATION + b"<" + name + b"/>"
    return DECLARATION + b"<" + name + b">" + b"".join(fragments) + b"</" + name + b">"
