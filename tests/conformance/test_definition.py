"""The questions of a service (contract 1.8 and 11.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from wire import GONE, SUFFIXES, check_schema, refusals, riverton_of_old, value_of

from conftest import JURISDICTION, LAKESIDE, RIVERTON, Town

FIELDS = ["variable", "code", "datatype", "required", "datatype_description", "order", "description"]
ASKING = ["0042", "two-required", "with-commas", "fms"]
LISTS = ("singlevaluelist", "multivaluelist")


@pytest.fixture(scope="module")
def town(make_town: Callable[..., Town], tmp_path_factory: pytest.TempPathFactory) -> Town:
    return make_town(cities=(riverton_of_old(tmp_path_factory.mktemp("old")), RIVERTON, LAKESIDE))


def ask(town: Town, path: str, jurisdiction: str = JURISDICTION, **params: str) -> httpx.Response:
    return town.get(f"services/{path}", params={"jurisdiction_id": jurisdiction, **params})


def questions(town: Town, code: str, suffix: str, jurisdiction: str = JURISDICTION, **params: str) -> list[dict[str, Any]]:
    answer = ask(town, f"{code}.{suffix}", jurisdiction, **params)
    assert answer.status_code == 200, answer.text
    attributes: list[dict[str, Any]] = value_of(answer)["attributes"]
    return attributes


def typed(town: Town, code: str) -> list[dict[str, Any]]:
    """The questions with the types of JSON."""
    attributes: list[dict[str, Any]] = ask(town, f"{code}.json").json()["attributes"]
    assert attributes
    return attributes


@pytest.mark.conformance("C-068")
def test_the_xml_root_is_service_definition(town: Town) -> None:
    root = ET.fromstring(ask(town, "0042.xml").content)
    assert (root.tag, [child.tag for child in root]) == ("service_definition", ["service_code", "attributes"])
    assert {child.tag for child in root.findall("attributes/*")} == {"attribute"}
    assert {child.tag for child in root.findall("attributes/attribute/values/*")} == {"value"}
    assert root.findtext("service_code") == "0042"


@pytest.mark.conformance("C-069")
def test_json_is_an_object(town: Town) -> None:
    document = ask(town, "0042.json").json()
    assert isinstance(document, dict)
    assert list(document) == ["service_code", "attributes"]
    assert document["service_code"] == "0042"


@pytest.mark.conformance("C-070")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("code", ["nope", GONE, "42", "0042.xml"])
def test_an_unknown_or_retired_service_is_404_by_name(town: Town, code: str, suffix: str) -> None:
    assert refusals(ask(town, f"{code}.{suffix}"), 404) == [f"service_code {code} was not found"]


@pytest.mark.conformance("C-071")
def test_a_service_without_questions_has_an_empty_definition(town: Town) -> None:
    assert ask(town, "tree-down.json").json() == {"service_code": "tree-down", "attributes": []}
    attributes = ET.fromstring(ask(town, "tree-down.xml").content).find("attributes")
    assert attributes is not None
    assert (len(attributes), attributes.text) == (0, None)


@pytest.mark.conformance("C-072")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("code", ASKING)
def test_every_question_has_all_fields_in_order(town: Town, code: str, suffix: str) -> None:
    for question in questions(town, code, suffix):
        assert list(question)[:7] == FIELDS
        assert list(question)[7:] == (["values"] if question["datatype"] in LISTS else [])


@pytest.mark.conformance("C-073")
@pytest.mark.parametrize("code", ASKING)
def test_booleans_are_booleans_and_in_xml_words(town: Town, code: str) -> None:
    for name in ("variable", "required"):
        assert all(type(question[name]) is bool for question in typed(town, code))
        assert {question[name] for question in questions(town, code, "xml")} <= {"true", "false"}
    assert [question["required"] for question in typed(town, "0042") if question["code"] == "fault"] == [True]


@pytest.mark.conformance("C-074")
@pytest.mark.parametrize("code", ASKING)
def test_the_order_is_whole_unique_and_ascending(town: Town, code: str) -> None:
    orders = [question["order"] for question in typed(town, code)]
    assert all(type(order) is int and order > 0 for order in orders)
    assert orders == sorted(set(orders))
    assert [int(question["order"]) for question in questions(town, code, "xml")] == orders


@pytest.mark.conformance("C-075")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_datatypes_are_the_six(town: Town, suffix: str) -> None:
    found = {question["datatype"] for code in ASKING for question in questions(town, code, suffix)}
    assert found == {"string", "number", "datetime", "text", *LISTS}


@pytest.mark.conformance("C-076")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_lists_have_options_and_one_option_is_still_a_list(town: Town, suffix: str) -> None:
    for code in ASKING:
        for question in questions(town, code, suffix):
            if question["datatype"] in LISTS:
                assert question["values"]
                assert all(list(option) == ["key", "name"] for option in question["values"])
    (single,) = [question for question in questions(town, "two-required", suffix) if question["code"] == "only"]
    assert single["values"] == [{"key": "1", "name": "One"}]
    options = [option for code in ASKING for question in typed(town, code) for option in question.get("values", ())]
    assert all(isinstance(option["key"], str) and isinstance(option["name"], str) for option in options)


@pytest.mark.conformance("C-077")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_other_datatypes_have_no_options(town: Town, suffix: str) -> None:
    others = [question for code in ASKING for question in questions(town, code, suffix) if question["datatype"] not in LISTS]
    assert others
    assert all("values" not in question for question in others)


@pytest.mark.conformance("C-078")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_option_keeps_its_leading_zeros(town: Town, suffix: str) -> None:
    (fault,) = [question for question in questions(town, "0042", suffix) if question["code"] == "fault"]
    assert [option["key"] for option in fault["values"]] == ["dark", "flicker", "007"]
    (fault,) = [question for question in typed(town, "0042") if question["code"] == "fault"]
    assert fault["values"][2]["key"] == "007"


@pytest.mark.conformance("C-079")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_not_asked_is_not_required(town: Town, suffix: str) -> None:
    told = [question for code in ASKING for question in questions(town, code, suffix) if question["variable"] == "false"]
    assert {question["code"] for question in told} == {"hint", "easting"}
    assert all(question["required"] == "false" for question in told)


@pytest.mark.conformance("C-080")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_code_may_hold_a_dot(town: Town, suffix: str) -> None:
    assert value_of(ask(town, f"a.b.{suffix}"))["service_code"] == "a.b"
    assert value_of(ask(town, f"a%2Eb.{suffix.upper()}"))["service_code"] == "a.b"


@pytest.mark.conformance("C-081")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_code_may_be_percent_encoded(town: Town, suffix: str) -> None:
    assert value_of(ask(town, f"street%20light.{suffix}"))["service_code"] == "street light"
    assert value_of(ask(town, f"%30042.{suffix}"))["service_code"] == "0042"


@pytest.mark.conformance("C-082")
@pytest.mark.parametrize("params", [{}, {"extensions": "true"}], ids=["strict", "extensions"])
@pytest.mark.parametrize("code", [*ASKING, "tree-down"])
def test_the_definition_fits_its_schema(town: Town, code: str, params: dict[str, str]) -> None:
    check_schema(ask(town, f"{code}.json", **params).json(), "service-definition")


@pytest.mark.conformance("C-083")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_automated_is_told_on_request_and_to_fixmystreet(town: Town, suffix: str) -> None:
    assert all("automated" not in question for question in questions(town, "fms", suffix))
    asked = {question["code"]: question.get("automated") for question in questions(town, "fms", suffix, extensions="true")}
    assert asked == {"easting": "server_set", "closest_address": "hidden_field"}
    there = {question["code"]: question.get("automated") for question in questions(town, "jetty", suffix, "lakeside.example")}
    assert there == {"easting": "server_set", "planks": None}
    assert "automated" not in questions(town, "jetty", suffix, "lakeside.example")[1]
