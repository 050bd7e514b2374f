"""A city file read whole: every finding of the text, the models, the references and the GeoJSON in one go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from open311_api.cities.area_files import AreaReader, UnreadableFile, load_json, read_boundary
from open311_api.cities.building import build_city
from open311_api.cities.checks import Checker
from open311_api.cities.city import City, CityArea
from open311_api.cities.document import CityFile
from open311_api.cities.explaining import explain
from open311_api.cities.findings import Finding, InvalidCityFile, NodePath, in_order
from open311_api.cities.polygons import Parsed
from open311_api.cities.yaml_text import Table, YamlDocument, read_yaml

_PLACEHOLDER = {"version": 1, "jurisdiction": {"id": "unreadable", "name": "unreadable"}}


@dataclass(frozen=True, slots=True)
class CityReading:
    city: City
    warnings: tuple[Finding, ...]


def read_city_file(path: Path) -> CityReading:
    """Raises InvalidCityFile with everything that must be mended."""
    try:
        data = path.read_bytes()
    except OSError as error:
        remedy = "look at its name and permissions"
        raise InvalidCityFile([Finding(str(path), 0, 0, "document", f"cannot be read: {error.strerror}", remedy)]) from None
    document = read_yaml(data, file=str(path))
    return _Reading(document, path.resolve().parent).finish()


class _Reading:
    def __init__(self, document: YamlDocument, folder: Path) -> None:
        self.document = document
        self.folder = folder
        self.findings: list[Finding] = []

    def finish(self) -> CityReading:
        whole = self.document.value
        if not isinstance(whole, Table):
            raise InvalidCityFile([self.document.finding((), "a city file is a mapping", "begin with version: 1")])
        file = self._model(whole)
        known = {section: set(_codes(whole, section)) for section in CityFile.SECTIONS}
        boundary = self._boundary(file.boundary)
        area_sets = {entry.code: self._areas(entry, boundary) for entry in file.areas}
        codes: dict[str, set[str] | None] = dict.fromkeys(known["areas"])
        codes |= {code: None if areas is None else {area.code for area in areas} for code, areas in area_sets.items()}
        self.findings += Checker(file, self.document, known, codes).findings()
        if any(finding.severity == "error" for finding in self.findings):
            raise InvalidCityFile(self.findings)
        built = {code: areas or () for code, areas in area_sets.items()}
        return CityReading(
            build_city(file, boundary.wkb if boundary.geometry is not None else None, built), tuple(in_order(self.findings))
        )

    def _model(self, whole: Table) -> CityFile:
        """The part of the file that fits the models, so that the rest of the checks has something to look at."""
        mending = _Mending(self.document)
        remaining: Any = whole
        for turn in range(100):
            try:
                file = CityFile.model_validate(remaining)
                break
            except ValidationError as error:
                self.findings += explain(error, self.document) if turn == 0 else []
                remaining = mending.mended(remaining, error)
        else:
            raise InvalidCityFile(self.findings)
        told = {finding.line for finding in self.findings}
        for path, written in self.document.odd_numbers.items():
            finding = self.document.finding(
                path, f"YAML reads {written} as {self.document.plain[path][1]}", "write it in plain decimal digits, or in quotes"
            )
            if finding.line not in told:
                self.findings.append(finding)
        return file

    def _boundary(self, value: Any) -> Parsed:
        path: NodePath = ("boundary",)
        if value is None:
            return Parsed()
        try:
            parsed = read_boundary(load_json(self.folder, value) if isinstance(value, str) else value)
        except UnreadableFile as error:
            self.findings.append(self.document.finding(path, str(error), error.remedy))
            return Parsed()
        self.findings += [self.document.finding(path, f"the boundary {message}", remedy) for message, remedy in parsed.errors]
        self.findings += [
            self.document.finding(path, f"the boundary: {message}", remedy, warning=True) for message, remedy in parsed.warnings
        ]
        return parsed

    def _areas(self, entry: Any, boundary: Parsed) -> tuple[CityArea, ...] | None:
        reader = AreaReader(entry, boundary.geometry)
        try:
            areas = reader.read(load_json(self.folder, entry.file))
        except UnreadableFile as error:
            self.findings.append(self.document.finding((*entry.path, "file"), str(error), error.remedy))
            return None
        self.findings += reader.findings
        return None if any(finding.severity == "error" for finding in reader.findings) else areas


def _codes(whole: Table, section: str) -> list[str]:
    entries = whole.get(section)
    return (
        [str(entry["code"]) for entry in entries if isinstance(entry, Table) and "code" in entry]
        if isinstance(entries, list)
        else []
    )


class _Mending:
    """Makes a document that fits the models out of one that does not, so that nothing else in it stays unchecked."""

    def __init__(self, document: YamlDocument) -> None:
        self._document = document
        self._filled: set[NodePath] = set()

    def mended(self, value: Any, error: ValidationError) -> Any:
        """A copy in which what was wrong is filled in or left out; every mapping still knows its place in the file."""
        cuts: set[NodePath] = set()
        fills: dict[NodePath, Any] = {}
        for problem in error.errors(include_url=False):
            path: NodePath = tuple(step for step in problem["loc"] if step != "[key]")
            if path[0] in _PLACEHOLDER:
                fills[path[:1]] = _PLACEHOLDER[str(path[0])]
            elif path in self._filled:
                cuts.add(path[: max((index for index, step in enumerate(path) if isinstance(step, int)), default=0) + 1])
            elif problem["type"] == "missing":
                fills[path] = f"unreadable-{len(self._filled)}"
                self._filled.add(path)
            elif problem["type"] == "string_type" and path in self._document.plain and path not in self._filled:
                fills[path] = self._document.plain[path][0]
                self._filled.add(path)
            else:
                cuts.add(path)
        return _rewritten(value, (), cuts, fills)


def _rewritten(value: Any, path: NodePath, cuts: set[NodePath], fills: dict[NodePath, Any]) -> Any:
    if isinstance(value, Table):
        table = Table({key: _rewritten(item, (*path, key), cuts, fills) for key, item in value.items() if (*path, key) not in cuts})
        table.path = value.path
        table.update({str(place[-1]): filler for place, filler in fills.items() if place[:-1] == path})
        return table
    if isinstance(value, list):
        return [
            fills.get((*path, index), _rewritten(item, (*path, index), cuts, fills))
            for index, item in enumerate(value)
            if (*path, index) not in cuts
        ]
    return value
