"""YAML read as plain values that know their line: no tags, no bombs, no key twice, no silent change of meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from open311_api.cities.findings import Finding, InvalidCityFile, NodePath, node_name

LARGEST_BYTES = 16 * 1024 * 1024
DEEPEST = 40
MOST_NODES = 500_000
"""Nodes after aliases are followed: a file that grows beyond this is an alias bomb."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_KINDS = {"int": "number", "float": "number", "bool": "truth value", "timestamp": "date", "null": "nothing"}


class Table(dict[str, Any]):
    """A mapping that knows where it stands, so that what is built from it does too."""

    path: NodePath = ()


class NotText:
    """A plain scalar that YAML takes for a date: nothing in a city file is one."""

    def __repr__(self) -> str:
        return "a date"


@dataclass(slots=True)
class YamlDocument:
    """The values of one document and the places they were read from."""

    file: str
    value: Any = None
    places: dict[NodePath, tuple[int, int]] = field(default_factory=dict)
    key_places: dict[NodePath, tuple[int, int]] = field(default_factory=dict)
    plain: dict[NodePath, tuple[str, str]] = field(default_factory=dict)
    """Unquoted scalars that YAML does not take for text: what is written, and what YAML makes of it."""
    odd_numbers: dict[NodePath, str] = field(default_factory=dict)
    """Numbers in a notation that surprises, such as 010 (eight) or 12:30 (750)."""

    def raw(self, path: NodePath) -> Any:
        """What is written at the path, whatever the models think of it; None where nothing is."""
        value = self.value
        for step in path:
            try:
                value = value[step]
            except (LookupError, TypeError):
                return None
        return value

    def finding(self, path: NodePath, message: str, remedy: str = "", *, at_key: bool = False, warning: bool = False) -> Finding:
        """At the node itself, or at the nearest one around it that exists."""
        line, column = self.key_places.get(path, (0, 0)) if at_key else (0, 0)
        step = path
        while not line:
            line, column = self.places.get(step, (0, 0))
            if not step:
                break
            step = step[:-1]
        severity = "warning" if warning else "error"
        return Finding(self.file, line or 1, column or 1, node_name(path), message, remedy, severity)  # type: ignore[arg-type]  # one of the two


def read_yaml(data: bytes, *, file: str) -> YamlDocument:
    """Raises InvalidCityFile when the text is not YAML of the plain kind this project reads."""
    document = YamlDocument(file)
    text = _decode(data, file)
    _inspect(text, file)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise _broken(error, file) from None
    if node is None:
        raise InvalidCityFile([Finding(file, 1, 1, "document", "the file is empty", "begin with version: 1")])
    reader = _Reader(document)
    document.value = reader.value(node, ())
    if reader.findings:
        raise InvalidCityFile(reader.findings)
    return document


def _decode(data: bytes, file: str) -> str:
    if len(data) > LARGEST_BYTES:
        raise InvalidCityFile(
            [Finding(file, 1, 1, "document", "the file is larger than 16 MiB", "put geometry into files beside it")]
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise InvalidCityFile(
            [Finding(file, line, column, "document", "this is not UTF-8 text", "save the file as UTF-8")]
        ) from None


def _inspect(text: str, file: str) -> None:
    """Look at the flat stream of events first: depth, size, tags and a second document are seen before anything is built."""
    findings = []
    depth = documents = 0
    event: Any
    try:
        for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            documents += isinstance(event, yaml.DocumentStartEvent)
            place = (file, event.start_mark.line + 1, event.start_mark.column + 1, "document")
            if depth > DEEPEST or count > 2 * MOST_NODES:
                raise InvalidCityFile([Finding(*place, "the document is nested too deeply or too large", "simplify it")])
            if documents > 1:
                raise InvalidCityFile([Finding(*place, "a second document begins here", "keep one city in one file, without ---")])
            if tag := getattr(event, "tag", None):
                shown = tag.replace("tag:yaml.org,2002:", "!!")
                findings.append(Finding(*place, f"the tag {shown} is not read", "remove it; quote the value if it is text"))
    except yaml.YAMLError as error:
        raise _broken(error, file) from None
    if findings:
        raise InvalidCityFile(findings)


def _broken(error: yaml.YAMLError, file: str) -> InvalidCityFile:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    remedy = "look at the indentation, colons and quotes here and on the line before"
    return InvalidCityFile([Finding(file, line, column, "document", f"this is not YAML: {reason}", remedy)])


class _Reader:
    """Turns composed nodes into values, once for each place an alias puts them."""

    def __init__(self, document: YamlDocument) -> None:
        self.document = document
        self.findings: list[Finding] = []
        self._scalars = yaml.SafeLoader("")
        self._above: list[yaml.Node] = []
        self._count = 0

    def value(self, node: yaml.Node, path: NodePath) -> Any:
        self._count += 1
        if self._count > MOST_NODES or len(self._above) > DEEPEST or node in self._above:
            message = "aliases make this document endless or far too large"
            raise InvalidCityFile([self._finding(node, path, message, "write the repeated part out")])
        self.document.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self._above.append(node)
        value = self._table(node, path) if isinstance(node, yaml.MappingNode) else self._list(node, path)
        self._above.pop()
        return value

    def _list(self, node: yaml.Node, path: NodePath) -> list[Any]:
        return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _table(self, node: yaml.MappingNode, path: NodePath) -> Table:
        table = Table()
        table.path = path
        for key, item in self._pairs(node, path):
            place = (*path, key.value)
            if key.value in table:
                first = self.document.key_places[place][0]
                self.findings.append(
                    self._finding(key, place, f"this key is here twice, first on line {first}", "keep one of them")
                )
                continue
            self.document.key_places[place] = (key.start_mark.line + 1, key.start_mark.column + 1)
            table[key.value] = self.value(item, place)
        return table

    def _pairs(self, node: yaml.MappingNode, path: NodePath) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
        """Keys count as they are written: the locale no is Norwegian, not false."""
        for key, item in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key, item
            else:
                self.findings.append(self._finding(key, path, "a key must be a word", "write key: value"))

    def _scalar(self, node: yaml.ScalarNode, path: NodePath) -> Any:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind == "str" or kind not in _KINDS:
            return node.value
        try:
            value = None if kind == "null" else NotText() if kind == "timestamp" else self._scalars.construct_object(node)
        except (ValueError, OverflowError, yaml.YAMLError):
            value = NotText()
        shown = str(value) if kind in ("int", "float") else str(value).lower() if kind == "bool" else ""
        self.document.plain[path] = (node.value, f"the {_KINDS[kind]} {shown}".strip() if shown else f"a {_KINDS[kind]}")
        if kind in ("int", "float") and not _PLAIN_NUMBER.fullmatch(node.value):
            self.document.odd_numbers[path] = node.value
        return value

    def _finding(self, node: yaml.Node, path: NodePath, message: str, remedy: str) -> Finding:
        return Finding(self.document.file, node.start_mark.line + 1, node.start_mark.column + 1, node_name(path), message, remedy)
