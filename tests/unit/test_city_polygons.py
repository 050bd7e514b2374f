"""GeoJSON of a city file: what PostGIS gets is right, and what is wrong is told with advice."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open311_api.cities.area_files import AreaReader, UnreadableFile, features_of, load_json, read_boundary
from open311_api.cities.document import AreaSetEntry
from open311_api.cities.polygons import parse_polygon, to_geojson

SQUARE = [[5.0, 52.0], [5.1, 52.0], [5.1, 52.1], [5.0, 52.1], [5.0, 52.0]]


def _polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def test_a_polygon_becomes_a_multipolygon_that_reads_back_the_same() -> None:
    parsed = parse_polygon(_polygon(SQUARE))
    again = parse_polygon(json.loads(json.dumps(to_geojson(parsed.wkb))))
    assert again.wkb == parsed.wkb
    assert again.geometry.geom_type == "MultiPolygon"


def test_coordinates_are_rounded_to_seven_decimals() -> None:
    parsed = parse_polygon(_polygon([[5.00000000049, 52.0], *SQUARE[1:-1], [5.00000000049, 52.0]]))
    assert min(x for x, _ in parsed.geometry.geoms[0].exterior.coords) == 5.0


def test_heights_are_left_out_with_a_notice() -> None:
    parsed = parse_polygon(_polygon([[*point, 3.5] for point in SQUARE]))
    assert not parsed.geometry.has_z
    assert parsed.warnings[0][0] == "heights are left out"


@pytest.mark.parametrize(
    ("geometry", "message", "advice"),
    [
        (None, "no geometry", "Polygon or a MultiPolygon"),
        ({"type": "Point", "coordinates": [5, 52]}, "is a Point", "Polygon or a MultiPolygon"),
        ({"type": "Polygon", "coordinates": []}, "part without rings", "outer one first"),
        (_polygon(SQUARE[:-1]), "not closed", "repeat its first position"),
        (_polygon([SQUARE[0], SQUARE[1], SQUARE[0]]), "fewer than four", "three corners"),
        (_polygon([[5, 52], [6, 53], [6, 52], [5, 53], [5, 52]]), "not valid: Self-intersection", "makevalid"),
        (_polygon(SQUARE, [[7, 7], [8, 7], [8, 8], [7, 8], [7, 7]]), "not valid: Hole lies outside shell", "makevalid"),
        (_polygon([[5, 52], [5.1, 52], [5.2, 52], [5, 52]]), "not valid", "makevalid"),
        (_polygon([[math.nan, 52], *SQUARE[1:]]), "not a position", "pairs of numbers"),
        (_polygon([["5", "52"], *SQUARE[1:]]), "not a position", "pairs of numbers"),
        (_polygon([[y, x + 100] for x, y in SQUARE]), "latitude comes first", "swap"),
        (_polygon([[x * 30_000, y * 8_000] for x, y in SQUARE]), "projected system", "ogr2ogr -t_srs EPSG:4326"),
        (_polygon([[179, 10], [-179, 10], [-179, 11], [179, 11], [179, 10]]), "180th meridian", "MultiPolygon"),
    ],
)
def test_what_is_wrong_is_told_with_advice(geometry: Any, message: str, advice: str) -> None:
    parsed = parse_polygon(geometry)
    assert parsed.geometry is None
    assert message in parsed.errors[0][0]
    assert advice in parsed.errors[0][1]


def test_more_than_a_hundred_thousand_vertices_are_too_many() -> None:
    ring = [[math.cos(step / 100_001 * math.tau), math.sin(step / 100_001 * math.tau)] for step in range(100_001)]
    parsed = parse_polygon(_polygon([*ring, ring[0]]))
    assert "100,002 vertices" in parsed.errors[0][0]
    assert "-simplify" in parsed.errors[0][1]


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["type", "coordinates", "x"]), inner, max_size=3),
    max_leaves=20,
)


@given(
    _JSON | st.builds(lambda kind, data: {"type": kind, "coordinates": data}, st.sampled_from(["Polygon", "MultiPolygon"]), _JSON)
)
def test_anything_else_is_an_error_and_never_breaks(data: Any) -> None:
    parsed = parse_polygon(data)
    assert (parsed.geometry is None) == bool(parsed.errors)


def _read(features: list[dict[str, Any]], boundary: Any = None, **entry: Any) -> AreaReader:
    reader = AreaReader(AreaSetEntry(code="districts", name="Districts", file="d.geojson", **entry), boundary)
    reader.read({"type": "FeatureCollection", "features": features})
    return reader


def _feature(code: Any, geometry: Any = None, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"id": code, **properties}, "geometry": geometry or _polygon(SQUARE)}


def test_an_area_has_code_name_priority_and_the_rest() -> None:
    reader = _read([_feature(7, name="North", rank=3, people=120)], priority_property="rank")
    area = reader.areas["7"]
    assert (area.code, area.name, area.priority, area.properties) == ("7", "North", 3, {"people": 120})


def test_the_id_of_the_feature_serves_where_no_property_is_named() -> None:
    assert set(_read([{"type": "Feature", "id": "n", "properties": None, "geometry": _polygon(SQUARE)}]).areas) == {"n"}


def test_every_finding_names_its_feature() -> None:
    reader = _read(
        [_feature("a"), _feature("a"), _feature(None, ward="x"), _feature("b", {"type": "Point", "coordinates": [1, 2]})]
    )
    assert [str(finding) for finding in reader.findings] == [
        "d.geojson: error: features[1]: its id a is here twice; give every area its own, or join the two into a MultiPolygon",
        "d.geojson: error: features[2]: has no property id that names it; set id_property to one of: ward",
        "d.geojson: error: features[3] (b): is a Point; an area is a Polygon or a MultiPolygon",
    ]


def test_swapped_coordinates_are_noticed_against_the_boundary() -> None:
    boundary = read_boundary(_polygon(SQUARE)).geometry
    swapped = _polygon([[y, x] for x, y in SQUARE])
    assert "latitude comes first" in _read([_feature("a", swapped)], boundary).findings[0].message
    far = _polygon([[x + 20, y] for x, y in SQUARE])
    finding = _read([_feature("a", far)], boundary).findings[0]
    assert (finding.severity, finding.message) == ("warning", "lies outside the boundary")


def test_a_boundary_of_several_parts_melts_together() -> None:
    right = [[x + 0.1, y] for x, y in SQUARE]
    parsed = read_boundary({"type": "FeatureCollection", "features": [_feature("a"), _feature("b", _polygon(right))]})
    assert parsed.geometry.area == pytest.approx(0.02)
    assert len(parsed.geometry.geoms) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"type": "FeatureCollection", "features": []}, "no features"),
        ({"type": "Topology"}, "is not GeoJSON"),
        ([1, 2], "is not GeoJSON"),
        ({"type": "FeatureCollection", "features": [], "crs": {"properties": {"name": "EPSG:28992"}}}, "coordinate system"),
    ],
)
def test_a_file_that_holds_no_areas_is_refused(data: Any, words: str) -> None:
    if data == {"type": "Topology"}:
        assert parse_polygon(features_of(data)[0]["geometry"]).errors[0][0] == "is a Topology"
        return
    with pytest.raises(UnreadableFile, match=words):
        features_of(data)


def test_a_city_file_reads_nothing_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "link.json").symlink_to(tmp_path / "secret.json")
    for name in ("../secret.json", str(tmp_path / "secret.json"), "link.json"):
        with pytest.raises(UnreadableFile, match="outside the folder"):
            load_json(tmp_path / "city", name)


def test_broken_json_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text('{"type":\n  "Feature",,}')
    with pytest.raises(UnreadableFile, match=r"a\.geojson line 2 column 13"):
        load_json(tmp_path, "a.geojson")
