"""From the staging table into the live ones, set by set: what is new, what changed, and an event for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Text,
    and_,
    cast,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from open311_api.db.columns import parameter, point_at
from open311_api.db.database import Session
from open311_api.db.statements import Statement
from open311_api.events.models import Event
from open311_api.events.types import IMPORTED
from open311_api.imports import queries
from open311_api.imports.staging import DEPARTMENT, KNOWN, ROW, SERVICE, analyze, create
from open311_api.service_requests.models import ServiceRequest

SLICE = 10_000
"""Rows of one statement: bounds what the server keeps of it, and lets the progress be seen."""


_KEY = parameter("jurisdiction_key", Integer)


def _slice(first: int, past: int) -> ColumnElement[bool]:
    """Rows by where they lie in their table: no index is needed, and nothing is read twice.

    Written into the text, so that each slice is planned for the place it is at. (Forcing custom plans would force them
    on the checks of foreign keys too, which doubles the time of an import.)
    """
    return literal_column(f"import_row.ctid >= '({first},0)'::tid AND import_row.ctid < '({past},0)'::tid", Boolean)


_FIELDS: dict[str, ColumnElement[Any]] = {
    "service_key": SERVICE.c.service_key,
    "department_key": func.coalesce(DEPARTMENT.c.department_key, SERVICE.c.department_key, parameter("triage_key", Integer)),
    "status": ROW.c.status,
    "detailed_status": ROW.c.detailed_status,
    "status_notes": ROW.c.status_notes,
    "channel": ROW.c.channel,
    "title": ROW.c.title,
    "description": ROW.c.description,
    "requested_datetime": func.to_timestamp(ROW.c.requested),
    "updated_datetime": func.to_timestamp(ROW.c.updated),
    "expected_datetime": func.to_timestamp(ROW.c.expected),
    "closed_datetime": func.to_timestamp(ROW.c.closed),
    "address": ROW.c.address,
    "zipcode": ROW.c.zipcode,
    "location": point_at(ROW.c.long, ROW.c.lat),
    "media_urls": ROW.c.media_urls,
    "extended_attributes": ROW.c.extended_attributes,
    "duplicate": ROW.c.duplicate,
    "content_hash": ROW.c.content_hash,
}
"""What an import says about a request: written when it is new, written again when its source changed."""

_ROWS = ROW.join(SERVICE, SERVICE.c.code == ROW.c.service_code).outerjoin(DEPARTMENT, DEPARTMENT.c.code == ROW.c.department_code)

_RETURNED = (
    ServiceRequest.request_key,
    ServiceRequest.version,
    ServiceRequest.service_key,
    ServiceRequest.department_key,
    ServiceRequest.status,
)


def _with_events(stored: CTE, status: ColumnElement[Any]) -> Statement:
    """The statement that stores also tells of it; it answers with the number of events, which is that of requests."""
    columns: dict[str, ColumnElement[Any]] = {
        "jurisdiction_key": _KEY,
        "type": cast(literal_column(f"'{IMPORTED}'"), Text),
        "request_key": stored.c.request_key,
        "sequence": stored.c.version,
        "service_key": stored.c.service_key,
        "department_key": stored.c.department_key,
        "status": stored.c.status,
        "import_key": parameter("import_key", BigInteger),
        "data": func.jsonb_build_object("status", status, "source", parameter("source", Text)),
    }
    return Statement(insert(Event).from_select(list(columns), select(*columns.values())))


def _store_new(rows: ColumnElement[bool]) -> Statement:
    source = select(_KEY, ROW.c.service_request_id, SERVICE.c.visibility, *_FIELDS.values())
    source = source.select_from(_ROWS.outerjoin(KNOWN, KNOWN.c.line == ROW.c.line)).where(rows, KNOWN.c.line.is_(None))
    names = ["jurisdiction_key", "service_request_id", "visibility", *_FIELDS]
    stored = insert(ServiceRequest).from_select(names, source).returning(*_RETURNED).cte("stored")
    return _with_events(stored, func.jsonb_build_object("to", stored.c.status))


def _store_changed(rows: ColumnElement[bool]) -> Statement:
    before = aliased(ServiceRequest, name="before")
    row = (
        select(KNOWN.c.request_key, before.status.label("status_before"), *(value.label(name) for name, value in _FIELDS.items()))
        .select_from(
            _ROWS.join(KNOWN, KNOWN.c.line == ROW.c.line).join(
                before, and_(before.jurisdiction_key == _KEY, before.request_key == KNOWN.c.request_key)
            )
        )
        .where(rows, ~KNOWN.c.same)
        .subquery("row")
    )
    stored = (
        update(ServiceRequest)
        .where(ServiceRequest.jurisdiction_key == _KEY, ServiceRequest.request_key == row.c.request_key)
        .values({name: row.c[name] for name in _FIELDS} | {"version": ServiceRequest.version + 1})
        .returning(*_RETURNED, row.c.status_before)
        .cte("stored")
    )
    return _with_events(stored, func.jsonb_build_object("from", stored.c.status_before, "to", stored.c.status))


def _forget_repeats() -> Statement:
    """The last row of the file wins over earlier ones with its id."""
    again = (
        select(ROW.c.service_request_id, func.max(ROW.c.line).label("line"))
        .group_by(ROW.c.service_request_id)
        .having(func.count() > 1)
        .subquery("again")
    )
    return Statement(delete(ROW).where(ROW.c.service_request_id == again.c.service_request_id, ROW.c.line < again.c.line))


def _number_equals() -> Statement:
    """Equal rows of a table without ids are different reports: the second gets the id of the first with -2."""
    every = select(
        ROW.c.line,
        func.row_number().over(partition_by=ROW.c.service_request_id, order_by=ROW.c.line).label("occurrence"),
    ).subquery("every")
    return Statement(
        update(ROW)
        .where(ROW.c.line == every.c.line, every.c.occurrence > 1)
        .values(service_request_id=ROW.c.service_request_id + "-" + cast(every.c.occurrence, Text))
    )


def _name_parents() -> Statement:
    """Links from duplicates to what they repeat, for what this run stored; a parent that is not here is left out."""
    parent = aliased(ServiceRequest, name="parent")
    key = (
        select(parent.request_key)
        .where(parent.jurisdiction_key == _KEY, parent.service_request_id == ROW.c.parent_id)
        .scalar_subquery()
        .correlate(ROW)
    )
    row = (
        select(ROW.c.service_request_id, key.label("parent_request_key"))
        .select_from(ROW.outerjoin(KNOWN, KNOWN.c.line == ROW.c.line))
        .where(ROW.c.parent_id != ROW.c.service_request_id, or_(KNOWN.c.line.is_(None), ~KNOWN.c.same))
        .subquery("row")
    )
    return Statement(
        update(ServiceRequest)
        .where(ServiceRequest.jurisdiction_key == _KEY, ServiceRequest.service_request_id == row.c.service_request_id)
        .values(parent_request_key=row.c.parent_request_key)
    )


FORGET_REPEATS = _forget_repeats()
NUMBER_EQUALS = _number_equals()
_NAME_PARENTS = _name_parents()
_FIND_KNOWN = Statement(insert(KNOWN).from_select(["line", "request_key", "same"], queries.stored_already()))


@dataclass(frozen=True, slots=True)
class Merged:
    stored: int
    updated: int
    unchanged: int
    reported_here: list[tuple[int, str]]
    """Line and id of rows that would have written over requests of residents."""


async def merge(session: Session, values: dict[str, Any], progress: Callable[[int, int], None]) -> Merged:
    """``values``: jurisdiction_key, triage_key, import_key, source. ``progress`` hears rows done and rows in all."""
    await create(session, KNOWN)
    await session.execute(_FIND_KNOWN, values)
    await analyze(session, KNOWN)
    fates = await session.row(queries.FATES)
    assert fates is not None
    rows, pages = fates["rows"], await session.value(queries.PAGES)
    has_new = rows > fates["unchanged"] + fates["changed"] + fates["reported_here"]
    step = max(1, ceil(pages * SLICE / max(rows, 1)))
    stored = updated = 0
    progress(0, rows)
    for first in range(0, pages, step):
        rows_here = _slice(first, first + step)
        if has_new:
            stored += await session.execute(_store_new(rows_here), values)
        if fates["changed"]:
            updated += await session.execute(_store_changed(rows_here), values)
        progress(min(rows, int(rows * (first + step) / pages)), rows)
    if fates["with_parent"]:
        await session.execute(_NAME_PARENTS, values)
    refused = await session.fetch(queries.REPORTED_HERE) if fates["reported_here"] else []
    return Merged(stored, updated, fates["unchanged"], [(row["line"], row["service_request_id"]) for row in refused])
