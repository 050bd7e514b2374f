"""How one cell becomes a field: sources, places, codes, zip codes, media."""

from __future__ import annotations

import pytest

from open311_api.imports.mapping import LatLong, PointText, Projected
from open311_api.imports.places import Places
from open311_api.imports.sources import Column, compile_source, one_line, parse_source, plain_name
from open311_api.imports.vocabulary import ZipCodes, make_code, media_urls, tidy_name

HEADER = {"a": 0, "b": 1, "c": 2}
MISSING = frozenset({"", "NA"})


def value(source: object, *cells: str) -> str | None:
    reader = compile_source(parse_source(source), HEADER, MISSING)
    return None if reader is None else reader(cells)


@pytest.mark.parametrize("name", ["Creation Date", "Creation_Date", "creation.date", " CREATION  DATE "])
def test_ways_of_writing_a_column_are_one(name: str) -> None:
    assert plain_name(name) == "creation_date"


@pytest.mark.parametrize(
    ("source", "cells", "expected"),
    [
        ("a", (" x ", "", ""), "x"),
        ("a", ("NA", "", ""), ""),
        ("z", ("x", "", ""), None),
        (["z", "b"], ("", "y", ""), "y"),
        (["a", "b"], ("NA", "y", ""), "y"),
        ({"join": ["a", "b", "c"], "separator": ", "}, ("x", " ", "z"), "x, z"),
        ({"join": ["a", "b"], "complete": "true"}, ("x", "", ""), ""),
        ({"join": ["a", "z"], "complete": "true"}, ("x", "", ""), None),
        ([{"join": ["a", "b"], "separator": " & ", "complete": "true"}, "c"], ("x", "", "z"), "z"),
        ({"constant": "k"}, ("", "", ""), "k"),
    ],
)
def test_a_source_is_a_column_a_choice_a_join_or_a_constant(source: object, cells: tuple[str, ...], expected: str | None) -> None:
    assert value(source, *cells) == expected


@pytest.mark.parametrize("source", ["", "…", [], {}, {"join": []}, {"join": "a"}, {"constant": 1}, 5, None])
def test_anything_else_is_no_source(source: object) -> None:
    with pytest.raises(ValueError, match="must be a column name"):
        parse_source(source)


def test_one_line_has_no_runs_of_white_space() -> None:
    read = one_line(compile_source(Column("a"), HEADER, MISSING))
    assert read(["INTERSECTION of  A St\n& B St ", "", ""]) == "INTERSECTION of A St & B St"


def places(kind: object, *rows: tuple[str, ...]) -> tuple[list[object], int]:
    read = Places([kind], HEADER, MISSING)  # type: ignore[list-item]
    return read(rows), read.unusable


DEGREES = LatLong(lat="a", long="b")
WRITTEN = PointText(point="a")
STATE_PLANE = Projected(x="a", y="b", crs="ESRI:102696")


@pytest.mark.parametrize(
    ("lat", "long", "expected", "unusable"),
    [
        ("42.36", "-71.06", (-71.06, 42.36), 0),
        ("", "", None, 0),
        ("NA", "NA", None, 0),
        ("42.36", "", None, 1),
        ("0", "0", None, 1),
        ("91", "0", None, 1),
        ("nan", "nan", None, 1),
        ("north", "west", None, 1),
    ],
)
def test_degrees_are_used_when_they_are_on_the_globe(lat: str, long: str, expected: object, unusable: int) -> None:
    assert places(DEGREES, (lat, long, "")) == ([expected], unusable)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(37.774007256355, -122.395680023339)", (-122.395680023339, 37.774007256355)),
        ("POINT (-122.39 37.77)", (-122.39, 37.77)),
        ("srid=4326;point(-122.39 37.77)", (-122.39, 37.77)),
        ("0101000020E610000008F663D87BC251C051C785797D2F4540", (-71.03880891572783, 42.371016683885166)),
        ("010100000008F663D87BC251C051C785797D2F4540", (-71.03880891572783, 42.371016683885166)),
        ("0020000001000010E6C051C27BD863F60845452F7D7985C751"[:42], None),
        ("0101000020E710000008F663D87BC251C051C785797D2F4540", None),
        ("(0, 0)", None),
        ("somewhere", None),
    ],
)
def test_a_written_point_is_read_by_how_it_begins(text: str, expected: object) -> None:
    points, unusable = places(WRITTEN, (text, "", ""))
    assert points == [expected]
    assert unusable == (expected is None)


def test_state_plane_coordinates_are_projected_in_one_go() -> None:
    points, unusable = places(STATE_PLANE, ("875854.877", "998434.947", ""), ("NA", "NA", ""), ("0", "0", ""))
    assert points == [(-90.3053489, 38.5754643), None, None]
    assert unusable == 1


def test_a_later_place_is_asked_for_rows_that_lack_the_first() -> None:
    read = Places([PointText(point="c"), DEGREES], HEADER, MISSING)
    assert read([("1", "2", "(3, 4)"), ("1", "2", "")]) == [(4.0, 3.0), (2.0, 1.0)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Street Light Outages", "street-light-outages"),
        ("Sidewalk_Cleaning", "sidewalk-cleaning"),
        ("HEATING", "heating"),
        ("Straßenschäden & Löcher", "straenschaden-locher"),
        ("x" * 64, "x" * 64),
    ],
)
def test_a_code_is_letters_digits_and_hyphens(text: str, code: str) -> None:
    assert make_code(text) == code


def test_long_and_foreign_names_get_codes_of_their_own() -> None:
    names = ["道路の穴", "街灯", "a" * 65, "a" * 66, "—"]
    codes = [make_code(name) for name in names]
    assert len(set(codes)) == len(names)
    assert all(0 < len(code) <= 64 and code.isascii() for code in codes)


def test_names_are_written_for_people() -> None:
    assert [tidy_name(text) for text in ("Sidewalk_Cleaning", "REFUSE,", "Abandoned  Vehicle - ")] == [
        "Sidewalk Cleaning",
        "REFUSE",
        "Abandoned Vehicle",
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2121.0", "02121"),
        ("11432.0", "11432"),
        ("02121", "02121"),
        ("11432-1234", "11432-1234"),
        ("SW1A 1AA", "SW1A 1AA"),
        ("", ""),
    ],
)
def test_a_zip_code_gets_its_zeros_back(text: str, code: str) -> None:
    assert ZipCodes(5)(text) == code


def test_media_are_web_addresses_each_once() -> None:
    assert media_urls([" https://a.example/1.jpg | http://b.example/2.jpg", "https://a.example/1.jpg", "see file"]) == [
        "https://a.example/1.jpg",
        "http://b.example/2.jpg",
    ]
