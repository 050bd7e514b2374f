"""The query of a list of service requests, as values (contract 1.11 and 4)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.errors import Invalid
from open311_api.georeport.parameters import Parameters, decimal_number, flag
from open311_api.service_requests.checking import Problems
from open311_api.service_requests.listing import Box, Circle, Filters, Page, Place, Sort
from open311_api.service_requests.moments import parse_moment

DEFAULT_WINDOW = timedelta(days=90)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
MAXIMUM_PAGE = 1000
MAXIMUM_IDS = 10_000
LARGEST_RADIUS = 20_037_508.0  # half way round the earth, in metres
SORT_FIELDS = {
    "requested_datetime": "requested_datetime",
    "created": "requested_datetime",
    "updated_datetime": "updated_datetime",
    "updated": "updated_datetime",
    "status": "status",
    "service_code": "service_code",
    "service_request_id": "service_request_id",
}


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a client asked for."""

    ids: tuple[str, ...]
    filters: Filters
    sort: Sort
    page: Page
    page_number: int
    nothing: bool
    """A filter that can match nothing, such as an unknown service_code."""
    default_window: bool
    """The window was ours, not the client's: it moves with the clock."""
    sized: bool
    """The client named a page size."""


def list_query(parameters: Parameters, city: CitySnapshot, now: datetime) -> ListQuery:
    """Read everything and report every problem at once. Raises Invalid."""
    problems = Problems()
    ids = parameters.items("service_request_id")
    if len(ids) > MAXIMUM_IDS:
        problems.add("service_request_id", f"service_request_id names more than {MAXIMUM_IDS} requests; ask in several calls")
        problems.raise_if_any()
    if ids:
        # They override every other parameter, sensible or not.
        return ListQuery(ids, Filters(), Sort(), Page(), page_number=1, nothing=False, default_window=False, sized=False)
    statuses: frozenset[str] = frozenset()
    with problems:
        statuses = _statuses(parameters)
    window = _Window(None, None, None, None, default=False)
    with problems:
        window = _window(parameters, city, now)
    box, circle = None, None
    with problems:
        box = _box(parameters)
    with problems:
        circle = _circle(parameters)
    object_type, object_id = parameters.text("service_object_type"), parameters.text("service_object_id")
    if (object_type is None) != (object_id is None):
        missing = "service_object_type" if object_type is None else "service_object_id"
        problems.add(missing, f"{missing} was not provided; service_object_type and service_object_id go together")
    photo = None
    with problems:
        name = next((name for name in ("has_photo", "with_picture", "with_foto") if parameters.text(name)), "has_photo")
        photo = flag(parameters.text(name), name=name)
    sort, words = Sort(), parameters.text("q", "search")
    with problems:
        sort = _sort(parameters, words)
    page, number, sized = Page(), 1, False
    with problems:
        page, number, sized = _page(parameters, sort)
    problems.raise_if_any()
    codes = parameters.items("service_code")
    names = (*parameters.items("agency_responsible"), *parameters.all("agency_responsible"))  # a name may hold a comma
    agencies = {name.strip().casefold() for name in names}
    services = tuple(sorted(city.by_code[code].service_key for code in codes if code in city.by_code)) if codes else None
    departments = (
        tuple(key for key, item in city.departments.items() if (item.shown_name or "").casefold() in agencies) if agencies else None
    )
    details = parameters.items("detailed_status")
    detailed = _detailed(details, city) if details else None
    return ListQuery(
        ids=ids,
        filters=Filters(
            statuses=statuses,
            service_keys=services,
            department_keys=departments,
            detailed_statuses=detailed,
            requested_from=window.requested_from,
            requested_to=window.requested_to,
            updated_from=window.updated_from,
            updated_to=window.updated_to,
            box=box,
            circle=circle,
            words=words,
            title=parameters.text("title"),
            service_object_type=object_type,
            service_object_id=object_id,
            has_photo=photo,
        ),
        sort=sort,
        page=page,
        page_number=number,
        nothing=services == () or departments == () or detailed == (),
        default_window=window.default,
        sized=sized,
    )


@dataclass(frozen=True, slots=True)
class _Window:
    requested_from: datetime | None
    requested_to: datetime | None
    updated_from: datetime | None
    updated_to: datetime | None
    default: bool


def _statuses(parameters: Parameters) -> frozenset[str]:
    words = [word.lower() for word in parameters.items("status")]
    for word in words:
        if word not in ("open", "closed"):
            raise Invalid.of("status", f"status must be open or closed, not {word[:40]!r}")
    return frozenset(words)


def moment_parameter(parameters: Parameters, names: tuple[str, ...], city: CitySnapshot, *, end: bool) -> datetime | None:
    """A date or date-time under the first of these names that has one. Raises Invalid."""
    for name in names:
        text = parameters.text(name)
        if text is None:
            continue
        try:
            return parse_moment(text, city.jurisdiction.time_zone, end_of_day=end)
        except ValueError:
            raise Invalid.of(name, f"{name} must be a date-time such as 2026-02-10T17:42:05+01:00, not {text[:60]!r}") from None
    return None


def _window(parameters: Parameters, city: CitySnapshot, now: datetime) -> _Window:
    """Decisions A-11 to A-13: 90 days by default, ranges inclusive, no default window beside updated_*."""
    problems = Problems()
    start = end = updated_from = updated_to = None
    with problems:
        start = moment_parameter(parameters, ("start_date",), city, end=False)
    with problems:
        end = moment_parameter(parameters, ("end_date",), city, end=True)
    with problems:
        updated_from = moment_parameter(parameters, ("updated_after", "updated"), city, end=False)
    with problems:
        updated_to = moment_parameter(parameters, ("updated_before",), city, end=True)
    problems.raise_if_any()
    if start and end and start > end:
        raise Invalid.of("start_date", "start_date must not be after end_date")
    if updated_from and updated_to and updated_from > updated_to:
        raise Invalid.of("updated_after", "updated_after must not be after updated_before")
    default = False
    if start is None and end is None:
        if updated_from is None and updated_to is None:
            # Whole seconds, so that calls within one second ask the same question.
            start, default = now.replace(microsecond=0) - DEFAULT_WINDOW, True
    elif start is None and end is not None and updated_from is None and updated_to is None:
        start = max(end, _EARLIEST + DEFAULT_WINDOW) - DEFAULT_WINDOW
    limit = city.jurisdiction.settings.maximum_span_days
    if limit is not None and start is not None and not default and (end or now) - start > timedelta(days=limit):
        raise Invalid.of("start_date", f"start_date to end_date may span at most {limit} days here; ask in several calls")
    return _Window(start, end, updated_from, updated_to, default)


def _box(parameters: Parameters) -> Box | None:
    text = parameters.text("bbox")
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4:
        raise Invalid.of("bbox", "bbox must be four numbers: minLong,minLat,maxLong,maxLat")
    west, east = (decimal_number(parts[index], name="bbox", low=-180, high=180) for index in (0, 2))
    south, north = (decimal_number(parts[index], name="bbox", low=-90, high=90) for index in (1, 3))
    if south > north:
        raise Invalid.of("bbox", "bbox has minLat above maxLat; write it as minLong,minLat,maxLong,maxLat")
    return Box(west=west, south=south, east=east, north=north)


def _circle(parameters: Parameters) -> Circle | None:
    given = {"lat": parameters.text("lat"), "long": parameters.text("long", "lng", "lon"), "radius": parameters.text("radius")}
    if not any(given.values()):
        return None
    problems = Problems()
    limits = {"lat": (-90.0, 90.0), "long": (-180.0, 180.0), "radius": (0.0, LARGEST_RADIUS)}
    values = {}
    for name, text in given.items():
        if text is None:
            problems.add(name, f"{name} was not provided; lat, long and radius (metres) go together")
        else:
            with problems:
                values[name] = decimal_number(text, name=name, low=limits[name][0], high=limits[name][1])
    problems.raise_if_any()
    return Circle(**values)


def _sort(parameters: Parameters, words: str | None) -> Sort:
    text = parameters.text("sort", "order_by")
    if text is None:
        return Sort("rank") if words else Sort()
    name = text.lstrip("-+ ").lower()
    if name not in SORT_FIELDS:
        known = ", ".join(SORT_FIELDS)
        raise Invalid.of("sort", f"sort must be one of {known}, with - in front for descending, not {text[:40]!r}")
    return Sort(SORT_FIELDS[name], descending=text.startswith("-"))  # type: ignore[arg-type]  # the table holds only SortField


def _detailed(words: tuple[str, ...], city: CitySnapshot) -> tuple[str, ...]:
    """Our codes for words of either dialect: RECEIVED as CitySDK writes it, or the city's own code."""
    wanted = {word.casefold() for word in words}
    return tuple(code for code, item in city.statuses.items() if {code.casefold(), item.citysdk_word.casefold()} & wanted)


def _whole(parameters: Parameters, *names: str) -> int | None:
    for name in names:
        text = parameters.text(name)
        if text is None:
            continue
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 15:
            raise Invalid.of(name, f"{name} must be a whole number, not {text[:40]!r}")
        return int(text)
    return None


def _page(parameters: Parameters, sort: Sort) -> tuple[Page, int, bool]:
    size = _whole(parameters, "page_size", "per_page", "limit", "max_requests", "count")
    number = max(1, _whole(parameters, "page") or 1)
    offset = _whole(parameters, "offset")
    length = MAXIMUM_PAGE if size is None or size < 1 else min(size, MAXIMUM_PAGE)
    cursor = parameters.text("cursor")
    if cursor is not None:
        return Page(size=length, after=read_cursor(cursor, sort)), number, size is not None
    start = max(0, offset) if offset is not None else (number - 1) * length
    return Page(size=length, offset=start), number, size is not None


def write_cursor(place: Place) -> str:
    """Opaque to clients: where the next page begins."""
    at = None if place.at is None else place.at.isoformat()
    return base64.urlsafe_b64encode(orjson.dumps([place.service_request_id, at, place.segment])).rstrip(b"=").decode()


def read_cursor(text: str, sort: Sort) -> Place:
    """Raises Invalid for anything write_cursor did not make for this order."""
    try:
        identity, at, segment = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        moment = None if at is None else datetime.fromisoformat(at).astimezone(UTC)
        if not isinstance(identity, str) or "\0" in identity or not isinstance(segment, str | None):
            raise ValueError(text)
        by_id, by_segment = sort.field == "service_request_id", sort.field in ("status", "service_code")
        if (moment is None) != by_id or (segment is None) == by_segment:
            raise ValueError(text)
    except (ValueError, TypeError, OverflowError, binascii.Error):
        raise Invalid.of("cursor", "cursor is not one this server gave; follow the Link header, or leave cursor out") from None
    return Place(service_request_id=identity, at=moment, segment=segment)
