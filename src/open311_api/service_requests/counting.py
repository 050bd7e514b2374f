"""How many requests match a list, remembered for as long as it is certain."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.db.database import Database
from open311_api.service_requests.list_sql import COUNT_LIMIT, SNAPSHOT
from open311_api.service_requests.listing import Box, Counted, Filters
from open311_api.service_requests.lists import count_matches, planned_read

_MOST = 2000
_WITNESSES = 32
_WITNESS_SECONDS = 30.0
"""That many requests do not all close or move within this time; until then a total may stay away that could be told."""


@dataclass(frozen=True, slots=True)
class _Witness:
    """Within these bounds there are more matches than are counted."""

    oldest: datetime
    newest: datetime
    box: Box | None
    until: float

    def lies_within(self, filters: Filters) -> bool:
        start, end = filters.requested_from, filters.requested_to
        if filters.by_update:
            start, end = filters.updated_from, filters.updated_to
        return (
            (start is None or start <= self.oldest)
            and (end is None or end >= self.newest)
            and (filters.box is None or (self.box is not None and _covers(filters.box, self.box)))
        )


class Counts:
    """Of one process."""

    def __init__(self) -> None:
        self._exact: dict[object, tuple[str, int]] = {}
        self._witnesses: dict[object, deque[_Witness]] = {}

    async def total(self, db: Database, city: CitySnapshot, filters: Filters) -> int | None:
        """Exact; None when there are more than COUNT_LIMIT. Used again while no transaction has written since."""
        if self.surely_many(city, filters):
            return None
        async with planned_read(db, filters) as session:
            known = self._exact.get((city.key, filters))
            if known is not None and known[0] == await session.value(SNAPSHOT):
                return known[1]
            counted = await count_matches(session, city, filters)
        return self.remember(city, filters, counted)

    def remember(self, city: CitySnapshot, filters: Filters, counted: Counted) -> int | None:
        """The total to tell, after a search that counted."""
        if counted.number > COUNT_LIMIT:
            assert counted.oldest is not None
            assert counted.newest is not None
            self._witness(city, filters, counted.oldest, counted.newest)
            return None
        if len(self._exact) >= _MOST:
            self._exact.clear()
        self._exact[city.key, filters] = (counted.snapshot, counted.number)
        return counted.number

    def surely_many(self, city: CitySnapshot, filters: Filters) -> bool:
        """A list that holds a list of more than COUNT_LIMIT matches has more, too."""
        known = self._witnesses.get((city.key, *_rest(filters)))
        if known is None:
            return False
        while known and known[0].until < time.monotonic():
            known.popleft()
        return any(witness.lies_within(filters) for witness in known)

    def _witness(self, city: CitySnapshot, filters: Filters, oldest: datetime, newest: datetime) -> None:
        if len(self._witnesses) >= _MOST:
            self._witnesses.clear()
        known = self._witnesses.setdefault((city.key, *_rest(filters)), deque(maxlen=_WITNESSES))
        known.append(_Witness(oldest, newest, filters.box, time.monotonic() + _WITNESS_SECONDS))


def _rest(filters: Filters) -> tuple[Any, ...]:
    """What must be equal; the window that is counted in and the box may be wider."""
    return (
        *((filters.requested_from, filters.requested_to) if filters.by_update else ()),
        filters.by_update,
        filters.statuses,
        filters.service_keys,
        filters.department_keys,
        filters.detailed_statuses,
        filters.circle,
        filters.words,
        filters.title,
        filters.service_object_type,
        filters.service_object_id,
        filters.has_photo,
    )


def _covers(outer: Box, inner: Box) -> bool:
    """False for boxes across the antimeridian: they are counted."""
    return outer.west <= inner.west <= inner.east <= outer.east and outer.south <= inner.south and inner.north <= outer.north
