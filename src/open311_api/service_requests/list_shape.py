"""What of a list changes its SQL text, and what only fills its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians
from typing import Any

from open311_api.service_requests.listing import Circle, Filters, Page, Sort
from open311_api.service_requests.masking import NARROWEST, cell_height

REQUESTED, UPDATED, IDENTITY = "requested_datetime", "updated_datetime", "service_request_id"
_LATERAL_KEYS = 40


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
    if services == "several" and (sort.field != REQUESTED or filters.words or filters.box or filters.circle):
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
        order=sort.field if sort.field in (UPDATED, IDENTITY, "rank") else REQUESTED,
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
