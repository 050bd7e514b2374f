"""What the models cannot see: codes that must be unique, references that must exist, words that belong together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from open311_api.catalog.types import LIST_DATATYPES
from open311_api.cities.document import UPDATE_WORDS, AttributeEntry, CityFile, ServiceEntry, StatusEntry
from open311_api.cities.findings import Finding, NodePath
from open311_api.cities.words import code_doubt
from open311_api.cities.yaml_text import YamlDocument

RESERVED_KEYWORDS = ("private", "inactive", "staff", "waste_only")
"""Words that switch behaviour in FixMyStreet (contract 4)."""


class Checker:
    """Goes over the parts of a file that could be read. ``known`` holds the codes of the others too."""

    def __init__(
        self, city: CityFile, document: YamlDocument, known: dict[str, set[str]], areas: dict[str, set[str] | None]
    ) -> None:
        self.city = city
        self.document = document
        self.known = known
        self.areas = areas
        """Codes of the areas of each set; None when its file could not be read."""

    def findings(self) -> list[Finding]:
        return [*self._codes(), *self._departments(), *self._statuses(), *self._services()]

    def _error(self, path: NodePath, message: str, remedy: str = "") -> Finding:
        return self.document.finding(path, message, remedy)

    def _warn(self, path: NodePath, message: str, remedy: str = "") -> Finding:
        return self.document.finding(path, message, remedy, warning=True)

    def _codes(self) -> Iterator[Finding]:
        for section in CityFile.SECTIONS:
            yield from self._unique((entry.path, "code", entry.code) for entry in getattr(self.city, section) or ())
        for entry in self.city.areas:
            if "/" in entry.code:
                yield self._error((*entry.path, "code"), "holds a slash, which divides set and area", "use - instead")

    def _unique(self, entries: Iterable[tuple[NodePath, str, str]]) -> Iterator[Finding]:
        seen: dict[str, NodePath] = {}
        for path, key, code in entries:
            place = (*path, key)
            if code in seen:
                line = self.document.places.get(seen[code], (0, 0))[0]
                yield self._error(place, f"{code} is used twice, first on line {line}", f"give each its own {key}")
            elif doubt := code_doubt(code):
                yield self._warn(place, f"{code} {doubt}")
            seen.setdefault(code, place)

    def _departments(self) -> Iterator[Finding]:
        triage = [entry for entry in self.city.departments if entry.triage]
        for entry in triage[1:]:
            yield self._error((*entry.path, "triage"), "a second triage department", f"leave it to {triage[0].code}")

    def _statuses(self) -> Iterator[Finding]:
        statuses = self.city.statuses
        if statuses is None:
            return
        path: NodePath = ("statuses",)
        for side in ("open", "closed"):
            defaults = [entry for entry in statuses if entry.status == side and entry.default]
            if not defaults:
                yield self._error(path, f"no {side} status is the default", f"give default: true to one with status: {side}")
            for entry in defaults[1:]:
                yield self._error((*entry.path, "default"), f"a second default for {side}", f"leave it to {defaults[0].code}")
        for entry in statuses:
            yield from self._status(entry)

    def _status(self, entry: StatusEntry) -> Iterator[Finding]:
        if entry.update_word not in UPDATE_WORDS:
            yield self._error(
                (*entry.path, "update_word"),
                f"{entry.update_word} is no word of the updates resource",
                f"use one of: {', '.join(UPDATE_WORDS)}",
            )
        for index, code in enumerate(entry.allowed_next or ()):
            if code not in self.known["statuses"]:
                yield self._error((*entry.path, "allowed_next", index), f"there is no status {code}", "add it, or remove it here")

    def _services(self) -> Iterator[Finding]:
        if not self.city.services and not self.known["services"]:
            yield self._warn(("services",), "there are no services, so nothing can be reported")
        for service in self.city.services:
            yield from self._service(service)
            yield from self._attributes(service.attributes, service.path)

    def _service(self, service: ServiceEntry) -> Iterator[Finding]:
        path = service.path
        if service.department is not None and service.department not in self.known["departments"]:
            yield self._error((*path, "department"), f"there is no department {service.department}", "add it under departments")
        if service.group is not None and service.groups is not None:
            yield self._error((*path, "group"), "group and groups are both here", "keep one of them")
        for index, word in enumerate(service.keywords):
            if "," in word:
                yield self._error(
                    (*path, "keywords", index), "a keyword holds a comma", "write each keyword as one item of the list"
                )
            elif word in RESERVED_KEYWORDS:
                yield self._warn((*path, "keywords", index), f"{word} changes what FixMyStreet does with this service")
        for index, reference in enumerate(service.areas):
            yield from self._reference((*path, "areas", index), reference)
        yield from self._translations(service)

    def _reference(self, path: NodePath, reference: str) -> Iterator[Finding]:
        name, _, code = reference.partition("/")
        if name not in self.areas:
            yield self._error(path, f"there is no area set {name}", "write set/area, with a set of the section areas")
        elif not code:
            yield self._error(path, f"{reference} names no area", "write set/area, as in districts/north")
        else:
            codes = self.areas[name]
            if codes is not None and code not in codes:
                yield self._error(path, f"the set {name} has no area {code}", "look at the codes in its file")

    def _translations(self, service: ServiceEntry) -> Iterator[Finding]:
        groups = service.groups if service.groups is not None else [service.group] if service.group else []
        for locale, words in service.translations.items():
            translated = words.groups if words.groups is not None else [words.group] if words.group else []
            if translated and len(translated) != len(groups):
                yield self._error(
                    (*words.path, "groups"),
                    f"{len(translated)} names for {len(groups)} groups",
                    "translate each group, in the same order",
                )
            if locale == self.city.jurisdiction.locale:
                yield self._warn(words.path, f"{locale} is the city's own locale", "write these words into the service itself")

    def _attributes(self, attributes: Sequence[AttributeEntry], service: NodePath) -> Iterator[Finding]:
        yield from self._unique((entry.path, "code", entry.code) for entry in attributes)
        ordered = [entry for entry in attributes if entry.order is not None]
        if ordered and len(ordered) != len(attributes):
            yield self._error(
                (*service, "attributes"), "some attributes have an order and some have none", "give one to all, or to none"
            )
        seen: dict[Any, AttributeEntry] = {}
        for entry in ordered:
            first = seen.setdefault(entry.order, entry)
            if first is not entry:
                yield self._error(
                    (*entry.path, "order"), f"{first.code} has order {entry.order} too", "give each attribute its own"
                )
        for entry in attributes:
            yield from self._attribute(entry)

    def _attribute(self, entry: AttributeEntry) -> Iterator[Finding]:
        path = entry.path
        is_list = entry.datatype in LIST_DATATYPES
        written = self.document.raw((*path, "values"))
        if is_list and not written and entry.variable:
            yield self._error(path, f"a {entry.datatype} needs values", "add values: with key and name of each")
        if entry.values and not is_list:
            yield self._error((*path, "values"), f"a {entry.datatype} has no values", "remove them, or use singlevaluelist")
        if entry.required and not entry.variable:
            yield self._error((*path, "required"), "information text (variable: false) cannot be required", "remove required")
        yield from self._unique((value.path, "key", value.key) for value in entry.values)
        keys = set(self._written_keys((*path, "values"), written))
        for words in entry.translations.values():
            for key in words.values:
                if key not in keys:
                    yield self._error((*words.path, "values", key), f"there is no value {key}", "use the keys of the values above")

    def _written_keys(self, path: NodePath, values: Any) -> Iterator[str]:
        """As they stand in the file, even where YAML makes a number of them: that is told elsewhere."""
        for index, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(value, dict) and "key" in value:
                yield self.document.plain.get((*path, index, "key"), (str(value["key"]), ""))[0]
