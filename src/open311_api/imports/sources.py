"""Where a field's text comes from: a column, the first of several, several joined, or a constant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainValidator

Cells = Sequence[str]
Reader = Callable[[Cells], str]
"""Text of one field for one row; empty when the row has none."""

_APART = re.compile(r"[^a-z0-9]+")


def plain_name(name: str) -> str:
    """Exports of one table differ in how they write a column: ``Creation Date``, ``Creation_Date``, ``creation.date``."""
    return _APART.sub("_", name.strip().casefold()).strip("_")


@dataclass(frozen=True, slots=True)
class Column:
    name: str


@dataclass(frozen=True, slots=True)
class First:
    """The first that has a text."""

    parts: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """All that have a text; with ``complete``, all of them or nothing."""

    parts: tuple[Source, ...]
    separator: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Constant:
    text: str


Source = Column | First | Joined | Constant


def parse_source(value: Any) -> Source:
    """From a mapping document: ``column``, ``[first, second]``, ``{join: […], separator: ", "}``, ``{constant: …}``."""
    if isinstance(value, Column | First | Joined | Constant):
        return value
    if isinstance(value, str) and plain_name(value):
        return Column(plain_name(value))
    if isinstance(value, list) and value:
        return First(tuple(parse_source(part) for part in value))
    if isinstance(value, dict) and set(value) == {"constant"} and isinstance(value["constant"], str):
        return Constant(value["constant"])
    if isinstance(value, dict) and "join" in value and set(value) <= {"join", "separator", "complete"}:
        parts, separator, complete = value["join"], value.get("separator", " "), str(value.get("complete", "false")).lower()
        if isinstance(parts, list) and parts and isinstance(separator, str) and complete in ("true", "false"):
            return Joined(tuple(parse_source(part) for part in parts), separator, complete == "true")
    raise ValueError("must be a column name, a list of them, {join: […], separator: …, complete: true|false} or {constant: …}")


SourceField = Annotated[Source, PlainValidator(parse_source)]


def column_names(source: Source | None) -> Iterator[str]:
    if isinstance(source, Column):
        yield source.name
    elif isinstance(source, First | Joined):
        for part in source.parts:
            yield from column_names(part)


def compile_source(source: Source | None, header: Mapping[str, int], missing: frozenset[str]) -> Reader | None:
    """A function from a row's cells to the text; None when the table has none of the columns."""
    if isinstance(source, Constant):
        text = source.text
        return lambda _cells: text
    if isinstance(source, Column):
        place = header.get(source.name)
        return None if place is None else _cell(place, missing)
    if source is None:
        return None
    readers = [compile_source(part, header, missing) for part in source.parts]
    known = [reader for reader in readers if reader is not None]
    if not known or (isinstance(source, Joined) and source.complete and len(known) < len(readers)):
        return None
    if isinstance(source, Joined):
        return _joined(known, source.separator, complete=source.complete)
    return known[0] if len(known) == 1 else _first(known)


def _cell(place: int, missing: frozenset[str]) -> Reader:
    def read(cells: Cells) -> str:
        text = cells[place].strip()
        return "" if text in missing else text

    return read


def _first(readers: Sequence[Reader]) -> Reader:
    def read(cells: Cells) -> str:
        for reader in readers:
            if text := reader(cells):
                return text
        return ""

    return read


def _joined(readers: Sequence[Reader], separator: str, *, complete: bool) -> Reader:
    def read(cells: Cells) -> str:
        texts = [text for reader in readers if (text := reader(cells))]
        return "" if complete and len(texts) < len(readers) else separator.join(texts)

    return read


def one_line(reader: Reader | None) -> Reader:
    """With every run of white space made one space; a field the table lacks is always empty."""
    if reader is None:
        return lambda _cells: ""

    def read(cells: Cells) -> str:
        text = reader(cells)
        return " ".join(text.split()) if "  " in text or "\n" in text or "\t" in text else text

    return read
