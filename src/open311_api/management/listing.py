"""Finding requests: every filter staff need, paged by cursor."""

from __future__ import annotations

import base64
import binascii
import math
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.catalog.types import CHANNELS
from open311_api.errors import Invalid
from open311_api.management import schemas
from open311_api.management.access import READ, Staff, StaffRoute, needs
from open311_api.management.answers import READ_PROBLEMS, SECURITY
from open311_api.management.bodies import Moment
from open311_api.management.documents import request_document
from open311_api.service_requests.checking import Problems, clean
from open311_api.service_requests.listing import Box
from open311_api.service_requests.staff_list import StaffFilters, StaffPlace, find_staff_page

router = APIRouter(route_class=StaffRoute, tags=["Back office"], responses=READ_PROBLEMS)
_LINK = {"Link": {"description": "The address of the next page (RFC 8288).", "schema": {"type": "string"}}}
_MOST_WORDS = 200
_LARGEST_KEY = 2**63 - 1


def _choice(*words: str) -> Any:
    return Query(description=f"One or more of {', '.join(words)}, with commas between them.", examples=[words[0]])


@router.get(
    "/requests",
    operation_id="list_requests",
    summary="Find requests",
    response_model_exclude_unset=True,
    responses={200: {"description": "A page of requests.", "headers": _LINK}},
    openapi_extra=SECURITY,
)
async def list_requests(
    request: Request,
    response: Response,
    staff: Annotated[Staff, needs(*READ)],
    status: Annotated[str | None, _choice("open", "closed")] = None,
    detailed_status: Annotated[str | None, Query(description="Codes of detailed statuses, with commas.")] = None,
    service_code: Annotated[str | None, Query(description="Codes of services, with commas.")] = None,
    department: Annotated[str | None, Query(description="Codes of departments, with commas.")] = None,
    channel: Annotated[str | None, _choice(*CHANNELS)] = None,
    visibility: Annotated[str | None, _choice("public", "masked", "private")] = None,
    moderation: Annotated[str | None, _choice("approved", "pending", "rejected")] = None,
    requested_after: Annotated[Moment | None, Query(description="Reported at this moment or later.")] = None,
    requested_before: Annotated[Moment | None, Query(description="Reported at this moment or before.")] = None,
    updated_after: Annotated[Moment | None, Query(description="Changed at this moment or later.")] = None,
    updated_before: Annotated[Moment | None, Query(description="Changed at this moment or before.")] = None,
    q: Annotated[str | None, Query(max_length=_MOST_WORDS, description="Words of the title, description, address or id.")] = None,
    bbox: Annotated[str | None, Query(description="`minLong,minLat,maxLong,maxLat`.", examples=["4.9,52.0,5.3,52.3"])] = None,
    cursor: Annotated[str | None, Query(max_length=200, description="The `next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Requests on a page.")] = 50,
) -> schemas.RequestPage:
    """Every request, newest first: private and unmoderated ones too, and those still waiting for their id."""
    city, problems = staff.city, Problems()
    words = clean(q or "") or None
    given: dict[str, Any] = {
        "statuses": _known(problems, "status", status, ("open", "closed")),
        "detailed_statuses": _known(problems, "detailed_status", detailed_status, city.statuses),
        "channels": _known(problems, "channel", channel, CHANNELS),
        "visibilities": _known(problems, "visibility", visibility, ("public", "masked", "private")),
        "moderations": _known(problems, "moderation", moderation, ("approved", "pending", "rejected")),
        "service_keys": _services(problems, service_code, city),
        "department_keys": _departments(problems, department, city),
    }
    box, after = None, None
    with problems:
        box = _box(bbox)
    with problems:
        after = _place(cursor)
    problems.raise_if_any()
    filters = StaffFilters(
        **given,
        requested_after=requested_after,
        requested_before=requested_before,
        updated_after=updated_after,
        updated_before=updated_before,
        words=words,
        box=box,
    )
    rows = await find_staff_page(staff.runtime.db, city, filters, size=limit + 1, after=after)
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        following = _cursor(StaffPlace(rows[-1].requested_datetime, rows[-1].request_key))
        pairs = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        address = f"{staff.runtime.settings.public_url}{request.scope['path']}?{urlencode([*pairs, ('cursor', following)])}"
        response.headers["link"] = f'<{address}>; rel="next"'
    return schemas.RequestPage(items=[request_document(row, city) for row in rows], next_cursor=following)


def _items(text: str | None) -> list[str]:
    return list(dict.fromkeys(item for part in (text or "").split(",") if (item := part.strip())))


def _known(problems: Problems, name: str, text: str | None, words: Any) -> list[str] | None:
    """The words asked for; one that does not exist is a mistake, not an empty list."""
    found = _items(text)
    for word in found:
        if word not in words:
            problems.add(name, f"{name} must be one of {', '.join(list(words)[:30])}, not {word[:40]!r}")
    return found or None


def _services(problems: Problems, text: str | None, city: CitySnapshot) -> list[int] | None:
    codes = _known(problems, "service_code", text, city.by_code)
    return None if codes is None else [city.by_code[code].service_key for code in codes if code in city.by_code]


def _departments(problems: Problems, text: str | None, city: CitySnapshot) -> list[int] | None:
    by_code = {item.code: item.department_key for item in city.departments.values()}
    codes = _known(problems, "department", text, by_code)
    return None if codes is None else [by_code[code] for code in codes if code in by_code]


def _box(text: str | None) -> Box | None:
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise Invalid.of("bbox", "bbox must be four numbers: minLong,minLat,maxLong,maxLat") from None
    if not all(math.isfinite(number) for number in (west, south, east, north)):
        raise Invalid.of("bbox", "bbox must be four numbers: minLong,minLat,maxLong,maxLat")
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise Invalid.of("bbox", "bbox must lie within 180 degrees of longitude and 90 of latitude, minLat below maxLat")
    return Box(west=west, south=south, east=east, north=north)


def _cursor(place: StaffPlace) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([place.at, place.request_key])).decode().rstrip("=")


def _place(cursor: str | None) -> StaffPlace | None:
    if not cursor:
        return None
    try:
        at, key = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
        place = StaffPlace(datetime.fromisoformat(at), key)
        sound = type(key) is int and 0 <= key <= _LARGEST_KEY and place.at.tzinfo is not None and 1 < place.at.year < 9999
    except (ValueError, TypeError, binascii.Error):
        sound = False
    if not sound:
        raise Invalid.of("cursor", "cursor must be the next_cursor of the page before; leave it out for the first page")
    return place
