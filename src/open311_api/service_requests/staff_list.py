"""Lists for staff: every request, listed or not, newest first, by keyset."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Double, Integer, Text, any_, func, literal_column, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.db.columns import IdText, Moment, parameter
from open311_api.db.database import Database
from open311_api.db.statements import Statement
from open311_api.service_requests.listing import Box
from open311_api.service_requests.models import ServiceRequest
from open311_api.service_requests.staff_queries import StaffRow, find_many_for_staff

R = ServiceRequest.__table__.c
_TITLE_AND_ADDRESS = literal_column("(coalesce(title, '') || ' ' || coalesce(address, ''))", Text)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffFilters:
    """All must hold; None is not asked for, and a list is any of its members."""

    statuses: list[str] | None = None
    detailed_statuses: list[str] | None = None
    service_keys: list[int] | None = None
    department_keys: list[int] | None = None
    channels: list[str] | None = None
    visibilities: list[str] | None = None
    moderations: list[str] | None = None
    requested_after: datetime | None = None
    requested_before: datetime | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None
    words: str | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class StaffPlace:
    """The row after which a page begins."""

    at: datetime
    request_key: int


async def find_staff_page(
    db: Database, city: CitySnapshot, filters: StaffFilters, *, size: int, after: StaffPlace | None
) -> list[StaffRow]:
    """At most ``size`` rows. Planned for the values at hand: which index is right depends on them."""
    given = {field.name: value for field in fields(filters) if (value := getattr(filters, field.name)) is not None}
    values: dict[str, Any] = {**given, "jurisdiction_key": city.key, "limit": size}
    crossing = False
    if filters.box is not None:
        box = filters.box
        crossing = box.west > box.east
        values |= {"west": box.west, "south": box.south, "east": box.east, "north": box.north}
    if filters.words is not None:
        escaped = filters.words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["words_like"] = f"%{escaped}%"
    if after is not None:
        values |= {"after_at": after.at, "after_key": after.request_key}
    statement = _page(frozenset(given), after is not None, crossing)
    async with db.read_custom() as session:
        keys = [row["request_key"] for row in await session.fetch(statement, values)]
        found = await find_many_for_staff(session, city.key, keys)
    return [found[key] for key in keys if key in found]


@lru_cache(maxsize=512)
def _page(given: frozenset[str], after: bool, crossing: bool) -> Statement:
    conditions: list[ColumnElement[bool]] = [R.jurisdiction_key == parameter("jurisdiction_key", Integer)]
    for name, column, kind in (
        ("statuses", R.status, Text),
        ("detailed_statuses", R.detailed_status, IdText),
        ("service_keys", R.service_key, Integer),
        ("department_keys", R.department_key, Integer),
        ("channels", R.channel, Text),
        ("visibilities", R.visibility, Text),
        ("moderations", R.moderation, Text),
    ):
        if name in given:
            conditions.append(column == any_(parameter(name, ARRAY(kind))))
    for name, test in (
        ("requested_after", R.requested_datetime.__ge__),
        ("requested_before", R.requested_datetime.__le__),
        ("updated_after", R.updated_datetime.__ge__),
        ("updated_before", R.updated_datetime.__le__),
    ):
        if name in given:
            conditions.append(test(parameter(name, Moment)))
    if "words" in given:
        query = func.websearch_to_tsquery(literal_column("'open311'::regconfig"), parameter("words", Text))
        conditions.append(or_(R.search.op("@@")(query), _TITLE_AND_ADDRESS.ilike(parameter("words_like", Text))))
    if "box" in given:
        conditions.append(_inside(crossing))
    if after:
        here = tuple_(parameter("after_at", Moment), parameter("after_key", BigInteger))
        # The first condition is what the index is entered with.
        conditions += [R.requested_datetime <= parameter("after_at", Moment), tuple_(R.requested_datetime, R.request_key) < here]
    return Statement(
        select(R.request_key)
        .where(*conditions)
        .order_by(R.requested_datetime.desc(), R.request_key.desc())
        .limit(parameter("limit", Integer))
    )


def _inside(crossing: bool) -> ColumnElement[bool]:
    west, south, east, north = (parameter(name, Double) for name in ("west", "south", "east", "north"))

    def box(left: Any, right: Any) -> ColumnElement[bool]:
        found: ColumnElement[bool] = R.location.op("&&")(func.ST_MakeEnvelope(left, south, right, north, 4326))
        return found

    if not crossing:
        return box(west, east)
    return or_(box(west, literal_column("180::float8", Double)), box(literal_column("-180::float8", Double), east))
