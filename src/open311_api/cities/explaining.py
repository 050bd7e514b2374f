"""Pydantic's findings in the words of someone who writes a city file, at the line they wrote."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from open311_api.cities.document import CityFile
from open311_api.cities.findings import Finding, NodePath
from open311_api.cities.yaml_text import YamlDocument


def explain(error: ValidationError, document: YamlDocument) -> list[Finding]:
    """One finding for each; none of them repeats what was written beyond its own node."""
    return [_finding(problem, document) for problem in error.errors(include_url=False)]


def _finding(problem: Any, document: YamlDocument) -> Finding:
    path: NodePath = tuple(step for step in problem["loc"] if step != "[key]")
    at_key = problem["type"] == "extra_forbidden" or "[key]" in problem["loc"]
    message, remedy = _words(problem, path, document)
    return document.finding(path, message, remedy, at_key=at_key)


def _words(problem: Any, path: NodePath, document: YamlDocument) -> tuple[str, str]:
    kind, context, given = problem["type"], problem.get("ctx", {}), problem["input"]
    if kind == "missing":
        return f"{path[-1]} is missing", f"add {path[-1]}: …"
    if kind == "extra_forbidden":
        return f"unknown key {path[-1]}", _nearest(str(path[-1]), known_keys(path[:-1]))
    if path in document.plain and (kind == "string_type" or kind.endswith("_error")):
        written, meant = document.plain[path]
        if given is None:
            return "nothing is written here", "write a value, or remove the key"
        if kind == "string_type":
            return f"YAML reads {written} as {meant}, but text is needed", f'put it in quotes: "{written}"'
    if kind == "literal_error":
        expected = context["expected"].replace("'", "")
        close = get_close_matches(str(given), expected.replace(" or ", ", ").split(", "), n=1)
        return f"must be {expected}", f"did you mean {close[0]}?" if close else ""
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(str(path[-1]), "is not a locale"), _PATTERN_REMEDIES.get(
            str(path[-1]), "write one such as de or pt-BR"
        )
    if kind == "bool_parsing":
        return "must be true or false", ""
    if kind in ("model_type", "dict_type"):
        return "must be a mapping", "write key: value lines here, one level further in"
    if kind in ("model_attributes_type", "list_type"):
        return "must be a list", "begin each line with a dash"
    return _message(problem), ""


_PATTERNS = {"id": "is not a jurisdiction id"}
_PATTERN_REMEDIES = {"id": "use small letters, digits, dots, - and _, as in riverton.example"}


def _message(problem: Any) -> str:
    text = str(problem["msg"]).removeprefix("Value error, ")
    return text.replace("Input should", "must").replace("String should", "must").replace("List should", "must")


def _nearest(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}" if known else ""


def known_keys(path: NodePath) -> list[str]:
    """The keys that may stand in the mapping at this path."""
    kind: Any = CityFile
    for step in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            if step not in kind.model_fields:
                return []
            kind = kind.model_fields[str(step)].annotation
        else:  # a list, a dict, or either of them or nothing
            kind = _inside(kind)
    kind = _optional(kind)
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _inside(kind: Any) -> Any:
    kind = _optional(kind)
    return get_args(kind)[-1] if get_args(kind) else None


def _optional(kind: Any) -> Any:
    """T for T or None."""
    parts = [part for part in get_args(kind) if part is not type(None)]
    return parts[0] if type(None) in get_args(kind) else kind
