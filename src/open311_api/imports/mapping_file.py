"""Find a mapping document, ready-made or the operator's own, and read it with the lines of its mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from open311_api.imports.errors import InvalidMapping
from open311_api.imports.mapping import Mapping

READY = Path(__file__).parent / "mappings"
_LARGEST = 1024 * 1024
_Steps = tuple[str | int, ...]


def ready_mappings() -> list[str]:
    """Names of the mappings that come with this project."""
    return sorted(path.stem for path in READY.glob("*.yaml"))


def load_mapping(name_or_file: str) -> Mapping:
    """A file when the text looks like one or names one, otherwise a ready mapping. Raises InvalidMapping."""
    path = Path(name_or_file)
    if name_or_file in ready_mappings() and not path.is_file():
        path = READY / f"{name_or_file}.yaml"
    try:
        data = path.read_bytes()
    except OSError:
        known = ", ".join(ready_mappings())
        raise InvalidMapping([f"no mapping {name_or_file!r}: name a YAML file or one of {known}"]) from None
    return read_mapping(data, file=path.name)


def read_mapping(data: bytes, *, file: str) -> Mapping:
    if len(data) > _LARGEST:
        raise InvalidMapping([f"{file}: larger than a mapping can be"])
    try:
        node = yaml.compose(data.decode("utf-8-sig"), Loader=yaml.BaseLoader)
    except UnicodeDecodeError:
        raise InvalidMapping([f"{file}: not UTF-8 text"]) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InvalidMapping([f"{file}:{line}: not YAML: {error.problem}"]) from None
    except yaml.YAMLError as error:
        raise InvalidMapping([f"{file}: not YAML: {error}"]) from None
    tree = _Tree(file)
    value = tree.value(node, ()) if node else None
    if tree.problems:
        raise InvalidMapping(tree.problems)
    try:
        return Mapping.model_validate(value)
    except ValidationError as error:
        raise InvalidMapping([tree.told(problem) for problem in error.errors(include_url=False)]) from None


class _Tree:
    """The document as plain values, every scalar a text (a status ``No`` is not false), with the line of each node."""

    def __init__(self, file: str) -> None:
        self.problems: list[str] = []
        self._file = file
        self._lines: dict[_Steps, int] = {(): 1}

    def value(self, node: yaml.Node, at: _Steps) -> Any:
        self._lines[at] = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return [self._inner(item, (*at, index), node) for index, item in enumerate(node.value)]
        table: dict[str, Any] = {}
        for key, item in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.value in table:
                self.problems.append(f"{self._file}:{line}: a key must be a word that stands only once in its place")
                continue
            table[key.value] = self._inner(item, (*at, key.value), node)
            self._lines[*at, key.value] = line
        return table

    def _inner(self, node: yaml.Node, at: _Steps, around: yaml.Node) -> Any:
        if node.start_mark.index <= around.start_mark.index:  # an alias to what is further out or above
            self.problems.append(f"{self._file}:{around.start_mark.line + 1}: aliases are not read here; write it out")
            return None
        return self.value(node, at)

    def told(self, problem: Any) -> str:
        """One line for a person, at the nearest node that exists; pydantic's own steps inside a choice are left out."""
        at: _Steps = ()
        for step in problem["loc"]:
            if (*at, step) in self._lines:
                at = (*at, step)
        name = ".".join(str(step) for step in problem["loc"]) or "document"
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = "is not a key of a mapping document"
        elif problem["type"] == "missing":
            message = "is missing"
        return f"{self._file}:{self._lines[at]}: {name}: {message}"
