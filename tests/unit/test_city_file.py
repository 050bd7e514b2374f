"""A city file read whole: each finding at its line, with its remedy, all of them in one run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from open311_api.cities.findings import InvalidCityFile
from open311_api.cities.reading import CityReading, read_city_file

HEAD = "version: 1\njurisdiction: {id: riverton.example, name: Riverton}\n"
SQUARE = [[5.0, 52.0], [5.1, 52.0], [5.1, 52.1], [5.0, 52.1], [5.0, 52.0]]


class Folder:
    """A city file and what lies beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, text: str) -> CityReading:
        (self.path / "city.yaml").write_text(text, encoding="utf-8")
        return read_city_file(self.path / "city.yaml")

    def findings(self, text: str) -> list[str]:
        """Without the path of the folder; of a file that is good, its warnings."""
        try:
            found = self.read(text).warnings
        except InvalidCityFile as refused:
            found = refused.findings
        return [str(finding).replace(f"{self.path}/", "") for finding in found]

    def areas(self, *codes: str) -> None:
        features = [
            {"type": "Feature", "properties": {"id": code}, "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}
            for code in codes
        ]
        (self.path / "districts.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def _service(**lines: str) -> str:
    return (
        HEAD
        + "services:\n  - code: pothole\n    name: Pothole\n"
        + "".join(f"    {key}: {value}\n" for key, value in lines.items())
    )


def test_a_small_city_is_read(folder: Folder) -> None:
    city = folder.read(_service(keywords="[hole, road]", group="Streets", notice='""')).city
    assert city.jurisdiction_id == "riverton.example"
    assert city.jurisdiction.request_id_format == "SR-{year}-{number:06}"
    assert (city.services[0].keywords, city.services[0].groups, city.services[0].notice) == (("hole", "road"), ("Streets",), None)
    assert city.statuses is None


def test_settings_of_the_jurisdiction_stand_beside_its_name(folder: Folder) -> None:
    text = "version: 1\njurisdiction: {id: a, name: A, fixmystreet_mode: true, contact: '555-0100', maximum_span_days: 90}\n"
    settings = folder.read(text).city.jurisdiction.settings
    assert (settings.fixmystreet_mode, settings.contact, settings.maximum_span_days) == (True, "555-0100", 90)


def test_codes_keep_their_zeros_when_they_are_quoted(folder: Folder) -> None:
    city = folder.read(HEAD + 'services:\n  - {code: "0042", name: "No"}\n  - {code: "no", name: "1e3"}\n').city
    assert [(service.code, service.name) for service in city.services] == [("0042", "No"), ("no", "1e3")]


def test_every_finding_of_a_bad_file_is_told_at_once(folder: Folder) -> None:
    text = """\
version: 2
jurisdiction:
  id: River Town
  time_zone: Europe/Nowhere
  locale: english
  fixmystreet: true
  request_id_format: "SR-{month}-{number:06}"
departments:
  - code: 0042
    name: Roads
  - code: no
    nam: Water
services:
  - code: "0042"
    name: Lamp
    department: lights
    areas: [districts/north]
    keywords: [lamp, "dark,bright", staff]
    attributes:
      - code: note
        datatype: singelvaluelist
        description: What?
      - code: kind
        datatype: singlevaluelist
        description: What?
      - code: color
        datatype: string
        description: Which?
        values: [{key: red, name: Red}]
        required: perhaps
  - code: "0042"
    name: 2026-01-01
    type: Realtime
    position: 010
"""
    assert folder.findings(text) == EVERY_FINDING.splitlines()


EVERY_FINDING = """\
city.yaml:1:10: error: version: must be 1
city.yaml:3:3: error: jurisdiction.name: name is missing; add name: …
city.yaml:3:7: error: jurisdiction.id: is not a jurisdiction id; use small letters, digits, dots, - and _, as in riverton.example
city.yaml:4:14: error: jurisdiction.time_zone: is not a time zone; write a name such as Europe/Amsterdam or America/Denver
city.yaml:5:11: error: jurisdiction.locale: is not a locale; write one such as de or pt-BR
city.yaml:6:3: error: jurisdiction.fixmystreet: unknown key fixmystreet; did you mean fixmystreet_mode?
city.yaml:7:22: error: jurisdiction.request_id_format: 'SR-{month}-{number:06}' may hold only letters, digits, - and _ beside {year} and {number}
city.yaml:9:11: error: departments[0].code: YAML reads 0042 as the number 34, but text is needed; put it in quotes: "0042"
city.yaml:11:5: error: departments[1].name: name is missing; add name: …
city.yaml:11:11: error: departments[1].code: YAML reads no as the truth value false, but text is needed; put it in quotes: "no"
city.yaml:12:5: error: departments[1].nam: unknown key nam; did you mean name?
city.yaml:16:17: error: services[0].department: there is no department lights; add it under departments
city.yaml:17:13: error: services[0].areas[0]: there is no area set districts; write set/area, with a set of the section areas
city.yaml:18:22: error: services[0].keywords[1]: a keyword holds a comma; write each keyword as one item of the list
city.yaml:18:37: warning: services[0].keywords[2]: staff changes what FixMyStreet does with this service
city.yaml:21:19: error: services[0].attributes[0].datatype: must be string, number, datetime, text, singlevaluelist or multivaluelist; did you mean singlevaluelist?
city.yaml:23:9: error: services[0].attributes[1]: a singlevaluelist needs values; add values: with key and name of each
city.yaml:29:17: error: services[0].attributes[2].values: a string has no values; remove them, or use singlevaluelist
city.yaml:30:19: error: services[0].attributes[2].required: must be true or false
city.yaml:31:11: error: services[1].code: 0042 is used twice, first on line 14; give each its own code
city.yaml:32:11: error: services[1].name: YAML reads 2026-01-01 as a date, but text is needed; put it in quotes: "2026-01-01"
city.yaml:33:11: error: services[1].type: must be realtime, batch or blackbox; did you mean realtime?
city.yaml:34:5: error: services[1].position: unknown key position; did you mean description?
"""  # noqa: E501 messages as they are


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("a,b", "holds a comma"),
        ("/a", "slash"),
        ("a/", "slash"),
        ("..", "two dots"),
        ('"a\\tb"', "one line"),
        ('"a\\u0007b"', "control character U+0007"),
        ('" a"', "begins or ends with a space"),
        ('""', "1 to 200 characters"),
        ("x" * 201, "1 to 200 characters"),
    ],
)
def test_a_code_that_cannot_be_sent_is_refused(folder: Folder, code: str, words: str) -> None:
    found = folder.findings(HEAD + f"departments:\n  - code: {code}\n    name: A\n")
    assert "city.yaml:4:11: error: departments[0].code" in found[-1]
    assert words in found[-1]


@pytest.mark.parametrize("code", ["a b", "straße", "a.b", "x" * 65, "lamp.json"])
def test_an_unusual_code_is_accepted_with_a_warning(folder: Folder, code: str) -> None:
    reading = folder.read(HEAD + f"departments:\n  - code: {code}\n    name: A\n")
    assert [finding.severity for finding in reading.warnings if finding.node == "departments[0].code"] == ["warning"]


def test_words_that_do_not_belong_together_are_found(folder: Folder) -> None:
    folder.areas("north")
    text = (
        HEAD
        + """\
areas:
  - {code: districts, name: Districts, file: districts.geojson}
  - {code: a/b, name: Bad, file: districts.geojson}
departments:
  - {code: a, name: A, triage: true}
  - {code: b, name: B, triage: true}
services:
  - code: one
    name: One
    group: X
    groups: [X, Y]
    areas: [districts/south, districts, districts/north]
    translations:
      en: {name: One}
      de: {groups: [A, B, C]}
    attributes:
      - {code: x, datatype: string, description: X, order: 2}
      - {code: y, datatype: string, description: Y, order: 2}
      - {code: z, datatype: text, description: Z, variable: false, required: true}
"""
    )
    assert [line.split(": ", 2)[2] for line in folder.findings(text)] == [
        "areas[1].code: a/b holds more than letters, digits, - and _ (at most 64): some clients put it into addresses unescaped",
        "areas[1].code: holds a slash, which divides set and area; use - instead",
        "departments[1].triage: a second triage department; leave it to a",
        "services[0].group: group and groups are both here; keep one of them",
        "services[0].areas[0]: the set districts has no area south; look at the codes in its file",
        "services[0].areas[1]: districts names no area; write set/area, as in districts/north",
        "services[0].translations.en: en is the city's own locale; write these words into the service itself",
        "services[0].translations.de.groups: 3 names for 2 groups; translate each group, in the same order",
        "services[0].attributes: some attributes have an order and some have none; give one to all, or to none",
        "services[0].attributes[1].order: x has order 2 too; give each attribute its own",
        "services[0].attributes[2].required: information text (variable: false) cannot be required; remove required",
    ]


def test_own_statuses_need_a_default_on_each_side(folder: Folder) -> None:
    text = (
        HEAD
        + """\
statuses:
  - {code: new, name: New, status: open, citysdk_word: RECEIVED, update_word: open, default: true, allowed_next: [done, gone]}
  - {code: done, name: Done, status: closed, citysdk_word: PROCESSED, update_word: finished}
"""
    )
    found = "\n".join(folder.findings(text))
    assert "city.yaml:4:3: error: statuses: no closed status is the default; give default: true to one with status: closed" in found
    assert "statuses[0].allowed_next[1]: there is no status gone" in found
    assert "statuses[1].update_word: finished is no word of the updates resource" in found


def test_files_beside_it_are_read_and_their_faults_told(folder: Folder) -> None:
    text = (
        HEAD
        + """\
boundary: boundary.geojson
areas:
  - {code: districts, name: Districts, file: districts.geojson}
  - {code: wards, name: Wards, file: ../wards.geojson}
"""
    )
    folder.areas("north", "north")
    (folder.path / "boundary.geojson").write_text('{"type": "LineString", "coordinates": []}')
    assert folder.findings(text) == FAULTS_OF_FILES.splitlines()


FAULTS_OF_FILES = """\
city.yaml:1:1: warning: services: there are no services, so nothing can be reported
city.yaml:3:11: error: boundary: the boundary is a LineString; an area is a Polygon or a MultiPolygon
city.yaml:6:38: error: areas[1].file: ../wards.geojson lies outside the folder of the city file; put it beside the city file
districts.geojson: error: features[1]: its id north is here twice; give every area its own, or join the two into a MultiPolygon
"""


def test_a_boundary_may_stand_in_the_file(folder: Folder) -> None:
    reading = folder.read(HEAD + f"boundary: {{type: Polygon, coordinates: [{json.dumps(SQUARE)}]}}\n")
    assert reading.city.jurisdiction.boundary is not None


def test_a_number_in_an_odd_notation_is_refused_where_a_number_is_meant(folder: Folder) -> None:
    found = folder.findings(
        HEAD
        + "services:\n  - code: a\n    name: A\n    attributes:\n      - {code: x, datatype: text, description: X, order: 010}\n"
    )
    assert len(found) == 1
    assert found[0].startswith("city.yaml:7:58: error: services[0].attributes[0].order: YAML reads 010 as the number 8; write it")


def test_a_file_that_is_not_there_is_told(folder: Folder) -> None:
    with pytest.raises(InvalidCityFile, match="No such file"):
        read_city_file(folder.path / "none.yaml")


def test_the_demo_city_is_without_a_finding(tmp_path: Path) -> None:
    from open311_api.cities.demo.files import write_demo_files

    reading = read_city_file(write_demo_files(tmp_path))
    assert reading.warnings == ()
    assert len(reading.city.services) == 40
    assert {attribute.datatype for service in reading.city.services for attribute in service.attributes} == {
        "string", "number", "datetime", "text", "singlevaluelist", "multivaluelist",
    }  # fmt: skip
    assert {service.type for service in reading.city.services} == {"realtime", "batch", "blackbox"}
