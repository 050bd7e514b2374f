"""JSONP: ignored unless the operator switches it on (contract 2.2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Town


@pytest.fixture(scope="module")
def jsonp_town(make_town: Callable[..., Town]) -> Town:
    return make_town(OPEN311_JSONP="true", worker=False)


def test_a_callback_wraps_the_answer_as_javascript(jsonp_town: Town) -> None:
    answer = jsonp_town.get("services.json", params={"callback": "show.it"})
    assert answer.headers["content-type"] == "application/javascript; charset=utf-8"
    assert answer.text.startswith("/**/show.it([")
    assert answer.text.endswith("]);")


def test_a_callback_that_is_no_name_is_refused(jsonp_town: Town) -> None:
    answer = jsonp_town.get("services.json", params={"callback": "alert(1)//"})
    assert answer.status_code == 400
    assert "callback" in answer.json()[0]["description"]


def test_xml_never_becomes_javascript(jsonp_town: Town) -> None:
    assert jsonp_town.get("services.xml", params={"callback": "show"}).headers["content-type"] == "text/xml; charset=utf-8"
