"""The committed OpenAPI document is the one the code makes, and tells the truth about names, limits and examples."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from open311_api.commands.openapi import openapi_files
from open311_api.georeport.openapi import parameters
from open311_api.georeport.openapi.bodies import report_schema
from open311_api.georeport.openapi.parameters import Parameter

TOP = Path(__file__).parents[2]
GEOREPORT = TOP / "src" / "open311_api" / "georeport"
FILES = openapi_files()
DOCUMENT: dict[str, Any] = json.loads(FILES["openapi.json"])
REGISTRY: Registry[Any] = Registry().with_resource("urn:doc", Resource(contents=DOCUMENT, specification=DRAFT202012))


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_committed_file_is_what_the_code_makes(name: str) -> None:
    assert (TOP / "openapi" / name).read_text(encoding="utf-8") == FILES[name], "run: open311 openapi"


def test_json_and_yaml_say_the_same() -> None:
    assert yaml.safe_load(FILES["openapi.yaml"]) == DOCUMENT


def test_it_does_not_depend_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN311_PUBLIC_URL", "https://elsewhere.example")
    assert openapi_files() == FILES
    assert DOCUMENT["openapi"] == "3.1.0"
    assert [server["url"] for server in DOCUMENT["servers"]] == ["/"]


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


OPERATIONS = dict(_operations())
GEOREPORT_OPERATIONS = {name: item for name, item in OPERATIONS.items() if "/open311/" in name}


def test_every_operation_of_the_contract_is_there() -> None:
    found = {name.replace("/open311/v2", "").replace(".{format}", "") for name in GEOREPORT_OPERATIONS}
    assert found == {
        "GET /discovery",
        "GET /services",
        "GET /services/{service_code}",
        "POST /requests",
        "GET /tokens/{token}",
        "GET /requests",
        "GET /requests/{service_request_id}",
        "GET /coverage",
        "GET /open311/bulk/requests",
    }


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_has_words_and_a_name_for_programs(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"].endswith(".")
    assert re.fullmatch(r"[a-z_]+", operation["operationId"])
    assert set(operation["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"]}


def test_every_parameter_of_a_path_is_described() -> None:
    for name, operation in OPERATIONS.items():
        described = {item["name"] for item in operation.get("parameters", ()) if item["in"] == "path"}
        assert described == set(re.findall(r"\{(\w+)\}", name)), name


def _answers(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, answer in operation["responses"].items():
        if "$ref" in answer:
            yield status, DOCUMENT["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        else:
            yield status, answer


@pytest.mark.parametrize("name", sorted(GEOREPORT_OPERATIONS))
def test_every_answer_has_examples_in_each_format_that_fit_its_schema(name: str) -> None:
    operation = GEOREPORT_OPERATIONS[name]
    for status, answer in _answers(operation):
        if status == "304":
            continue
        formats = set(answer["content"])
        assert {"application/json", "text/xml"} <= formats, (name, status)
        for media_type, content in answer["content"].items():
            assert content["examples"], (name, status, media_type)
            for example in content["examples"].values():
                if media_type == "text/xml":
                    assert _root(content["schema"]) == ET.fromstring(example["value"].encode()).tag
                elif media_type != "text/csv":
                    _validate(content["schema"], example["value"])
        if status not in ("200", "201"):
            for example in answer["content"]["application/json"]["examples"].values():
                assert {item["code"] for item in example["value"]} == {int(status)}


@pytest.mark.parametrize("name", sorted(GEOREPORT_OPERATIONS))
def test_the_two_formats_of_an_example_hold_the_same_values(name: str) -> None:
    for status, answer in _answers(GEOREPORT_OPERATIONS[name]):
        if status == "304":
            continue
        as_json, as_xml = (answer["content"][kind]["examples"] for kind in ("application/json", "text/xml"))
        assert list(as_json) == list(as_xml)
        for key, example in as_json.items():
            assert _leaves(example["value"]) == _xml_leaves(as_xml[key]["value"]), (name, status, key)


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        children = value.values() if isinstance(value, dict) else value
        return [leaf for child in children for leaf in (_leaves(child) if child not in ([], {}) else [""])]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return ["" if value is None else str(value)]


def _xml_leaves(text: str) -> list[str]:
    tree = ET.fromstring(text.encode())
    return [] if not len(tree) else [node.text or "" for node in tree.iter() if not len(node)]


def test_the_examples_of_a_report_fit_their_schema() -> None:
    body = OPERATIONS["POST /open311/v2/requests.{format}"]["requestBody"]
    assert set(body["content"]) == {"application/x-www-form-urlencoded", "multipart/form-data", "application/json"}
    for content in body["content"].values():
        for example in content["examples"].values():
            _validate(content["schema"], example["value"])


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _root(schema: dict[str, Any]) -> str:
    name: str = _resolved(schema)["xml"]["name"]
    return name


def _validate(schema: dict[str, Any], value: Any) -> None:
    target = {"$ref": "urn:doc" + schema["$ref"]}
    Draft202012Validator(target, registry=REGISTRY, format_checker=FormatChecker()).validate(value)


# ---- names: what the code reads is what the document says


_READERS = {"text", "items", "all"}


def _names_read(module: str) -> set[str]:
    """Literal names given to the reading methods of Parameters, and to the helpers that take them."""
    found = set()
    for node in ast.walk(ast.parse((GEOREPORT / module).read_text())):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in _READERS or name in ("_whole", "moment_parameter"):
            found |= {
                leaf.value
                for part in node.args
                for leaf in ast.walk(part)
                if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
            }
    return found


def _names_said(*groups: tuple[Parameter, ...]) -> set[str]:
    return {name for group in groups for item in group for name in (item.name, *item.also)}


def test_every_list_parameter_that_is_read_is_described() -> None:
    read = _names_read("list_parameters.py") | {"has_photo", "with_picture", "with_foto"}
    assert read == _names_said(parameters.LIST)


def test_every_parameter_of_a_read_is_described() -> None:
    said = _names_said(parameters.READ, parameters.SERVICES) | {"api_key", "callback"}  # callback: JSONP, off by default
    read = _names_read("endpoints.py") | _names_read("calls.py") | _names_read("locales.py")
    assert read - {"extensions"} == said - {"extensions"}
    assert "extensions" in (GEOREPORT / "calls.py").read_text()


def test_every_field_of_a_report_is_described() -> None:
    said = set(report_schema()["properties"])
    read = _names_read("submission_parameters.py") | _names_read("posting.py")
    aliases = {"lng", "lon", "media_url[]", "media", "media[]"}
    assert read - aliases <= said
    from open311_api.georeport.submission_parameters import TEXT_NAMES
    from open311_api.service_requests.checking import TEXT_LIMITS

    assert {name for name, *_ in TEXT_NAMES} == set(TEXT_LIMITS) <= said


def test_every_setting_of_the_limits_is_the_codes_own() -> None:
    from open311_api.georeport.list_parameters import MAXIMUM_PAGE
    from open311_api.service_requests.checking import MAXIMUM_DESCRIPTION

    sizes = [item for item in parameters.LIST if item.name == "page_size"]
    assert sizes[0].schema["maximum"] == MAXIMUM_PAGE
    assert report_schema()["properties"]["description"]["maxLength"] == MAXIMUM_DESCRIPTION
