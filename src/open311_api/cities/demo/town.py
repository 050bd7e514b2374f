"""The map of the demo city: districts that tile the town, parks, streets and addresses. The same every time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from random import Random
from typing import Any

import shapely
from shapely.geometry import LineString, MultiPoint, Point, Polygon

CENTER_LAT, CENTER_LONG = 47.05, -107.72
"""Prairie in Montana: nobody's home is at one of these addresses."""
_NORTH = 1 / 111_132
_EAST = 1 / (111_320 * math.cos(math.radians(CENTER_LAT)))

DISTRICTS = {
    "downtown": ("Downtown", 0, 0),
    "market": ("Market Quarter", 1400, 300),
    "station": ("Station Hill", -350, -1350),
    "college": ("College", -1600, 450),
    "riverside": ("Riverside", 200, 1600),
    "old-mill": ("Old Mill", 2000, 1900),
    "north-field": ("North Field", -1200, 3100),
    "east-ridge": ("East Ridge", 3400, 100),
    "orchard": ("Orchard Park", -3300, -150),
    "southgate": ("Southgate", -150, -3100),
    "airfield": ("Airfield", 2400, -2000),
    "willow-creek": ("Willow Creek", -2500, -2200),
}
"""Code: title and middle, in metres east and north of the town hall."""

PARKS = {
    "founders-green": ("Founders Green", "city", 350, -250, 120),
    "mill-pond": ("Mill Pond Park", "city", 2150, 2150, 260),
    "river-meadow": ("River Meadow", "county", 150, 2100, 300),
    "college-fields": ("College Fields", "school district", -2000, 800, 230),
    "orchard-commons": ("Orchard Commons", "city", -3100, -500, 210),
    "ridge-lookout": ("Ridge Lookout", "state", 3500, 450, 240),
    "south-ballpark": ("South Ballpark", "school district", 250, -3000, 200),
    "creek-trail": ("Creek Trail Park", "county", -2350, -1900, 260),
    "north-grove": ("North Grove", "city", -1000, 2800, 220),
}
_STREETS = (
    "Alder", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Gingko",
    "Hawthorn", "Ironwood", "Juniper", "Katsura", "Linden", "Maple", "Nettle",
    "Oak", "Poplar", "Quince", "Rowan", "Spruce", "Tamarack", "Walnut",
)  # fmt: skip
_AVENUES = (
    "Anvil", "Barley", "Candle", "Drover", "Ember", "Ferry", "Granary",
    "Harness", "Inkwell", "Jasper", "Kettle", "Lantern", "Miller", "Needle",
    "Orchard", "Plow", "Quarry", "Ropewalk", "Saddle", "Tanner", "Weaver",
)  # fmt: skip
_BLOCK = 330
"""Metres between two streets."""


def to_degrees(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a point in metres east and north of the town hall."""
    return round(CENTER_LONG + x * _EAST, 7), round(CENTER_LAT + y * _NORTH, 7)


@dataclass(frozen=True, slots=True)
class Address:
    text: str
    street: str
    cross: str
    zipcode: str
    district: str
    long: float
    lat: float


class Town:
    """Everything in metres around the town hall, until it is written out in degrees."""

    @cached_property
    def districts(self) -> dict[str, Polygon]:
        rough = _outline()
        seeds = {code: Point(x, y) for code, (_, x, y) in DISTRICTS.items()}
        cells = shapely.voronoi_polygons(MultiPoint(list(seeds.values())), extend_to=rough).geoms
        return {
            code: _wiggled(next(cell for cell in cells if cell.contains(seed)).intersection(rough)) for code, seed in seeds.items()
        }

    @cached_property
    def boundary(self) -> Polygon:
        """Made of the districts, so that they tile it without a gap."""
        return shapely.union_all(list(self.districts.values()))

    def district_at(self, x: float, y: float) -> str | None:
        point = Point(x, y)
        return next((code for code, shape in self.districts.items() if shape.covers(point)), None)

    def address(self, random: Random, *, near: tuple[float, float], spread: float) -> Address:
        """A house on a street, most likely near the given place."""
        while True:
            x, y = random.gauss(near[0], spread), random.gauss(near[1], spread)
            column, row = round(x / _BLOCK), round(y / _BLOCK)
            if not (abs(column) <= 10 and abs(row) <= 10):
                continue
            along_street = random.random() < 0.55
            number = random.randint(1, 49) * 2 + (side := random.choice((0, 1)))
            if along_street:
                y = row * _BLOCK + _bend(x) + (9 if side else -9)
                block, compass, name, other = abs(x) // _BLOCK, "E" if x >= 0 else "W", _street(row), _avenue(column)
            else:
                x = column * _BLOCK + _bend(y) + (9 if side else -9)
                block, compass, name, other = abs(y) // _BLOCK, "N" if y >= 0 else "S", _avenue(column), _street(row)
            if district := self.district_at(x, y):
                text = f"{int(block) * 100 + number} {compass} {name}, Brindleford"
                zipcode = f"004{10 + list(DISTRICTS).index(district) // 3}"
                long, lat = to_degrees(x, y)
                return Address(text, name, f"{name} and {other}", zipcode, district, long, lat)

    def files(self) -> dict[str, dict[str, Any]]:
        """GeoJSON by file name, as the city file of the demo names them."""
        districts = [_feature(shape, {"district": code, "title": DISTRICTS[code][0]}) for code, shape in self.districts.items()]
        parks = [
            _feature(_blob(code, x, y, radius), {"park": code, "title": title, "owner": owner})
            for code, (title, owner, x, y, radius) in PARKS.items()
        ]
        return {
            "boundary.geojson": _collection([_feature(self.boundary, {"title": "Brindleford"})]),
            "districts.geojson": _collection(districts),
            "parks.geojson": _collection(parks),
        }


def _street(row: int) -> str:
    return f"{_STREETS[row + 10]} Street"


def _avenue(column: int) -> str:
    return f"{_AVENUES[column + 10]} Avenue"


def _bend(along: float) -> float:
    """Streets of the town are not quite straight."""
    return 55 * math.sin(along / 1700)


def _outline() -> Polygon:
    random = Random("outline")  # noqa: S311 a map, not a secret
    corners = []
    for step in range(36):
        angle, reach = step * math.tau / 36, random.uniform(0.88, 1.08)
        corners.append((4500 * reach * math.cos(angle), 4200 * reach * math.sin(angle)))
    return Polygon(corners)


def _blob(code: str, x: float, y: float, radius: float) -> Polygon:
    return _wiggled(Point(x, y).buffer(radius, quad_segs=4), seed=code)


def _wiggled(shape: Polygon, seed: str = "") -> Polygon:
    """Edges that wander a little; two neighbors bend the edge they share in the same way, because its ends decide how."""
    corners = [(round(x, 2), round(y, 2)) for x, y in shape.exterior.coords]
    points: list[tuple[float, float]] = []
    for start, end in pairwise(corners):
        forward = start <= end
        line = _wander(*((start, end) if forward else (end, start)), seed)
        points += (line if forward else line[::-1])[:-1]
    return Polygon([*points, points[0]])


def _wander(start: tuple[float, float], end: tuple[float, float], seed: str) -> list[tuple[float, float]]:
    length = LineString([start, end]).length
    if length < 120:
        return [start, end]
    shift = Random(f"{seed}{start}{end}").uniform(-0.09, 0.09)  # noqa: S311 a map, not a secret
    middle = (
        round((start[0] + end[0]) / 2 - (end[1] - start[1]) * shift, 2),
        round((start[1] + end[1]) / 2 + (end[0] - start[0]) * shift, 2),
    )
    return [*_wander(start, middle, seed)[:-1], *_wander(middle, end, seed)]


def _feature(shape: Polygon, properties: dict[str, str]) -> dict[str, Any]:
    ring = [list(to_degrees(x, y)) for x, y in shape.exterior.coords]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}
