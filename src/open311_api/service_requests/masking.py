"""Where the public sees a masked request: near enough for a map, too coarse for a door."""

from __future__ import annotations

from math import cos, floor, radians

NARROWEST = 0.01
"""Least cosine of a latitude: cells stop growing in degrees near the poles."""

_METRES_PER_DEGREE = 111_320


def cell_height(grid_metres: float) -> float:
    """Height of a grid cell in degrees."""
    return grid_metres / _METRES_PER_DEGREE


def masked_place(*, lat: float, long: float, grid_metres: float) -> tuple[float, float]:
    """Latitude and longitude of the middle of the grid cell; list_conditions.py reckons the same in SQL."""
    tall = cell_height(grid_metres)
    middle = (floor(lat / tall) + 0.5) * tall
    wide = tall / max(NARROWEST, cos(radians(middle)))
    return max(-90.0, min(90.0, middle)), max(-180.0, min(180.0, (floor(long / wide) + 0.5) * wide))
