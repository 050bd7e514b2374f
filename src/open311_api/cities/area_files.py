"""GeoJSON files named by a city file, turned into areas and a boundary."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import shapely
from shapely.geometry import MultiPolygon

from open311_api.cities.city import CityArea
from open311_api.cities.document import AreaSetEntry
from open311_api.cities.findings import Finding
from open311_api.cities.polygons import Parsed, parse_polygon, swapped
from open311_api.cities.words import code_problem, has_control_characters

LARGEST_BYTES = 64 * 1024 * 1024
MOST_AREAS = 20_000


class UnreadableFile(Exception):
    """The file that a city file names cannot be used; the text says why, ``remedy`` what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def load_json(folder: Path, name: str) -> Any:
    """The JSON of a file below ``folder``: a city file names nothing outside its own folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise UnreadableFile(f"{name} lies outside the folder of the city file", "put it beside the city file")
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UnreadableFile(f"{name} is larger than 64 MiB", "simplify it, for example with ogr2ogr -simplify")
        return orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise UnreadableFile(
            f"{name} line {error.lineno} column {error.colno} is not JSON: {error.msg}", "export it again"
        ) from None
    except OSError as error:
        raise UnreadableFile(f"{name} cannot be read: {error.strerror}", "look at its name and permissions") from None


def features_of(data: Any) -> list[dict[str, Any]]:
    """The features of a collection, a feature, or a bare geometry."""
    kind = data.get("type") if isinstance(data, dict) else None
    crs = str(data["crs"]) if isinstance(data, dict) and data.get("crs") else ""
    if crs and not any(good in crs for good in ("CRS84", "4326")):
        raise UnreadableFile(
            "it names another coordinate system than WGS84", "convert it with: ogr2ogr -t_srs EPSG:4326 -lco RFC7946=YES"
        )
    if kind == "FeatureCollection" and isinstance(data.get("features"), list):
        features = [feature if isinstance(feature, dict) else {} for feature in data["features"]]
    elif kind == "Feature":
        features = [data]
    elif kind is not None and kind != "FeatureCollection":
        features = [{"type": "Feature", "properties": {}, "geometry": data}]
    else:
        raise UnreadableFile("it is not GeoJSON", "export a FeatureCollection of polygons")
    if not features:
        raise UnreadableFile("it holds no features", "export the areas again")
    return features


def read_boundary(data: Any) -> Parsed:
    """One MultiPolygon of all features."""
    parsed = Parsed()
    parts = []
    for feature in features_of(data):
        one = parse_polygon(feature.get("geometry"))
        parsed.errors += one.errors
        parsed.warnings += one.warnings
        if one.geometry is not None:
            parts.append(one.geometry)
    if parts and not parsed.errors:
        parsed.geometry = parts[0]
        if len(parts) > 1:  # what touches melts together; read again, so that it is rounded like the rest
            return parse_polygon(orjson.loads(shapely.to_geojson(shapely.union_all(parts))))
    return parsed


@dataclass(slots=True)
class AreaReader:
    """Reads the features of one set; finds everything wrong with them."""

    entry: AreaSetEntry
    boundary: MultiPolygon | None = None
    areas: dict[str, CityArea] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    def read(self, data: Any) -> tuple[CityArea, ...]:
        features = features_of(data)
        if len(features) > MOST_AREAS:
            raise UnreadableFile(f"it holds {len(features):,} features, more than {MOST_AREAS:,}", "use coarser areas")
        for index, feature in enumerate(features):
            self._area(feature, f"features[{index}]")
        return tuple(self.areas[code] for code in sorted(self.areas))

    def _area(self, feature: dict[str, Any], node: str) -> None:
        given = feature.get("properties")
        properties = dict(given) if isinstance(given, dict) else {}
        code = self._code(feature, properties, node)
        node = f"{node} ({code})" if code else node
        name = str(properties.pop(self.entry.name_property, None) or code)
        if has_control_characters(name) or has_control_characters(*properties, *map(str, properties.values())):
            self._error(node, "its properties hold control characters", "remove them")
            code = None
        priority = properties.pop(self.entry.priority_property, 0) if self.entry.priority_property else 0
        if isinstance(priority, bool) or not isinstance(priority, int) or abs(priority) > 1_000_000:
            self._error(node, f"{self.entry.priority_property} is not a whole number", "give every area one, or none")
        parsed = parse_polygon(feature.get("geometry"))
        self.findings += [self._finding(node, *error) for error in parsed.errors]
        self.findings += [self._finding(node, *warning, warning=True) for warning in parsed.warnings]
        if parsed.geometry is not None:
            self._look_where(parsed.geometry, node)
            if code:
                self.areas[code] = CityArea(code, name, parsed.wkb, priority, properties)

    def _code(self, feature: dict[str, Any], properties: dict[str, Any], node: str) -> str | None:
        key = self.entry.id_property
        code = properties.pop(key, feature.get("id") if key == "id" else None)
        if isinstance(code, bool) or not isinstance(code, str | int) or code == "":
            known = ", ".join(sorted(properties)[:12])
            self._error(
                node, f"has no property {key} that names it", f"set id_property to one of: {known}" if known else "give it one"
            )
            return None
        code = str(code)
        if problem := code_problem(code):
            self._error(node, f"its {key} {code!r} {problem}", "")
            return None
        if code in self.codes:
            self._error(node, f"its {key} {code} is here twice", "give every area its own, or join the two into a MultiPolygon")
            return None
        self.codes.add(code)
        return code

    def _look_where(self, geometry: MultiPolygon, node: str) -> None:
        if self.boundary is None or self.boundary.intersects(geometry):
            return
        if self.boundary.intersects(swapped(geometry)):
            self._error(node, "latitude comes first in its coordinates", "swap the two: GeoJSON has longitude first")
        else:
            self.findings.append(
                self._finding(node, "lies outside the boundary", "look whether it belongs to this city", warning=True)
            )

    def _error(self, node: str, message: str, remedy: str) -> None:
        self.findings.append(self._finding(node, message, remedy))

    def _finding(self, node: str, message: str, remedy: str, *, warning: bool = False) -> Finding:
        return Finding(self.entry.file, 0, 0, node, message, remedy, "warning" if warning else "error")
