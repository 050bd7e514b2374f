"""The body of a POST, whatever its encoding, as parameters (contract 1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header

from open311_api.errors import Invalid, TooLarge
from open311_api.georeport.parameters import MAXIMUM_FIELDS, Parameters

MAXIMUM_NESTING = 32
_LONGEST_BOUNDARY = 200


def read_form(content_type: str, body: bytes) -> Parameters:
    """Form, multipart or JSON. Raises Invalid or TooLarge."""
    kind, options = parse_options_header(content_type)
    if kind == b"application/x-www-form-urlencoded":
        return Parameters.of_form(body)
    if kind == b"multipart/form-data":
        return _multipart(options.get(b"boundary", b""), body)
    if kind == b"application/json":
        return Parameters(_json_pairs(body))
    if not body:
        return Parameters()
    shown = kind.decode("latin-1")[:80] or "nothing"
    raise Invalid.of(
        "Content-Type",
        f"Content-Type must be application/x-www-form-urlencoded, multipart/form-data or application/json, not {shown}",
    )


def _multipart(boundary: bytes, body: bytes) -> Parameters:
    if not boundary or len(boundary) > _LONGEST_BOUNDARY:
        raise Invalid.of("Content-Type", "Content-Type multipart/form-data needs a boundary of at most 70 characters")
    reader = _MultipartReader()
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        parser.write(body)
        parser.finalize()
    except MultipartParseError as error:
        raise Invalid.of("body", "the body is not well-formed multipart/form-data; check its boundary and part headers") from error
    if not reader.finished:
        raise Invalid.of("body", "the multipart body ends too early; its closing boundary is missing")
    return Parameters(reader.pairs)


class _MultipartReader:
    """Collects the text parts; a part with a file name is a file."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.finished = False
        self._parts = 0
        self._headers: dict[bytes, bytes] = {}
        self._header_name = b""
        self._header_value = b""
        self._data = bytearray()

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_part_data": lambda data, start, end: self._data.extend(data[start:end]),
            "on_part_end": self._end,
            "on_header_field": lambda data, start, end: setattr(self, "_header_name", self._header_name + data[start:end]),
            "on_header_value": lambda data, start, end: setattr(self, "_header_value", self._header_value + data[start:end]),
            "on_header_end": self._header,
            "on_end": lambda: setattr(self, "finished", True),
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAXIMUM_FIELDS:
            raise TooLarge(f"the body has more than {MAXIMUM_FIELDS} parts")
        self._headers, self._data = {}, bytearray()

    def _header(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if not options.get(b"name"):
            raise Invalid.of("body", 'a part of the multipart body has no name; write Content-Disposition: form-data; name="…"')
        try:
            name = options[b"name"].decode("utf-8")
            if b"filename" in options or b"filename*" in options:
                if self._data:
                    raise Invalid.of(
                        name[:80], f"{name[:80]} is a file; this server does not take files yet, send media_url instead"
                    )
                return
            self.pairs.append((name, bytes(self._data).decode("utf-8")))
        except UnicodeDecodeError as error:
            raise Invalid.of("body", "a part of the multipart body is not valid UTF-8") from error


def _json_pairs(body: bytes) -> Iterator[tuple[str, str]]:
    """A JSON object as form pairs: lists repeat the name, ``attribute`` is an object (contract 1.9). Last duplicate wins."""
    try:
        document = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise Invalid.of("body", f"the body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    if not isinstance(document, dict):
        raise Invalid.of("body", "the JSON body must be an object of parameters")
    _check_nesting(document)
    for name, value in document.items():
        if name.lower() == "attribute" and isinstance(value, dict):
            for code, answer in value.items():
                yield from _json_values(f"attribute[{code}]", answer)
        else:
            yield from _json_values(name, value)


def _json_values(name: str, value: object) -> Iterator[tuple[str, str]]:
    for item in value if isinstance(value, list) else [value]:
        if item is None:
            yield name, ""
        elif isinstance(item, bool):
            yield name, "true" if item else "false"
        elif isinstance(item, str | int | float):
            if item in (float("inf"), float("-inf")):
                raise Invalid.of(name[:80], f"{name[:80]} is too large a number")
            yield name, str(item)
        else:
            raise Invalid.of(name[:80], f"{name[:80]} must be text, a number, true, false, or a list of those")


def _check_nesting(document: object) -> None:
    """Iterative: a deep document must not cost a deep stack."""
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > MAXIMUM_NESTING:
            raise Invalid.of("body", f"the JSON body is nested deeper than {MAXIMUM_NESTING} levels")
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
