"""Which requests a list shows, and where its pages begin: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

SortField = Literal["requested_datetime", "updated_datetime", "service_request_id", "status", "service_code", "rank"]


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees; ``west > east`` crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class Circle:
    """Centre in degrees, radius in metres."""

    lat: float
    long: float
    radius: float


@dataclass(frozen=True, slots=True)
class Filters:
    """All must hold. None and empty mean: not asked for."""

    statuses: frozenset[str] = frozenset()
    service_keys: tuple[int, ...] | None = None
    department_keys: tuple[int, ...] | None = None
    detailed_statuses: tuple[str, ...] | None = None
    requested_from: datetime | None = None
    requested_to: datetime | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None
    box: Box | None = None
    circle: Circle | None = None
    words: str | None = None
    title: str | None = None
    service_object_type: str | None = None
    service_object_id: str | None = None
    has_photo: bool | None = None

    @property
    def by_update(self) -> bool:
        """Counted between moments of updating, not of requesting."""
        return self.updated_from is not None or self.updated_to is not None


@dataclass(frozen=True, slots=True)
class Sort:
    field: SortField = "requested_datetime"
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after this row in the order of the list. ``segment`` is a status or a service_code."""

    service_request_id: str
    at: datetime | None = None
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    size: int = 1000
    after: Place | None = None
    offset: int = 0


class Found(NamedTuple):
    """One row of a page before its document is made: a tuple, because there are a thousand of them."""

    service_request_id: str
    version: int
    at: datetime | None
    distance: float | None = None
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """Matches, no further than one past the limit, and between which moments these lie."""

    number: int
    oldest: datetime | None
    newest: datetime | None
    snapshot: str
    """Equal snapshots see equal rows."""
