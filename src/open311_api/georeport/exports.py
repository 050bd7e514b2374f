"""Lists of any length, streamed: GeoJSON features and the CSV of GeoReport Bulk (contract 4 and 8)."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from starlette.responses import Response, StreamingResponse

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.db.database import Database
from open311_api.errors import Unavailable
from open311_api.georeport.calls import Call, language_headers, not_modified
from open311_api.georeport.conditional import unchanged, validators
from open311_api.georeport.documents import Document, View, request_document
from open311_api.georeport.list_parameters import ListQuery, list_query
from open311_api.georeport.lists import list_tag, read_rows
from open311_api.georeport.rendering import CONTENT_TYPES, DECLARATION, Number, element, to_json
from open311_api.service_requests.listing import Found, Sort
from open311_api.service_requests.lists import find_page, place_after
from open311_api.service_requests.moments import format_moment
from open311_api.service_requests.queries import listed_versions
from open311_api.service_requests.types import RequestRow

_BATCH = 1000
_MOST_AT_ONCE = 4
_PLAIN_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_RUNNING = asyncio.Semaphore(_MOST_AT_ONCE)

BULK_COLUMNS = (
    "service_request_id",
    "requested_datetime",
    "updated_datetime",
    "closed_date",
    "status_description",
    "status_notes",
    "source",
    "service_name",
    "service_subtype",
    "description",
    "agency_responsible",
    "address",
    "lat",
    "long",
)
_SOURCES = {"api": "API", "app": "Mobile App", "web": "Website", "phone": "Phone", "e-mail": "E-mail", "walk-in": "Walk-in"}


async def export_answer(call: Call, kind: str) -> Response:
    """``kind`` is geojson, csv, or bulk.xml and bulk.json. Reads page by page: no snapshot or connection is held meanwhile."""
    now = call.runtime.clock()
    tag, modified = list_tag(call, kind)
    lagging = call.runtime.db.lagging is not call.runtime.db
    # A replica may be behind the version that a validator would promise.
    headers = {"cache-control": "no-cache"} if lagging else validators(tag=tag, modified=modified, now=now)
    if not lagging and unchanged(call.request.headers, tag=tag, modified=modified, now=now):
        return not_modified(call, headers)
    query = list_query(call.parameters, call.city, now)
    if _RUNNING.locked():
        raise Unavailable("too many exports are running, try again shortly", after_seconds=5)
    batches = _batches(call, query)
    first = await anext(batches, None)
    writer = _WRITERS[kind]
    response = StreamingResponse(_stream(call, writer, first, batches), headers={**headers, **language_headers(call)})
    response.raw_headers.append((b"content-type", CONTENT_TYPES[kind.removeprefix("bulk.")]))
    return response


async def _batches(call: Call, query: ListQuery) -> AsyncIterator[list[RequestRow]]:
    """Keyset by keyset, to the end or to the page the client asked for."""
    db, city = call.runtime.db.lagging, call.city
    if query.nothing:
        return
    if query.ids:
        async with db.read() as session:
            found = await listed_versions(session, city.key, query.ids)
        yield await _rows(db, city, found)
        return
    # By date where the list ranks: only a keyset neither repeats nor misses a row while others report.
    sort = Sort() if query.sort.field == "rank" else query.sort
    page, left = replace(query.page, size=_BATCH), query.page.size if query.sized else None
    while left is None or left > 0:
        if left is not None:
            page = replace(page, size=min(_BATCH, left))
        found = await find_page(db, city, query.filters, sort, page)
        if not found:
            return
        yield await _rows(db, city, found)
        if len(found) < page.size:
            return
        left = None if left is None else left - len(found)
        page = replace(page, after=place_after(found[-1], sort), offset=0)


async def _rows(db: Database, city: CitySnapshot, found: list[Found]) -> list[RequestRow]:
    rows, _ = await read_rows(db, city, [row.service_request_id for row in found], history=False)
    order = {row.service_request_id: index for index, row in enumerate(found)}
    return sorted(rows, key=lambda row: order[row.service_request_id])


async def _stream(
    call: Call, writer: type[_Writer], first: list[RequestRow] | None, batches: AsyncIterator[list[RequestRow]]
) -> AsyncIterator[bytes]:
    async with _RUNNING:
        out = writer(call)
        yield out.start()
        if first is not None:
            yield out.rows(first)
            async for rows in batches:
                yield out.rows(rows)
        yield out.end()


class _Writer:
    """Turns batches of rows into bytes."""

    opening = b""
    closing = b""
    separator = b""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._first = True
        self._view = View(locale=call.view.locale, extensions=False)

    def start(self) -> bytes:
        return self.opening

    def end(self) -> bytes:
        return self.closing

    def rows(self, rows: list[RequestRow]) -> bytes:
        parts = [self.member(row, request_document(row, self._call.city, self._view)) for row in rows]
        body = self.separator.join(parts)
        if not self._first and parts:
            body = self.separator + body
        self._first = self._first and not parts
        return body

    def member(self, row: RequestRow, document: Document) -> bytes:
        raise AssertionError("each writer has its own")


class _GeoJson(_Writer):
    opening = b'{"type":"FeatureCollection","features":['
    closing = b"]}"
    separator = b","

    def member(self, row: RequestRow, document: Document) -> bytes:
        lat, long = document.pop("lat"), document.pop("long")
        geometry = None if lat is None else {"type": "Point", "coordinates": [long, lat]}
        return to_json({"type": "Feature", "id": row.service_request_id, "geometry": geometry, "properties": document})


def bulk_document(row: RequestRow, document: Document, call: Call) -> Document:
    """The 14 columns of GeoReport Bulk, in their order."""
    closed = row.closed_datetime
    extra: dict[str, Any] = {
        "closed_date": None if closed is None else format_moment(closed, call.city.jurisdiction.time_zone),
        "status_description": row.detailed_status,
        "source": _SOURCES.get(row.channel, row.channel.capitalize()),
        "service_subtype": None,
    }
    return {name: extra[name] if name in extra else document[name] for name in BULK_COLUMNS}


class _Csv(_Writer):
    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._guard = call.city.jurisdiction.settings.csv_formula_guard
        self._buffer = io.StringIO()
        self._csv = csv.writer(self._buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")

    def start(self) -> bytes:
        return self._line(BULK_COLUMNS)

    def _line(self, cells: Any) -> bytes:
        self._buffer.seek(0)
        self._buffer.truncate()
        self._csv.writerow(cells)
        return self._buffer.getvalue().encode()

    def member(self, row: RequestRow, document: Document) -> bytes:
        return self._line([self._cell(value) for value in bulk_document(row, document, self._call).values()])

    def _cell(self, value: Any) -> str:
        if value is None:
            return ""
        text = value.text if isinstance(value, Number) else str(value)
        if self._guard and text.startswith(("=", "+", "-", "@")) and not _PLAIN_NUMBER.fullmatch(text, 1):
            return "'" + text
        return text


class _BulkJson(_Writer):
    opening = b"["
    closing = b"]"
    separator = b","

    def member(self, row: RequestRow, document: Document) -> bytes:
        return to_json(bulk_document(row, document, self._call))


class _BulkXml(_Writer):
    opening = DECLARATION + b"<service_requests>"
    closing = b"</service_requests>"

    def member(self, row: RequestRow, document: Document) -> bytes:
        return element("request", bulk_document(row, document, self._call)).encode()


_WRITERS: dict[str, type[_Writer]] = {"geojson": _GeoJson, "csv": _Csv, "bulk.json": _BulkJson, "bulk.xml": _BulkXml}
