"""Services and departments as the rows name them, collected while the file is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from open311_api.imports.errors import NO_CATEGORY, Rejected, UnreadableTable
from open311_api.imports.mapping import DepartmentRule, ServiceRule
from open311_api.imports.sources import Cells, compile_source, one_line
from open311_api.imports.vocabulary import make_code, tidy_name

MOST_SERVICES = 5_000
MOST_DEPARTMENTS = 2_000
"""A file with more of either was read with the wrong column."""
_MOST_SPELLINGS = 50_000


@dataclass(slots=True)
class Found:
    """A service or department as the file first names it."""

    name: str
    groups: list[str] = field(default_factory=list)


class Services:
    """The service code of each row."""

    def __init__(self, rule: ServiceRule, header: Mapping[str, int], missing: frozenset[str]) -> None:
        self.found: dict[str, Found] = {}
        self._name = one_line(compile_source(rule.name, header, missing))
        self._code = one_line(compile_source(rule.code, header, missing))
        self._group = one_line(compile_source(rule.group, header, missing))
        self._otherwise = rule.otherwise
        self._spellings: dict[tuple[str, str, str], str] = {}

    def __call__(self, cells: Cells) -> str:
        spelling = self._code(cells), self._name(cells), self._group(cells)
        return self._spellings.get(spelling) or self._new(*spelling)

    def _new(self, code: str, name: str, group: str) -> str:
        named = tidy_name(name) or tidy_name(code) or self._otherwise
        if not named:
            raise Rejected(NO_CATEGORY)
        made = make_code(code or named)
        service = self.found.setdefault(made, Found(named))
        if len(self.found) > MOST_SERVICES:
            raise UnreadableTable(f"more than {MOST_SERVICES} services: is the service taken from the right column?")
        if (group := tidy_name(group)) and group not in service.groups:
            service.groups.append(group)
        if len(self._spellings) < _MOST_SPELLINGS:
            self._spellings[code, name, group] = made
        return made


class Departments:
    """The department code of each row; empty when the row names none."""

    def __init__(self, rule: DepartmentRule | None, header: Mapping[str, int], missing: frozenset[str]) -> None:
        self.found: dict[str, Found] = {}
        self._code = one_line(compile_source(rule.code if rule else None, header, missing))
        self._name = one_line(compile_source(rule.name if rule else None, header, missing))
        self._names = rule.names if rule else {}
        self._spellings: dict[tuple[str, str], str] = {("", ""): ""}

    def __call__(self, cells: Cells) -> str:
        spelling = self._code(cells), self._name(cells)
        made = self._spellings.get(spelling)
        return self._new(*spelling) if made is None else made

    def _new(self, code: str, name: str) -> str:
        named = self._names.get(code) or tidy_name(name) or tidy_name(code)
        made = make_code(code or name) if named else ""
        if made:
            self.found.setdefault(made, Found(named))
        if len(self.found) > MOST_DEPARTMENTS:
            raise UnreadableTable(f"more than {MOST_DEPARTMENTS} departments: is the department taken from the right column?")
        if len(self._spellings) < _MOST_SPELLINGS:
            self._spellings[code, name] = made
        return made
