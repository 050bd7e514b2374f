"""The SELECT behind a list, compiled once for each shape of its filters.

A page is found in an index that also carries what the fragment cache needs (id and version); the table is not touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import cos, radians
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Select,
    Text,
    and_,
    any_,
    case,
    column,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from open311_api.db.columns import IdText, Moment, TextList, parameter, point_at
from open311_api.db.statements import Statement
from open311_api.service_requests.listing import Circle, Filters, Page, Sort
from open311_api.service_requests.masking import NARROWEST, cell_height
from open311_api.service_requests.models import ServiceRequest

R = ServiceRequest.__table__.c

COUNT_LIMIT = 10_000
"""Matches are counted exactly up to here (contract C-208)."""

RANKED = 1000
"""``q`` ranks this many of the newest matches."""

_LATERAL_KEYS = 40
_EMPTY = literal_column("'{}'::text[]", TextList)
"""Compared with rather than counted: the planner knows how often an array is empty, and guesses badly at cardinality()."""
_REQUESTED, _UPDATED, _ID = "requested_datetime", "updated_datetime", "service_request_id"


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything about a list that changes its SQL text; values come as parameters."""

    status: str | None
    services: str
    departments: str
    detailed: bool
    requested_from: bool
    requested_to: bool
    updated_from: bool
    updated_to: bool
    box: str | None
    circle: bool
    words: bool
    title: bool
    service_object: bool
    has_photo: bool | None
    order: str
    descending: bool
    after: bool
    offset: bool

    @property
    def spatial(self) -> bool:
        return self.box is not None or self.circle

    @property
    def needs_custom_plan(self) -> bool:
        """Which index is right depends on the values: a place, a word, how long ago "changed since" is."""
        return self.spatial or self.words or self.title or self.updated_from or self.updated_to


def shape_of(filters: Filters, sort: Sort, page: Page) -> Shape:
    keys = filters.service_keys
    services = "any" if keys is None else "one" if len(keys) == 1 else "several" if len(keys) <= _LATERAL_KEYS else "many"
    if services == "several" and (sort.field != _REQUESTED or filters.words or filters.box or filters.circle):
        services = "many"
    departments = filters.department_keys
    return Shape(
        status=next(iter(filters.statuses)) if len(filters.statuses) == 1 else None,
        services=services,
        departments="any" if departments is None else "one" if len(departments) == 1 else "many",
        detailed=filters.detailed_statuses is not None,
        requested_from=filters.requested_from is not None,
        requested_to=filters.requested_to is not None,
        updated_from=filters.updated_from is not None,
        updated_to=filters.updated_to is not None,
        box=None if filters.box is None else "crossing" if filters.box.west > filters.box.east else "plain",
        circle=filters.circle is not None,
        words=filters.words is not None,
        title=filters.title is not None,
        service_object=filters.service_object_type is not None,
        has_photo=filters.has_photo,
        order=sort.field if sort.field in (_UPDATED, _ID, "rank") else _REQUESTED,
        descending=sort.descending,
        after=page.after is not None,
        offset=page.offset > 0,
    )


def values_of(jurisdiction_key: int, filters: Filters, page: Page, *, grid_metres: float) -> dict[str, Any]:
    """Parameters for any statement of this module. ``grid_metres``: how coarsely masked locations are shown."""
    values: dict[str, Any] = {
        "jurisdiction_key": jurisdiction_key,
        "service_keys": list(filters.service_keys or ()),
        "service_key": filters.service_keys[0] if filters.service_keys else None,
        "department_keys": list(filters.department_keys or ()),
        "department_key": filters.department_keys[0] if filters.department_keys else None,
        "detailed_statuses": list(filters.detailed_statuses or ()),
        "requested_from": filters.requested_from,
        "requested_to": filters.requested_to,
        "updated_from": filters.updated_from,
        "updated_to": filters.updated_to,
        "words": filters.words,
        "words_like": _like(filters.words),
        "title_like": _like(filters.title),
        "service_object_type": filters.service_object_type,
        "service_object_id": filters.service_object_id,
        "limit": page.size,
        "offset": page.offset,
    }
    if filters.box is not None:
        box = filters.box
        values |= {"west": box.west, "south": box.south, "east": box.east, "north": box.north}
    if filters.circle is not None:
        values |= _around(filters.circle)
    if filters.box is not None or filters.circle is not None:
        values |= _margins(values, grid_metres)
    if page.after is not None:
        values |= {"after_id": page.after.service_request_id, "after_at": page.after.at}
    return values


def _around(circle: Circle) -> dict[str, float]:
    """The circle and a box in degrees that surely holds it: one per cent wider than the ellipsoid needs."""
    tall = circle.radius / 110_574 * 1.01
    farthest = abs(circle.lat) + tall
    # A circle that holds a pole has every longitude in it.
    wide = 180.0 if farthest > 89.9 else circle.radius / (111_320 * cos(radians(farthest))) * 1.01
    crossing = circle.long - wide < -180 or circle.long + wide > 180
    return {
        "long": circle.long,
        "lat": circle.lat,
        "radius": circle.radius,
        "south": max(-90.0, circle.lat - tall),
        "north": min(90.0, circle.lat + tall),
        "west": -180.0 if crossing else circle.long - wide,
        "east": 180.0 if crossing else circle.long + wide,
    }


def _margins(box: dict[str, Any], grid_metres: float) -> dict[str, float]:
    """How far from its true place a masked request may be shown, in degrees: the index is asked for that much more."""
    tall = cell_height(grid_metres)
    farthest = max(abs(box["south"]), abs(box["north"])) + tall
    return {"cell": tall, "margin": tall / max(NARROWEST, cos(radians(min(90.0, farthest))))}


def _like(text: str | None) -> str | None:
    """A LIKE pattern in which the client's % and _ mean themselves."""
    if text is None:
        return None
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _near(west: ColumnElement[float], east: ColumnElement[float]) -> ColumnElement[bool]:
    """What the spatial index answers: the box, and as much around it as a masked location may be moved. Not exact."""
    cell, margin = parameter("cell", Double), parameter("margin", Double)
    south, north = parameter("south", Double), parameter("north", Double)
    box = func.ST_MakeEnvelope(west - margin, south - cell, east + margin, north + cell, 4326)
    near: ColumnElement[bool] = R.location.op("&&")(box)
    return near


def _at_shown_place(test: Callable[[ColumnElement[Any]], ColumnElement[bool]]) -> ColumnElement[bool]:
    """A test of the place the public sees: asked of the true one, circles and boxes would find out a masked request."""
    return case((R.visibility == literal_column("'masked'"), test(_masked_location())), else_=test(R.location))


def _masked_location() -> ColumnElement[Any]:
    """The same arithmetic as masked_place, so that what is found is what is shown."""
    cell, half = parameter("cell", Double), literal_column("0.5::float8", Double)
    lat = (func.floor(func.ST_Y(R.location) / cell) + half) * cell
    width = cell / func.greatest(literal_column(f"{NARROWEST}::float8", Double), func.cos(func.radians(lat)))
    long = (func.floor(func.ST_X(R.location) / width) + half) * width
    lowest, highest = literal_column("-180::float8", Double), literal_column("180::float8", Double)
    return point_at(
        func.greatest(lowest, func.least(highest, long)),
        func.greatest(lowest / 2, func.least(highest / 2, lat)),
    )


def _geography(geometry: ColumnElement[Any]) -> ColumnElement[Any]:
    return geometry.op("::")(literal_column("geography"))


def _centre() -> ColumnElement[Any]:
    return point_at(parameter("long", Double), parameter("lat", Double))


def _words_rank() -> ColumnElement[float]:
    return func.ts_rank(R.search, func.websearch_to_tsquery(literal_column("'open311'::regconfig"), parameter("words", Text)))


_TRIGRAM_TEXT = literal_column("(coalesce(title, '') || ' ' || coalesce(address, ''))", Text)


_SHOWN_WORDS = func.to_tsvector(
    literal_column("'open311'::regconfig"),
    literal_column("coalesce(title, '') || ' ' || coalesce(description, '') || ' ' || service_request_id", Text),
)


def _between_parallels(place: ColumnElement[Any]) -> ColumnElement[bool]:
    latitude: ColumnElement[float] = func.ST_Y(place)
    return latitude.between(parameter("south", Double), parameter("north", Double))


def _conditions(shape: Shape) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [R.jurisdiction_key == parameter("jurisdiction_key", Integer), R.listed]
    if shape.status is not None:
        found.append(R.status == literal_column(f"'{shape.status}'"))
    if shape.services == "one":
        found.append(R.service_key == parameter("service_key", Integer))
    elif shape.services == "many":
        found.append(R.service_key == any_(parameter("service_keys", ARRAY(Integer))))
    if shape.departments == "one":
        found.append(R.department_key == parameter("department_key", Integer))
    elif shape.departments == "many":
        found.append(R.department_key == any_(parameter("department_keys", ARRAY(Integer))))
    if shape.departments != "any":
        found.append(R.pending_strategies == _EMPTY)
    if shape.detailed:
        found.append(R.detailed_status == any_(parameter("detailed_statuses", ARRAY(IdText))))
    for wanted, name, test in (
        (shape.requested_from, "requested_from", R.requested_datetime.__ge__),
        (shape.requested_to, "requested_to", R.requested_datetime.__le__),
        (shape.updated_from, "updated_from", R.updated_datetime.__ge__),
        (shape.updated_to, "updated_to", R.updated_datetime.__le__),
    ):
        if wanted:
            found.append(test(parameter(name, Moment)))
    west, east = parameter("west", Double), parameter("east", Double)
    if shape.box == "plain":
        found += [
            _near(west, east),
            _at_shown_place(lambda place: and_(_between_parallels(place), func.ST_X(place).between(west, east))),
        ]
    elif shape.box == "crossing":
        ends = literal_column("-180::float8", Double), literal_column("180::float8", Double)
        found += [
            or_(_near(west, ends[1]), _near(ends[0], east)),
            _at_shown_place(lambda place: and_(_between_parallels(place), or_(func.ST_X(place) >= west, func.ST_X(place) <= east))),
        ]
    if shape.circle:
        radius = parameter("radius", Double)
        found += [
            _near(west, east),
            _at_shown_place(lambda place: func.ST_DWithin(_geography(place), _geography(_centre()), radius)),
        ]
    if shape.words:
        query = func.websearch_to_tsquery(literal_column("'open311'::regconfig"), parameter("words", Text))
        like = parameter("words_like", Text)
        found += [
            or_(R.search.op("@@")(query), _TRIGRAM_TEXT.ilike(like)),
            # An address that is not shown is not found either.
            or_(R.visibility != literal_column("'masked'"), _SHOWN_WORDS.op("@@")(query), R.title.ilike(like)),
        ]
    if shape.title:
        found += [_TRIGRAM_TEXT.ilike(parameter("title_like", Text)), R.title.ilike(parameter("title_like", Text))]
    if shape.service_object:
        found += [
            R.service_object_type == parameter("service_object_type", Text),
            R.service_object_id == parameter("service_object_id", Text),
            R.visibility != literal_column("'masked'"),
        ]
    if shape.has_photo is not None:
        found.append(R.media_urls != _EMPTY if shape.has_photo else R.media_urls == _EMPTY)
    return found


def _order(shape: Shape) -> list[ColumnElement[Any]]:
    """Newest first with the id as tie-break: stable while others insert."""
    if shape.order == _ID:
        return [R.service_request_id.desc() if shape.descending else R.service_request_id.asc()]
    identity = R.service_request_id.desc().nulls_last() if shape.descending else R.service_request_id.asc().nulls_first()
    moment = R.updated_datetime if shape.order == _UPDATED else R.requested_datetime
    return [moment.desc() if shape.descending else moment.asc(), identity]


def _after(shape: Shape) -> ColumnElement[bool]:
    """Keyset: strictly behind the last row of the page before, however deep that is."""
    here_id = parameter("after_id", IdText)
    if shape.order == _ID:
        return R.service_request_id < here_id if shape.descending else R.service_request_id > here_id
    moment = R.updated_datetime if shape.order == _UPDATED else R.requested_datetime
    row, place = tuple_(moment, R.service_request_id), tuple_(parameter("after_at", Moment), here_id)
    return row < place if shape.descending else row > place


def _columns(shape: Shape) -> list[ColumnElement[Any]]:
    moment = R.updated_datetime if shape.order == _UPDATED else R.requested_datetime
    distance: ColumnElement[Any] = null()
    if shape.circle:
        shown = case((R.visibility == literal_column("'masked'"), _masked_location()), else_=R.location)
        distance = func.ST_Distance(_geography(shown), _geography(_centre()))
    return [R.service_request_id, R.version, moment.label("at"), distance.label("distance"), null().label("segment")]


@lru_cache(maxsize=1024)
def page_statement(shape: Shape) -> Statement:
    """One page, with the columns of Found: ``at`` is what it is ordered by, ``distance`` in metres or null."""
    conditions = _conditions(shape)
    if shape.after:
        conditions.append(_after(shape))
    limit = parameter("limit", Integer)
    if shape.order == "rank":
        return Statement(_ranked(shape, conditions))
    if shape.services == "several":
        return Statement(_each_service(shape, conditions))
    chosen = select(*_columns(shape)).where(*conditions).order_by(*_order(shape)).limit(limit)
    return Statement(chosen.offset(parameter("offset", Integer)) if shape.offset else chosen)


def _each_service(shape: Shape, conditions: list[ColumnElement[bool]]) -> Select[Any]:
    """The newest of each service by its own index, then the newest of those: never a walk through other services."""
    keys = func.unnest(parameter("service_keys", ARRAY(Integer))).table_valued(column("key", Integer)).render_derived(name="wanted")
    most = parameter("limit", Integer)
    newest = (
        select(*_columns(shape))
        .where(*conditions, R.service_key == keys.c.key)
        .order_by(*_order(shape))
        .limit(most + parameter("offset", Integer) if shape.offset else most)
        .lateral("newest")
    )
    down = shape.descending
    chosen = (
        select(newest.c.service_request_id, newest.c.version, newest.c.at, newest.c.distance, newest.c.segment)
        .select_from(keys.join(newest, true()))
        .order_by(
            newest.c.at.desc() if down else newest.c.at.asc(),
            newest.c.service_request_id.desc() if down else newest.c.service_request_id.asc(),
        )
        .limit(parameter("limit", Integer))
    )
    return chosen.offset(parameter("offset", Integer)) if shape.offset else chosen


def _ranked(shape: Shape, conditions: list[ColumnElement[bool]]) -> Select[Any]:
    """The newest matches, best first."""
    newest = (
        select(*_columns(shape), _words_rank().label("rank"))
        .where(*conditions)
        .order_by(R.requested_datetime.desc(), R.service_request_id.desc().nulls_last())
        .limit(literal_column(str(RANKED)))
        .subquery("newest")
    )
    return (
        select(newest.c.service_request_id, newest.c.version, newest.c.at, newest.c.distance, newest.c.segment)
        .order_by(newest.c.rank.desc(), newest.c.at.desc(), newest.c.service_request_id.desc())
        .limit(parameter("limit", Integer))
        .offset(parameter("offset", Integer))
    )


@lru_cache(maxsize=1024)
def count_statement(shape: Shape) -> Statement:
    """How many match, no further than one past COUNT_LIMIT; their oldest and newest moment (of updating, where that is
    asked for); the snapshot counted in."""
    conditions = _conditions(shape)
    if shape.services == "several":
        conditions.append(R.service_key == any_(parameter("service_keys", ARRAY(Integer))))
    moment = R.updated_datetime if shape.updated_from or shape.updated_to else R.requested_datetime
    matches: Select[Any] = select(moment.label("at")).where(*conditions)
    if not shape.needs_custom_plan and "many" not in (shape.services, shape.departments) and shape.services != "several":
        # In the order of an index: a plan for all values must not hope to meet enough matches by reading the table.
        matches = matches.order_by(*_order(shape))
    some = matches.limit(literal_column(str(COUNT_LIMIT + 1))).subquery("some")
    return Statement(select(func.count(), func.min(some.c.at), func.max(some.c.at), _SNAPSHOT).select_from(some))


@lru_cache(maxsize=1024)
def counted_page_statement(shape: Shape) -> Statement:
    """The first page with the columns of Found, and beside each row those of count_statement."""
    found = select(*_columns(shape)).where(*_conditions(shape)).order_by(*_order(shape))
    matches = found.limit(literal_column(str(COUNT_LIMIT + 1))).cte("matches")
    counted = select(
        func.count().label("number"), func.min(matches.c.at).label("oldest"), func.max(matches.c.at).label("newest")
    ).subquery("counted")
    page = select(matches, counted, _SNAPSHOT).select_from(matches.join(counted, true()))
    order = matches.c.at.desc(), matches.c.service_request_id.desc()
    return Statement(page.order_by(*order).limit(parameter("limit", Integer)))


_SNAPSHOT = func.pg_current_snapshot().op("::")(literal_column("text"))
SNAPSHOT = Statement(select(_SNAPSHOT))
"""Changes with every transaction that writes: equal snapshots see equal rows."""
