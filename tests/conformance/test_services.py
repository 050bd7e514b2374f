"""The service list (contract 1.7 and 11.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from wire import GONE, SUFFIXES, check_schema, riverton_of_old, value_of

from conftest import JURISDICTION, LAKESIDE, QUIET, RIVERTON, Town

FIELDS = ["service_code", "service_name", "description", "metadata", "type", "keywords", "group"]
WEST, EAST, OUTSIDE = {"lat": "52.1", "long": "5.05"}, {"lat": "52.1", "long": "5.15"}, {"lat": "40", "long": "-70"}


@pytest.fixture(scope="module")
def town(make_town: Callable[..., Town], tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Riverton, where a service was retired; Lakeside, made for FixMyStreet; and Quiet, which has no services."""
    return make_town(cities=(riverton_of_old(tmp_path_factory.mktemp("old")), RIVERTON, LAKESIDE, QUIET))


def ask(town: Town, suffix: str, jurisdiction: str = JURISDICTION, **params: str) -> httpx.Response:
    answer = town.get(f"services.{suffix}", params={"jurisdiction_id": jurisdiction, **params})
    assert answer.status_code == 200, answer.text
    return answer


def listed(town: Town, suffix: str, jurisdiction: str = JURISDICTION, **params: str) -> dict[str, dict[str, Any]]:
    """By code, leaves as text."""
    services = value_of(ask(town, suffix, jurisdiction, **params))
    return {service["service_code"]: service for service in services}


@pytest.mark.conformance("C-053")
def test_it_is_a_list(town: Town) -> None:
    root = ET.fromstring(ask(town, "xml").content)
    assert root.tag == "services"
    assert {child.tag for child in root} == {"service"}
    assert isinstance(ask(town, "json").json(), list)
    assert len(root) == len(ask(town, "json").json()) > 5


@pytest.mark.conformance("C-054", "C-063")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_service_has_the_seven_fields_and_no_other(town: Town, suffix: str) -> None:
    assert all(list(service) == FIELDS for service in listed(town, suffix).values())
    assert all(list(service) == FIELDS for service in listed(town, suffix, extensions="false").values())


@pytest.mark.conformance("C-055")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_code_keeps_its_leading_zeros(town: Town, suffix: str) -> None:
    assert "0042" in listed(town, suffix)
    assert all(isinstance(service["service_code"], str) for service in ask(town, "json").json())


@pytest.mark.conformance("C-056")
def test_metadata_is_a_boolean_and_in_xml_a_word(town: Town) -> None:
    assert all(type(service["metadata"]) is bool for service in ask(town, "json").json())
    words = {element.text for element in ET.fromstring(ask(town, "xml").content).findall("service/metadata")}
    assert words == {"true", "false"}


@pytest.mark.conformance("C-057")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_type_is_one_of_three(town: Town, suffix: str) -> None:
    services = listed(town, suffix)
    assert {service["type"] for service in services.values()} == {"realtime", "batch", "blackbox"}
    assert services["bulky-waste"]["type"] == "batch"
    assert services["hotline"]["type"] == "blackbox"


@pytest.mark.conformance("C-058")
def test_words_are_never_null(town: Town) -> None:
    for service in ask(town, "json").json():
        assert all(isinstance(service[name], str) for name in ("description", "keywords", "group"))
    assert listed(town, "json")["bulky-waste"]["group"] is None, "an empty text, read as nothing"


@pytest.mark.conformance("C-059")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_keywords_are_one_text(town: Town, suffix: str) -> None:
    assert listed(town, suffix)["tree-down"]["keywords"] == "tree,branch,storm"


@pytest.mark.conformance("C-060")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("jurisdiction", [JURISDICTION, "lakeside.example"])
def test_metadata_says_whether_there_are_questions(town: Town, jurisdiction: str, suffix: str) -> None:
    for code, service in listed(town, suffix, jurisdiction).items():
        definition = value_of(town.get(f"services/{code}.{suffix}", params={"jurisdiction_id": jurisdiction}))
        assert service["metadata"] == ("true" if definition["attributes"] else "false"), code


@pytest.mark.conformance("C-061")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_retired_service_is_not_listed(town: Town, suffix: str) -> None:
    assert GONE not in listed(town, suffix)
    assert GONE not in ask(town, suffix, extensions="true").text


@pytest.mark.conformance("C-062")
def test_no_services_are_an_empty_list(town: Town) -> None:
    assert ask(town, "json", "quiet.example").content == b"[]"
    root = ET.fromstring(ask(town, "xml", "quiet.example").content)
    assert (root.tag, len(root), root.text) == ("services", 0, None)


@pytest.mark.conformance("C-064")
@pytest.mark.parametrize("params", [{}, {"extensions": "true"}], ids=["strict", "extensions"])
@pytest.mark.parametrize("jurisdiction", [JURISDICTION, "lakeside.example", "quiet.example"])
def test_the_list_fits_its_schema(town: Town, jurisdiction: str, params: dict[str, str]) -> None:
    check_schema(ask(town, "json", jurisdiction, **params).json(), "services")


@pytest.mark.conformance("C-065")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_fixmystreet_sees_every_group_unasked(town: Town, suffix: str) -> None:
    there = listed(town, suffix, "lakeside.example")
    assert list(there["tree-down"]) == [*FIELDS, "groups"]
    assert there["tree-down"]["group"] == "Water"
    assert there["tree-down"]["groups"] == ["Water", "Trees"]
    elements = ET.fromstring(ask(town, "xml", "lakeside.example").content).findall("service")[0].findall("groups/group")
    assert [element.text for element in elements] == ["Water", "Trees"]
    assert listed(town, suffix, extensions="true")["tree-down"]["groups"] == ["Parks & trees", "Storm"], "elsewhere on request"


@pytest.mark.conformance("C-066")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_place_has_its_own_list(town: Town, suffix: str) -> None:
    assert listed(town, suffix, **OUTSIDE) == {}
    west, east = listed(town, suffix, **WEST), listed(town, suffix, **EAST)
    assert west == listed(town, suffix)
    assert set(west) - set(east) == {"west-only"}
    assert set(east) < set(west)


@pytest.mark.conformance("C-066")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("params", [{"lat": "52.1"}, {"long": "5.1"}, {"lat": "x", "long": "5"}, {"lat": "91", "long": "5"}])
def test_half_a_place_is_no_place(town: Town, params: dict[str, str], suffix: str) -> None:
    assert town.get(f"services.{suffix}", params={"jurisdiction_id": JURISDICTION, **params}).status_code == 400


@pytest.mark.conformance("C-067")
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("written", ["fi", "fi_FI", "fi-FI", "FI"])
def test_names_come_in_the_language_asked_for(town: Town, written: str, suffix: str) -> None:
    finnish, plain = listed(town, suffix, locale=written), listed(town, suffix)
    assert finnish["tree-down"]["service_name"] == "Kaatunut puu"
    assert finnish["tree-down"]["description"] == "Puu tai oksa tukkii tien."
    assert finnish["0042"] == plain["0042"], "no translation: the city's own words"
    assert plain["tree-down"]["service_name"] == "Fallen tree or branch"
    assert ask(town, suffix, locale=written).headers["content-language"] == "fi"


@pytest.mark.conformance("C-067")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_accept_language_counts_where_no_locale_is_given(town: Town, suffix: str) -> None:
    def name(headers: dict[str, str], **params: str) -> str:
        answer = town.get(f"services.{suffix}", params={"jurisdiction_id": JURISDICTION, **params}, headers=headers)
        assert "accept-language" in answer.headers["vary"].lower()
        text: str = value_of(answer)[0]["service_name"]
        return text

    assert name({"Accept-Language": "de, fi;q=0.8, en;q=0.5"}) == "Kaatunut puu"
    assert name({"Accept-Language": "fi"}, locale="en") == "Fallen tree or branch"
    assert name({"Accept-Language": "de"}) == "Fallen tree or branch"
    assert listed(town, suffix, langcode="fi")["tree-down"]["service_name"] == "Kaatunut puu"
    assert listed(town, suffix, locale="xx")["tree-down"]["service_name"] == "Fallen tree or branch"
