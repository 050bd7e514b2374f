"""The SELECT behind a list, compiled once for each shape of its filters.

A page is found in an index that also carries what the fragment cache needs (id and version); the table is not touched.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    any_,
    case,
    column,
    func,
    literal_column,
    null,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from open311_api.db.columns import IdText, Moment, parameter
from open311_api.db.statements import Statement
from open311_api.service_requests.list_conditions import R, centre, conditions_of, geography, masked_location, words_rank
from open311_api.service_requests.list_shape import IDENTITY, UPDATED, Shape

COUNT_LIMIT = 10_000
"""Matches are counted exactly up to here (contract C-208)."""

RANKED = 1000
"""``q`` ranks this many of the newest matches."""


def _order(shape: Shape) -> list[ColumnElement[Any]]:
    """Newest first with the id as tie-break: stable while others insert."""
    if shape.order == IDENTITY:
        return [R.service_request_id.desc() if shape.descending else R.service_request_id.asc()]
    identity = R.service_request_id.desc().nulls_last() if shape.descending else R.service_request_id.asc().nulls_first()
    moment = R.updated_datetime if shape.order == UPDATED else R.requested_datetime
    return [moment.desc() if shape.descending else moment.asc(), identity]


def _after(shape: Shape) -> ColumnElement[bool]:
    """Keyset: strictly behind the last row of the page before, however deep that is."""
    here_id = parameter("after_id", IdText)
    if shape.order == IDENTITY:
        return R.service_request_id < here_id if shape.descending else R.service_request_id > here_id
    moment = R.updated_datetime if shape.order == UPDATED else R.requested_datetime
    row, place = tuple_(moment, R.service_request_id), tuple_(parameter("after_at", Moment), here_id)
    return row < place if shape.descending else row > place


def _columns(shape: Shape) -> list[ColumnElement[Any]]:
    moment = R.updated_datetime if shape.order == UPDATED else R.requested_datetime
    distance: ColumnElement[Any] = null()
    if shape.circle:
        shown = case((R.visibility == literal_column("'masked'"), masked_location()), else_=R.location)
        distance = func.ST_Distance(geography(shown), geography(centre()))
    return [R.service_request_id, R.version, moment.label("at"), distance.label("distance"), null().label("segment")]


@lru_cache(maxsize=1024)
def page_statement(shape: Shape) -> Statement:
    """One page, with the columns of Found: ``at`` is what it is ordered by, ``distance`` in metres or null."""
    conditions = conditions_of(shape)
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
        select(*_columns(shape), words_rank().label("rank"))
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
    conditions = conditions_of(shape)
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
    found = select(*_columns(shape)).where(*conditions_of(shape)).order_by(*_order(shape))
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
