"""Reads answers of other servers with the models of our own documents, and says where they differ."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from pydantic import BaseModel, ValidationError

from open311_api.georeport import schemas

TOP = Path(__file__).parents[1]
FOLDER = Path(os.environ.get("OPEN311_TEST_SHARED") or TOP.parent / "shared") / "data" / "open311-responses"

_MODELS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("discovery", schemas.Discovery),
    ("service-definition", schemas.ServiceDefinition),
    ("service-S", schemas.ServiceDefinition),
    ("services", schemas.Services),
    ("error", schemas.Errors),
    ("post-request", schemas.SubmittedRequests),
    ("token", schemas.TokenAnswers),
    ("request", schemas.ServiceRequests),
    ("reports", schemas.ServiceRequests),
)
_LISTS = {"services", "service_requests", "errors", "attributes", "values", "endpoints", "formats", "media_urls", "notes", "groups"}
_WORDS = {
    "missing": "left out",
    "timezone_aware": "without an offset",
    "literal_error": "another word",
    "bool_type": "text, not true or false",
    "bool_parsing": "text, not true or false",
    "float_type": "text, not a number",
    "int_type": "text, not a number",
    "list_type": "not a list",
    "model_type": "not an object",
    "datetime_from_date_parsing": "another way to write time",
    "datetime_parsing": "another way to write time",
    "datetime_type": "another way to write time",
}


def answers() -> Iterator[Path]:
    """Every recorded document; the directories of live servers are no answers."""
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and not path.parent.name.startswith("_"):
            yield path


def name(path: Path) -> str:
    return str(path.relative_to(FOLDER))


def model_for(path: Path) -> type[BaseModel]:
    return next(model for start, model in _MODELS if path.name.startswith(start))


def differences(path: Path) -> frozenset[str]:
    """``field: what is different``, without places in lists; empty when our model reads the document as it is."""
    as_json = path.suffix == ".json"
    text = path.read_text(encoding="utf-8")
    try:
        value = json.loads(text) if as_json else _tree(ET.fromstring(text))
    except (ValueError, ET.ParseError):
        return frozenset({"the document: cannot be parsed"})
    return compared(value, model_for(path), as_json=as_json)


def compared(value: Any, model: type[BaseModel], *, as_json: bool) -> frozenset[str]:
    """JSON has types, which must be ours; XML has text, which is read as the type the field has."""
    schema = model.model_json_schema()
    found = set()
    if schema.get("type") == "array" and isinstance(value, dict):
        found.add("the document: an object, not a list of one")
        value = [value]
    try:
        model.model_validate_json(json.dumps(value), strict=as_json)
    except ValidationError as error:
        for problem in error.errors():
            given = problem.get("input")
            if not as_json and given is None and problem["type"] == "string_type":
                continue  # an empty element is an empty text
            found.add(_said(problem["loc"], problem["type"], given))
    return frozenset(found | set(_unknown(value, schema, schema.get("$defs", {}), ())))


def _unknown(value: Any, schema: dict[str, Any], models: dict[str, Any], place: tuple[str, ...]) -> Iterator[str]:
    """Names that our documents do not have."""
    schema = models[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if isinstance(value, list):
        for item in value:
            yield from _unknown(item, schema.get("items", {}), models, place)
    elif isinstance(value, dict) and "properties" in schema:
        for name_, child in value.items():
            if name_ in schema["properties"]:
                yield from _unknown(child, schema["properties"][name_], models, (*place, name_))
            elif not schema.get("additionalProperties"):
                yield f"{'.'.join((*place, name_))}: a name of its own"


def from_xml(text: str) -> Any:
    return _tree(ET.fromstring(text.encode()))


def _said(place: tuple[int | str, ...], kind: str, given: Any) -> str:
    names = [str(part) for part in place if isinstance(part, str)]
    field = ".".join(names) or "the document"
    if kind == "string_type":
        words = "null" if given is None else "a number, not text" if isinstance(given, int | float) else "not text"
    elif given is None and kind != "missing":
        words = "null"
    else:
        words = _WORDS.get(kind, kind)
    return f"{field}: {words}"


def _tree(node: ET.Element) -> Any:
    """Spark, with the lists we know; what a document wraps otherwise shows as a difference."""
    tag = node.tag.rpartition("}")[2]
    if tag in _LISTS:
        return [_tree(child) for child in node]
    if len(node):
        return {child.tag.rpartition("}")[2]: _tree(child) for child in node}
    return node.text
