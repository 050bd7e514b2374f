"""One row of the source into one line of the staging table, by a plan made once for the file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import orjson

from open311_api.catalog.types import DetailedStatus
from open311_api.imports.categories import Departments, Services
from open311_api.imports.errors import BAD_ID, NO_ID, NOT_UTF8, TOO_LONG, Rejected, UnreadableTable
from open311_api.imports.life import Lives
from open311_api.imports.mapping import Mapping
from open311_api.imports.places import Places, Point
from open311_api.imports.sources import Cells, Reader, Source, column_names, compile_source, one_line
from open311_api.imports.tables import Row, Table
from open311_api.imports.vocabulary import Channels, ZipCodes, media_urls

LONGEST_ROW = 200_000
"""Characters; PostgreSQL cannot index the words of a text beyond a megabyte."""
LONGEST_ID = 200

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n"})
_FORBIDDEN = {code: None for code in range(32) if chr(code) not in "\t\n"} | {0xFFFE: None, 0xFFFF: None}
"""Characters that PostgreSQL or XML cannot carry."""

Refuse = Callable[[Row, Rejected], None]


class Plan:
    """Everything that can be decided before the first row: which cell is which field, and what its words mean."""

    def __init__(self, mapping: Mapping, table: Table, detailed_statuses: Sequence[DetailedStatus], refuse: Refuse) -> None:
        header, missing = table.header, mapping.missing | {""}
        _require(mapping, table)

        def reader(source: Source | None) -> Reader:
            return compile_source(source, header, missing) or (lambda _cells: "")

        def line(source: Source | None) -> Reader:
            return one_line(compile_source(source, header, missing))

        self._refuse = refuse
        self._identity = table.identity
        self._id = compile_source(mapping.id.columns, header, missing) if mapping.id else None
        self.makes_ids = self._id is None
        self.services = Services(mapping.service, header, missing)
        self.departments = Departments(mapping.department, header, missing)
        self.lives = Lives(mapping, header, missing, detailed_statuses)
        self.places = Places(mapping.places, header, missing)
        self._channel = line(mapping.channel.columns if mapping.channel else None)
        self._channels = Channels(mapping.channel)
        self._title, self._address, self._parent = line(mapping.title), line(mapping.address), line(mapping.parent)
        self._description, self._status_notes = reader(mapping.description), reader(mapping.status_notes)
        self._zipcode = line(mapping.zipcode.columns if mapping.zipcode else None)
        self._zipcodes = ZipCodes(mapping.zipcode.digits if mapping.zipcode else 0)
        self._media = [made for source in mapping.media if (made := compile_source(source, header, missing))]
        self._extended = [
            (name, made) for name, source in mapping.extended.items() if (made := compile_source(source, header, missing))
        ]

    def lines(self, rows: Sequence[Row]) -> bytes:
        """Lines for COPY; a row that cannot be used is handed to ``refuse``."""
        lines = []
        points = iter(self.places([row.cells for row in rows if row.wrong is None]))
        for row in rows:
            try:
                if row.wrong is not None:
                    raise row.wrong
                lines.append(self._line(row.number, row.cells, next(points)))
            except Rejected as rejected:
                self._refuse(row, rejected)
        return "".join(lines).encode()

    def _line(self, number: int, cells: Cells, point: Point | None) -> str:
        written = "".join(cells)
        if len(written) > LONGEST_ROW:
            raise Rejected(TOO_LONG, f"{len(written)} characters")
        # Most rows are plain: only the others pay for cleaning and escaping.
        plain = written.isprintable() and "\\" not in written
        read, cells = cells, cells if plain else _cleaned(cells, written)
        texts = [
            self._made_id(cells) if self._id is None else _checked_id(self._id(read)),
            self._channels(self._channel(cells)),
            self._title(cells),
            self._description(cells),
            self._status_notes(cells),
            self._address(cells),
            self._zipcodes(self._zipcode(cells)),
            self._parent(cells),
        ]
        if not plain:
            texts = [text.translate(_ESCAPES) for text in texts]
        line = "\t".join(
            (
                *texts,
                self.services(cells),
                self.departments(cells),
                self.lives(cells),
                "\t" if point is None else f"{point[0]!r}\t{point[1]!r}",
                self._media_array(cells) if self._media else "{}",
                self._extended_json(cells) if self._extended else "{}",
            )
        )
        return f"{number}\t\\\\x{hashlib.blake2b(line.encode(), digest_size=16).hexdigest()}\t{line}\n"

    def _made_id(self, cells: Cells) -> str:
        """The same for the same row in any export; equal rows are told apart later, by their occurrence."""
        return hashlib.blake2b(self._identity(cells).encode(), digest_size=10).hexdigest()

    def _media_array(self, cells: Cells) -> str:
        urls = media_urls([read(cells) for read in self._media])
        return "{" + ",".join(f'"{url}"' for url in urls) + "}"

    def _extended_json(self, cells: Cells) -> str:
        document = {name: text for name, read in self._extended if (text := read(cells))}
        return orjson.dumps(document).decode().replace("\\", "\\\\")


def _checked_id(text: str) -> str:
    """Clients split lists of ids on commas and put ids into addresses."""
    if not text:
        raise Rejected(NO_ID)
    if "," in text or not text.isprintable() or len(text) > LONGEST_ID:
        raise Rejected(BAD_ID, text[:LONGEST_ID])
    return text


def _cleaned(cells: Cells, written: str) -> Cells:
    try:
        written.encode()
    except UnicodeEncodeError as error:
        bad = written[error.start : error.end].encode("utf-8", "surrogateescape")
        raise Rejected(NOT_UTF8, " ".join(f"{byte:02x}" for byte in bad)) from None
    return [cell.replace("\r\n", "\n").replace("\r", "\n").translate(_FORBIDDEN) for cell in cells]


def _require(mapping: Mapping, table: Table) -> None:
    """What a request cannot do without must be in the table; a misspelt column would empty every row."""
    if table.is_json:
        return
    needed = {"requested": mapping.requested, "service.name": mapping.service.name}
    if mapping.id and mapping.id.absent == "refuse":
        needed["id"] = mapping.id.columns
    for field, source in needed.items():
        if compile_source(source, table.header, frozenset()) is None:
            names = ", ".join(column_names(source))
            raise UnreadableTable(f"the table has no column for {field} ({names}); its columns are: {', '.join(table.columns)}")
