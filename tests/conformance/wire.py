"""Answers as they came over the wire, as values that tests compare."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import jsonschema
import yaml

from conftest import RIVERTON, from_xml

CONTENT_TYPES = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
SUFFIXES = ("xml", "json")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
GONE = "old-service"
SCHEMAS = Path(__file__).parent / "schemas"


def value_of(answer: httpx.Response) -> Any:
    """The document of an answer with text leaves, the same for both formats: words for booleans, digits for numbers."""
    if answer.headers["content-type"] == CONTENT_TYPES["xml"]:
        return from_xml(answer.content)
    assert answer.headers["content-type"] == CONTENT_TYPES["json"]
    return _plain(json.loads(answer.content, parse_float=str, parse_int=str))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_plain(child) for child in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value == "" else value


def one(answer: httpx.Response, *, status: int = 200) -> dict[str, Any]:
    """The only item of a list."""
    assert answer.status_code == status, answer.text
    items = value_of(answer)
    assert isinstance(items, list)
    assert len(items) == 1, items
    item: dict[str, Any] = items[0]
    return item


def refusals(answer: httpx.Response, status: int) -> list[str]:
    """The descriptions of an error document, which is held to everything contract 1.4 says of its form."""
    assert answer.status_code == status, answer.text
    if answer.headers["content-type"] == CONTENT_TYPES["json"]:
        document = answer.json()
        assert isinstance(document, list)
        assert all(type(error["code"]) is int and isinstance(error["description"], str) for error in document)
    else:
        assert answer.headers["content-type"] == CONTENT_TYPES["xml"]
        root = ET.fromstring(answer.content)
        assert root.tag == "errors"
        assert {child.tag for child in root} == {"error"}
    errors = value_of(answer)
    assert errors
    assert all(list(error) == ["code", "description"] for error in errors)
    assert {error["code"] for error in errors} == {str(status)}
    return [error["description"] for error in errors]


def leaves(document: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is no container, with the name it stands under."""
    if isinstance(document, dict):
        for key, child in document.items():
            yield from leaves(child, key)
    elif isinstance(document, list):
        for child in document:
            yield from leaves(child, name)
    else:
        yield name, document


def edited_city(folder: Path, edit: Callable[[dict[str, Any]], None], source: Path = RIVERTON) -> Path:
    """A city file like another one, but for what ``edit`` changes in it."""
    for shape in source.parent.glob("*.geojson"):
        (folder / shape.name).write_bytes(shape.read_bytes())
    city = yaml.safe_load(source.read_text())
    edit(city)
    path = folder / "city.yaml"
    path.write_text(yaml.safe_dump(city, sort_keys=False, allow_unicode=True))
    return path


def riverton_of_old(folder: Path) -> Path:
    """Riverton with one service more: whoever loads Riverton after it retires that service."""
    return edited_city(folder, lambda city: city["services"].append({"code": GONE, "name": "No longer offered"}))


def check_schema(document: Any, name: str) -> None:
    """Against one of our own JSON Schemas, written from the contract."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    validator = jsonschema.Draft7Validator(schema)
    validator.check_schema(schema)
    problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    assert not problems, problems
