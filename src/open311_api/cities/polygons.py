"""GeoJSON polygons checked and made ready for PostGIS: WGS84, two dimensions, valid, no wider than half the globe."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.validation import explain_validity

DECIMALS = 7
"""About a centimetre: what is stored, so that files written from the database read back the same."""
MOST_VERTICES = 100_000

_CONVERT = "convert it first, for example with: ogr2ogr -t_srs EPSG:4326 -lco RFC7946=YES new.geojson old.geojson"


@dataclass(slots=True)
class Parsed:
    """A polygon, or why there is none; warnings may come with either."""

    geometry: MultiPolygon | None = None
    errors: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)

    @property
    def wkb(self) -> bytes:
        assert self.geometry is not None
        data: bytes = shapely.to_wkb(self.geometry, byte_order=1)
        return data


def parse_polygon(data: object) -> Parsed:
    """A GeoJSON Polygon or MultiPolygon; everything else is an error with advice."""
    parsed = Parsed()
    kind = data.get("type") if isinstance(data, dict) else None
    if not isinstance(data, dict) or kind not in ("Polygon", "MultiPolygon"):
        what = "has no geometry" if data is None else f"is a {kind}" if isinstance(kind, str) else "is not a GeoJSON geometry"
        parsed.errors.append((what, "an area is a Polygon or a MultiPolygon"))
        return parsed
    parts = [data.get("coordinates")] if kind == "Polygon" else data.get("coordinates")
    if not isinstance(parts, list) or not parts:
        parsed.errors.append(("has no coordinates", "write the rings of the polygon"))
        return parsed
    rings = [list(_rings(part, parsed)) for part in parts]
    if not parsed.errors and _plausible([point for part in rings for ring in part for point in ring], parsed):
        _build(rings, parsed)
    return parsed


def _rings(part: object, parsed: Parsed) -> Iterator[list[tuple[float, float]]]:
    if not isinstance(part, list) or not part:
        parsed.errors.append(("has a part without rings", "a polygon is a list of rings, the outer one first"))
        return
    for number, ring in enumerate(part):
        points = [_point(position) for position in ring] if isinstance(ring, list) else []
        name = "the outer ring" if number == 0 else f"hole {number}"
        if not all(points) or not points:
            parsed.errors.append((f"{name} holds something that is not a position", "write [longitude, latitude] pairs of numbers"))
        elif points[0] != points[-1]:
            parsed.errors.append((f"{name} is not closed", f"repeat its first position {list(points[0] or ())} at the end"))
        elif len(points) < 4:
            parsed.errors.append((f"{name} has fewer than four positions", "a ring needs three corners and its first one again"))
        else:
            if any(len(position) > 2 for position in ring) and not parsed.warnings:
                parsed.warnings.append(("heights are left out", ""))
            yield [point for point in points if point]


def _point(position: object) -> tuple[float, float] | None:
    if not isinstance(position, list) or len(position) < 2:
        return None
    long, lat = position[0], position[1]
    for number in (long, lat):
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            return None
    return round(float(long), DECIMALS), round(float(lat), DECIMALS)


def _plausible(points: list[tuple[float, float]], parsed: Parsed) -> bool:
    if len(points) > MOST_VERTICES:
        advice = "simplify it, for example with: ogr2ogr -simplify 0.00001 new.geojson old.geojson"
        parsed.errors.append((f"has {len(points):,} vertices, more than {MOST_VERTICES:,}", advice))
        return False
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    if west < -180 or east > 180 or south < -90 or north > 90:
        if west >= -90 and east <= 90 and south >= -180 and north <= 180:
            parsed.errors.append((f"latitude comes first in {list(points[0])}", "swap the two: GeoJSON has longitude first"))
        else:
            parsed.errors.append((f"{list(points[0])} is not in degrees but in a projected system", _CONVERT))
        return False
    if east - west > 180:
        advice = "cut it there into a MultiPolygon with one part on each side"
        parsed.errors.append(("crosses the 180th meridian", advice))
        return False
    if west <= 0 <= east and south <= 0 <= north and east - west < 0.01:
        parsed.warnings.append(("lies at 0, 0 in the Atlantic", "look whether coordinates are missing"))
    return True


def _build(rings: list[list[list[tuple[float, float]]]], parsed: Parsed) -> None:
    geometry = MultiPolygon([Polygon(part[0], part[1:]) for part in rings])
    if not geometry.is_valid:
        reason = explain_validity(geometry)
        kind, _, place = reason.partition("[")
        where = f" near {place.rstrip(']').replace(' ', ', ')}" if place else ""
        advice = "mend it, for example with: ogr2ogr -makevalid new.geojson old.geojson"
        parsed.errors.append((f"is not valid: {kind.strip()}{where}", advice))
    elif geometry.area == 0:
        parsed.errors.append(("has no surface", "look at its corners"))
    else:
        parsed.geometry = geometry


def swapped(geometry: MultiPolygon) -> MultiPolygon:
    """The same with longitude and latitude changed over, to find out whether they were."""
    return shapely.transform(geometry, lambda points: points[:, ::-1])


def to_geojson(wkb: bytes) -> dict[str, Any]:
    """The stored geometry as a GeoJSON MultiPolygon that reads back bit for bit."""
    geometry: dict[str, Any] = shapely.geometry.mapping(shapely.from_wkb(wkb))
    return {"type": geometry["type"], "coordinates": geometry["coordinates"]}
