"""Read a table row by row in bounded memory: CSV or a JSON array of objects, gzipped or not."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from open311_api.imports.errors import NOT_AN_OBJECT, WRONG_WIDTH, Rejected, UnreadableTable
from open311_api.imports.sources import plain_name

LARGEST_CELL = 1024 * 1024
"""Characters; a quote that is never closed would otherwise swallow the rest of a file."""


_Stream = io.BufferedReader | gzip.GzipFile
"""Both can be peeked into."""


@dataclass(slots=True)
class Row:
    """``number`` is the line on which the row begins, or in JSON the number of the object."""

    number: int
    cells: list[str]
    wrong: Rejected | None = None


class Table:
    """An open file: its columns, its rows, and how far into it the reading is."""

    columns: Sequence[str]
    """As the file writes them."""
    rows: Iterator[Row]

    def __init__(self, path: Path, *, delimiter: str, wanted: Sequence[str]) -> None:
        """``wanted``: the plain names the mapping knows; a JSON object is cut to them."""
        self._stack = ExitStack()
        self._raw = self._stack.enter_context(_opened(path))
        self.size = path.stat().st_size
        try:
            with _readable(path.name):
                stream = self._plain()
                self.is_json = _begins_array(stream)
                if self.is_json:
                    self.columns, self.rows = wanted, _json_rows(stream, wanted, path.name)
                else:
                    # Bytes that are not UTF-8 become lone surrogates, so that only the rows that hold them are rejected.
                    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
                    self.columns, self.rows = _csv_rows(self._stack.enter_context(text), delimiter, path.name)
        except BaseException:
            self._stack.close()
            raise
        self.header: dict[str, int] = {}
        for index, column in enumerate(self.columns):
            self.header.setdefault(plain_name(column), index)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    @property
    def position(self) -> int:
        """Bytes of the file read so far, compressed ones where it is compressed; unknown, so 0, for a pipe."""
        return self._raw.tell() if self._raw.seekable() else 0

    @property
    def identity(self) -> Callable[[Sequence[str]], str]:
        """What a row without an id is known by: all that the file says of it, whatever the mapping makes of it."""
        return (lambda cells: cells[-1]) if self.is_json else "\x1f".join

    def _plain(self) -> _Stream:
        zipped = self._raw.peek(2)[:2] == b"\x1f\x8b"
        return self._stack.enter_context(gzip.GzipFile(fileobj=self._raw)) if zipped else self._raw


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise UnreadableTable(f"{path}: {error.strerror}") from None
    with file:
        yield file


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """A file that breaks off, or is not what it seems, ends the import with its name."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableTable(f"{name}: the compressed file is damaged or breaks off ({error})") from None
    except csv.Error as error:
        raise UnreadableTable(f"{name}: {error}; is a quote opened somewhere and never closed?") from None


def _begins_array(stream: _Stream) -> bool:
    beginning = stream.peek(64)[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if beginning.startswith(b"{"):
        raise UnreadableTable("this JSON is one object; an array of objects is needed")
    return beginning.startswith(b"[")


def _csv_rows(text: io.TextIOWrapper, delimiter: str, name: str) -> tuple[list[str], Iterator[Row]]:
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(text, delimiter=delimiter)
    with _readable(name):
        columns = next(reader, None)
    if not columns:
        raise UnreadableTable(f"{name}: the file is empty; its first line must name the columns")
    if not all(column.replace("\n", " ").isprintable() for column in columns):
        raise UnreadableTable(f"{name}: the first line is not UTF-8 text; save the table as UTF-8")

    def rows() -> Iterator[Row]:
        width, line = len(columns), reader.line_num
        with _readable(name):
            for cells in reader:
                number, line = line + 1, reader.line_num
                if len(cells) == width:
                    yield Row(number, cells)
                elif cells:  # an empty line is no row
                    yield Row(number, cells, Rejected(WRONG_WIDTH, f"{len(cells)} cells, {width} columns"))

    return columns, rows()


def _json_rows(stream: _Stream, wanted: Sequence[str], name: str) -> Iterator[Row]:
    import ijson

    names: dict[str, str] = {}
    if stream.peek(3).startswith(b"\xef\xbb\xbf"):
        stream.read(3)
    items = ijson.items(stream, "item", use_float=True)
    with _readable(name):
        try:
            for number, item in enumerate(items, start=1):
                if isinstance(item, dict):
                    yield Row(number, _cells(item, wanted, names))
                else:
                    yield Row(number, [_text(item)], Rejected(NOT_AN_OBJECT))
        except (ijson.JSONError, UnicodeDecodeError) as error:
            raise UnreadableTable(f"{name}: this is not JSON: {error}") from None


def _cells(item: dict[str, object], wanted: Sequence[str], names: dict[str, str]) -> list[str]:
    """The wanted members, and the object itself as the last cell."""
    found: dict[str, object] = {}
    for key, value in item.items():
        plain = names.get(key) or names.setdefault(key, plain_name(key))
        if isinstance(value, dict):
            found.update((f"{plain}_{plain_name(inner)}", part) for inner, part in value.items())
        found.setdefault(plain, value)
    return [*(_text(found.get(name)) for name in wanted), _text(item)]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
