"""GET requests: a page of documents with its links (contract 1.11 and 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlencode

from starlette.responses import Response

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.db.database import Database
from open311_api.georeport.calls import Call, answer, not_modified, public_path
from open311_api.georeport.conditional import etag, unchanged, validators
from open311_api.georeport.documents import request_document
from open311_api.georeport.fragments import FragmentCache
from open311_api.georeport.list_parameters import ListQuery, list_query, write_cursor
from open311_api.georeport.rendering import element, join, number, to_json
from open311_api.service_requests.counting import Counts
from open311_api.service_requests.listing import Found
from open311_api.service_requests.lists import find_counted_page, find_page, place_after, worth_counting
from open311_api.service_requests.queries import find_requests, listed_versions, public_history
from open311_api.service_requests.types import HistoryItem, RequestRow

ROOT = "service_requests"
_WINDOW_NAMES = ("start_date", "end_date", "updated_after", "updated_before", "updated", "service_request_id")


@dataclass(slots=True)
class GeoReportState:
    """What the public face remembers in this process."""

    fragments: FragmentCache
    counts: Counts = field(default_factory=Counts)


def state_of(call: Call) -> GeoReportState:
    state = call.request.scope["app"].state.georeport
    assert isinstance(state, GeoReportState)
    return state


def list_tag(call: Call, suffix: str = "") -> tuple[str, datetime]:
    """Validator of a list: changes with the feed, the catalogue, the query, and each hour for the default window."""
    feed = call.runtime.pulse.feed(call.city.key)
    hour = None
    if not call.parameters.all(*_WINDOW_NAMES):
        hour = call.runtime.clock().replace(minute=0, second=0, microsecond=0)
    modified = max(feed.published_at, call.city.jurisdiction.catalog_changed_at, hour or feed.published_at)
    return etag("list", suffix, call.variant, feed.position, hour, call.parameters.normal()), modified


async def list_answer(call: Call) -> Response:
    """The whole answer, or 304."""
    now = call.runtime.clock()
    tag, modified = list_tag(call)
    headers = validators(tag=tag, modified=modified, now=now)
    if unchanged(call.request.headers, tag=tag, modified=modified, now=now):
        return not_modified(call, headers)
    query = list_query(call.parameters, call.city, now)
    if query.ids:
        found = await _by_ids(call, query.ids)
        headers["x-total-count"] = str(len(found))
    else:
        found = await _page(call, query, headers)
    fragments = await render_found(call, found)
    return answer(call, join(fragments, root=ROOT, format=call.format), headers)


async def _by_ids(call: Call, ids: Sequence[str]) -> list[Found]:
    """Ids override every filter and paging (A-14); those that lists do not show are left out."""
    async with call.runtime.db.read() as session:
        return await listed_versions(session, call.city.key, ids)


async def _page(call: Call, query: ListQuery, headers: dict[str, str]) -> list[Found]:
    if query.nothing:
        headers["x-total-count"] = "0"
        return []
    size, counts = query.page.size, state_of(call).counts
    one_more = replace(query.page, size=size + 1)
    if worth_counting(query.filters, query.sort, one_more) and not counts.surely_many(call.city, query.filters):
        found, counted = await find_counted_page(call.runtime.db, call.city, query.filters, one_more)
        total = counts.remember(call.city, query.filters, counted)
    else:
        found = await find_page(call.runtime.db, call.city, query.filters, query.sort, one_more)
        total = await _total(call, query, min(size, len(found)), more=len(found) > size)
    found, more = found[:size], len(found) > size
    if total is not None:
        headers["x-total-count"] = str(total)
    headers["link"] = _links(call, query, found, more=more, total=total)
    return found


async def _total(call: Call, query: ListQuery, length: int, *, more: bool) -> int | None:
    """Exact or None (C-208)."""
    page = query.page
    if not more and page.after is None and (length or page.offset == 0):
        return page.offset + length
    return await state_of(call).counts.total(call.runtime.db, call.city, query.filters)


def _links(call: Call, query: ListQuery, found: list[Found], *, more: bool, total: int | None) -> str:
    """RFC 8288. ``next`` carries a cursor, so that page ten thousand costs what the first costs."""
    size, number_ = query.page.size, query.page_number
    links = [_link(call, "first", page=1, size=size)]
    if number_ > 1:
        links.append(_link(call, "prev", page=number_ - 1, size=size))
    if more and found:
        if query.sort.field == "rank":
            links.append(_link(call, "next", page=number_ + 1, size=size, offset=query.page.offset + size))
        else:
            links.append(_link(call, "next", page=number_ + 1, size=size, cursor=write_cursor(place_after(found[-1], query.sort))))
    if total is not None:
        links.append(_link(call, "last", page=max(1, -(-total // size)), size=size))
    return ", ".join(links)


_PAGING = frozenset(("page", "page_size", "per_page", "limit", "max_requests", "count", "offset", "cursor", "api_key"))


def _link(call: Call, relation: str, *, page: int, size: int, cursor: str | None = None, offset: int | None = None) -> str:
    """A key that came in the query is not repeated: keys never appear in answers."""
    pairs = [(name, value) for name, values in call.parameters.normal() if name not in _PAGING for value in values]
    pairs += [("page", str(page)), ("page_size", str(size))]
    if cursor is not None:
        pairs.append(("cursor", cursor))
    if offset is not None:
        pairs.append(("offset", str(offset)))
    return f'<{call.runtime.settings.public_url}{public_path(call.request)}?{urlencode(pairs)}>; rel="{relation}"'


async def render_found(call: Call, found: Sequence[Found]) -> list[bytes]:
    """Documents in order: those of the cache copied, the others read and made."""
    cache, variant = state_of(call).fragments, call.variant
    if call.view.extensions and any(row.distance is not None for row in found):
        distances = {row.service_request_id: row.distance for row in found}
        made = {row.service_request_id: fragment for row, fragment in await read_and_render(call, list(distances), distances)}
        return [made[row.service_request_id] for row in found if row.service_request_id in made]
    fragments = cache.get_many(variant, found)
    if None in fragments:
        missing = [row.service_request_id for row, kept in zip(found, fragments, strict=True) if kept is None]
        made = {}
        for row_read, fragment in await read_and_render(call, missing):
            made[row_read.service_request_id] = fragment
            cache.put(variant, row_read.service_request_id, row_read.version, fragment)
        # One that vanished in between is left out.
        fragments = [kept or made.get(row.service_request_id) for row, kept in zip(found, fragments, strict=True)]
    return [fragment for fragment in fragments if fragment is not None]


async def read_and_render(
    call: Call, ids: Sequence[str], distances: dict[str, float | None] | None = None
) -> list[tuple[RequestRow, bytes]]:
    """Rows and their documents in the call's format, in no particular order."""
    rows, histories = await read_rows(call.runtime.db, call.city, ids, history=call.view.extensions)
    rendered = []
    for row in rows:
        document = request_document(row, call.city, call.view, histories.get(row.request_key))
        if distances and (metres := distances.get(row.service_request_id)) is not None:
            document["extended_attributes"]["distance"] = number(round(metres, 1))
        rendered.append((row, to_json(document) if call.format == "json" else element("request", document).encode()))
    return rendered


async def read_rows(
    db: Database, city: CitySnapshot, ids: Sequence[str], *, history: bool
) -> tuple[list[RequestRow], dict[int, list[HistoryItem]]]:
    """Requests with their public history by request_key, if that is wanted."""
    async with db.read() as session:
        rows = await find_requests(session, city.key, ids)
        histories = await public_history(session, city.key, [row.request_key for row in rows]) if history else {}
    return rows, histories
