"""The WHERE of a list: filters over what the public is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Text,
    and_,
    any_,
    case,
    func,
    literal_column,
    or_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from open311_api.db.columns import IdText, Moment, TextList, parameter, point_at
from open311_api.service_requests.list_shape import Shape
from open311_api.service_requests.masking import NARROWEST
from open311_api.service_requests.models import ServiceRequest

R = ServiceRequest.__table__.c
_EMPTY = literal_column("'{}'::text[]", TextList)
"""Compared with rather than counted: the planner knows how often an array is empty, and guesses badly at cardinality()."""


def _near(west: ColumnElement[float], east: ColumnElement[float]) -> ColumnElement[bool]:
    """What the spatial index answers: the box, and as much around it as a masked location may be moved. Not exact."""
    cell, margin = parameter("cell", Double), parameter("margin", Double)
    south, north = parameter("south", Double), parameter("north", Double)
    box = func.ST_MakeEnvelope(west - margin, south - cell, east + margin, north + cell, 4326)
    near: ColumnElement[bool] = R.location.op("&&")(box)
    return near


def _at_shown_place(test: Callable[[ColumnElement[Any]], ColumnElement[bool]]) -> ColumnElement[bool]:
    """A test of the place the public sees: asked of the true one, circles and boxes would find out a masked request."""
    return case((R.visibility == literal_column("'masked'"), test(masked_location())), else_=test(R.location))


def masked_location() -> ColumnElement[Any]:
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


def geography(geometry: ColumnElement[Any]) -> ColumnElement[Any]:
    return geometry.op("::")(literal_column("geography"))


def centre() -> ColumnElement[Any]:
    return point_at(parameter("long", Double), parameter("lat", Double))


def words_rank() -> ColumnElement[float]:
    return func.ts_rank(R.search, func.websearch_to_tsquery(literal_column("'open311'::regconfig"), parameter("words", Text)))


_TRIGRAM_TEXT = literal_column("(coalesce(title, '') || ' ' || coalesce(address, ''))", Text)


_SHOWN_WORDS = func.to_tsvector(
    literal_column("'open311'::regconfig"),
    literal_column("coalesce(title, '') || ' ' || coalesce(description, '') || ' ' || service_request_id", Text),
)


def _between_parallels(place: ColumnElement[Any]) -> ColumnElement[bool]:
    latitude: ColumnElement[float] = func.ST_Y(place)
    return latitude.between(parameter("south", Double), parameter("north", Double))


def conditions_of(shape: Shape) -> list[ColumnElement[bool]]:
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
            _at_shown_place(lambda place: func.ST_DWithin(geography(place), geography(centre()), radius)),
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
