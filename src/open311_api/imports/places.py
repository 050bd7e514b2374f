"""Where a report is: columns of degrees, a point written as text, or projected coordinates."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping, Sequence

from open311_api.imports.mapping import LatLong, Place, PointText, Projected
from open311_api.imports.sources import Cells, Reader, compile_source

Point = tuple[float, float]
"""Longitude and latitude, WGS84."""

Points = Callable[[Sequence[Cells]], list[Point | None]]
"""For a whole batch, because projecting one point at a time costs a hundred times more."""

_NUMBER = r"\s*(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*"
_LAT_LONG = re.compile(rf"\({_NUMBER},{_NUMBER}\)")
_WKT = re.compile(rf"(?:SRID=4326;)?POINT\s*\({_NUMBER}\s{_NUMBER}\)", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{42,50}")
_WGS84 = 4326
_HAS_SRID = 0x20000000


class Places:
    """The first of a mapping's places that a row has; unusable coordinates count and leave the row without a place."""

    def __init__(self, places: Sequence[Place], header: Mapping[str, int], missing: frozenset[str]) -> None:
        self.unusable = 0
        self._readers = [reader for place in places if (reader := self._compile(place, header, missing)) is not None]

    def __call__(self, rows: Sequence[Cells]) -> list[Point | None]:
        if not self._readers:
            return [None] * len(rows)
        points = self._readers[0](rows)
        for reader in self._readers[1:]:
            if lacking := [index for index, point in enumerate(points) if point is None]:
                for index, point in zip(lacking, reader([rows[index] for index in lacking]), strict=True):
                    points[index] = point
        return points

    def _compile(self, place: Place, header: Mapping[str, int], missing: frozenset[str]) -> Points | None:
        if isinstance(place, PointText):
            text = compile_source(place.point, header, missing)
            return None if text is None else lambda rows: [self._written(text(cells)) for cells in rows]
        first, second = (place.lat, place.long) if isinstance(place, LatLong) else (place.x, place.y)
        one, two = compile_source(first, header, missing), compile_source(second, header, missing)
        if one is None or two is None:
            return None
        if isinstance(place, Projected):
            return self._projected(one, two, place.crs)
        return lambda rows: [self._degrees(two(cells), one(cells)) for cells in rows]

    def _degrees(self, long: str, lat: str) -> Point | None:
        if not long and not lat:
            return None
        try:
            return self._usable(float(long), float(lat))
        except ValueError:
            self.unusable += 1
            return None

    def _usable(self, long: float, lat: float) -> Point | None:
        """On the globe, and not at 0, 0, where exports put what they could not find."""
        if -180 <= long <= 180 and -90 <= lat <= 90 and (long or lat):
            return long, lat
        self.unusable += 1
        return None

    def _written(self, text: str) -> Point | None:
        if not text:
            return None
        if found := _LAT_LONG.fullmatch(text):
            return self._usable(float(found[2]), float(found[1]))
        if found := _WKT.fullmatch(text):
            return self._usable(float(found[1]), float(found[2]))
        point = _from_ewkb(text) if _HEXADECIMAL.fullmatch(text) and len(text) in (42, 50) else None
        if point is None:
            self.unusable += 1
            return None
        return self._usable(*point)

    def _projected(self, x: Reader, y: Reader, crs: str) -> Points:
        from pyproj import Transformer

        transformer = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)

        def read(rows: Sequence[Cells]) -> list[Point | None]:
            points: list[Point | None] = [None] * len(rows)
            found = [(index, pair) for index, cells in enumerate(rows) if (pair := self._pair(x(cells), y(cells)))]
            if found:
                longs, lats = transformer.transform([pair[0] for _, pair in found], [pair[1] for _, pair in found])
                for (index, _), long, lat in zip(found, longs, lats, strict=True):
                    # To a centimetre: another version of PROJ must not make every row of a re-import look changed.
                    points[index] = self._usable(round(long, 7), round(lat, 7))
            return points

        return read

    def _pair(self, x: str, y: str) -> Point | None:
        if not x and not y:
            return None
        try:
            pair = float(x), float(y)
        except ValueError:
            pair = (0.0, 0.0)
        if all(pair):
            return pair
        self.unusable += 1
        return None


def _from_ewkb(text: str) -> Point | None:
    """A WGS84 point in either byte order, with or without its SRID."""
    data = bytes.fromhex(text)
    order = "<" if data[0] == 1 else ">"
    kind = struct.unpack_from(f"{order}I", data, 1)[0]
    if kind == 1 and len(data) == 21:
        return struct.unpack_from(f"{order}dd", data, 5)
    if kind == 1 | _HAS_SRID and len(data) == 25 and struct.unpack_from(f"{order}I", data, 5)[0] == _WGS84:
        return struct.unpack_from(f"{order}dd", data, 9)
    return None
