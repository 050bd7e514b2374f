"""The difference between the city that is stored and the city that is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Protocol

from open311_api.catalog.create import TRIAGE_CODE
from open311_api.catalog.types import DEFAULT_STATUSES
from open311_api.cities.city import City, CityAreaSet, CityDepartment, CityJurisdiction
from open311_api.cities.queries import StoredCity


@dataclass(frozen=True, slots=True)
class FieldChange:
    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that becomes different."""

    action: Literal["add", "change", "restore", "retire", "remove", "reorder"]
    kind: Literal["jurisdiction", "department", "status", "area set", "service"]
    code: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """``wanted`` completed by what the file leaves as it is; empty ``changes``: nothing to do."""

    stored: StoredCity | None
    wanted: City
    changes: tuple[Change, ...]

    def codes(self, kind: str, *actions: str) -> frozenset[str]:
        return frozenset(
            change.code for change in self.changes if change.kind == kind and (not actions or change.action in actions)
        )


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


BORN = City(
    jurisdiction_id="",
    jurisdiction=CityJurisdiction(name=""),
    departments=(CityDepartment(TRIAGE_CODE, "Triage", public=False, triage=True),),
    statuses=DEFAULT_STATUSES,
)
"""What a jurisdiction is before its file is loaded (catalog/create.py)."""


def compare(stored: StoredCity | None, wanted: City) -> Comparison:
    old = stored.city if stored else replace(BORN, jurisdiction_id=wanted.jurisdiction_id)
    wanted = _completed(wanted, old)
    retired_departments = stored.retired_departments if stored else frozenset()
    retired_services = stored.retired_services if stored else frozenset()
    changes = [
        *_jurisdiction(stored, old, wanted),
        *_entries("department", old.departments, wanted.departments, retired_departments, gone="retire"),
        *_entries("status", old.statuses or (), wanted.statuses or (), frozenset(), gone="remove"),
        *_order("status", old.statuses or (), wanted.statuses or ()),
        *_entries("area set", old.area_sets, wanted.area_sets, frozenset(), gone="remove"),
        *_entries("service", old.services, wanted.services, retired_services, gone="retire"),
        *_order("service", old.services, wanted.services),
    ]
    return Comparison(stored, wanted, tuple(changes))


def _completed(wanted: City, old: City) -> City:
    """The triage department and the statuses stay as they are when the file does not speak of them."""
    departments = wanted.departments
    if not any(department.triage for department in departments):
        triage = [department for department in old.departments if department.triage]
        same = {department.code for department in departments} & {department.code for department in triage}
        departments = tuple(replace(department, triage=department.code in same) for department in departments)
        departments += tuple(department for department in triage if department.code not in same)
    return replace(wanted, departments=departments, statuses=old.statuses if wanted.statuses is None else wanted.statuses)


def _jurisdiction(stored: StoredCity | None, old: City, wanted: City) -> Iterator[Change]:
    changed = _fields(old.jurisdiction, wanted.jurisdiction)
    if stored is None:
        yield Change("add", "jurisdiction", wanted.jurisdiction_id, changed)
    elif changed:
        yield Change("change", "jurisdiction", wanted.jurisdiction_id, changed)


def _entries(
    kind: Any, old: Iterable[_Coded], wanted: Iterable[_Coded], retired: frozenset[str], *, gone: Literal["retire", "remove"]
) -> Iterator[Change]:
    before = {entry.code: entry for entry in old}
    after = {entry.code: entry for entry in wanted}
    for code, entry in after.items():
        if code not in before:
            yield Change("restore" if code in retired else "add", kind, code)
        elif changed := _fields(before[code], entry):
            yield Change("change", kind, code, changed)
    for code in before:
        if code not in after:
            yield Change(gone, kind, code)


def _order(kind: Any, old: Iterable[_Coded], wanted: Iterable[_Coded]) -> Iterator[Change]:
    before, after = [entry.code for entry in old], [entry.code for entry in wanted]
    common = set(before) & set(after)
    before, after = [code for code in before if code in common], [code for code in after if code in common]
    if before != after:
        yield Change("reorder", kind, "", (FieldChange("order", before, after),))


def _fields(before: Any, after: Any) -> tuple[FieldChange, ...]:
    """Fields that differ; geometry is told by names and numbers, not by coordinates."""
    changed: list[FieldChange] = []
    for one in fields(before):
        old, new = getattr(before, one.name), getattr(after, one.name)
        if old == new:
            continue
        if isinstance(before, CityAreaSet) and one.name == "areas":
            changed += _areas(before, after)
        elif one.name == "settings":
            changed += [FieldChange(name, getattr(old, name), value) for name, value in new if getattr(old, name) != value]
        elif isinstance(old, bytes) or isinstance(new, bytes):
            after_words = None if new is None else "a polygon" if old is None else "another polygon"
            changed.append(FieldChange(one.name, None if old is None else "a polygon", after_words))
        else:
            changed.append(FieldChange(one.name, plain(old), plain(new)))
    return tuple(changed)


def _areas(before: CityAreaSet, after: CityAreaSet) -> Iterator[FieldChange]:
    old, new = {area.code: area for area in before.areas}, {area.code: area for area in after.areas}
    if added := sorted(new.keys() - old.keys()):
        yield FieldChange("areas added", None, added)
    if removed := sorted(old.keys() - new.keys()):
        yield FieldChange("areas removed", removed, None)
    if changed := sorted(code for code in old.keys() & new.keys() if old[code] != new[code]):
        yield FieldChange("areas changed", changed, changed)


def plain(value: Any) -> Any:
    """For JSON and for the eye: attributes become what the database keeps of them."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value.to_json() if hasattr(value, "to_json") else value
