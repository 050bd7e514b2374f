"""Bad-input list, group B: answers to a service definition (50 to 69)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bad_input.hostile import Hostile

N = pytest.mark.bad_input
LAMP: dict[str, Any] = {"service_code": "lamp", "attribute[pole]": "A12"}

REFUSED: list[Any] = [
    pytest.param({"attribute[pole]": None}, "attribute[pole]", marks=N(50), id="50-required"),
    pytest.param({"attribute[fault]": "purple"}, "attribute[fault]", marks=N(52), id="52-not-in-list"),
    pytest.param({"attribute[fault]": ["dark", "flicker"]}, "attribute[fault]", marks=N(53), id="53-single-twice"),
    pytest.param({"attribute[hazard][]": ["wires", "dragons"]}, "dragons", marks=N(54), id="54-one-bad-value"),
    pytest.param({"attribute[hazard][]": ["wires"] * 101}, "attribute[hazard]", marks=N(55), id="55-101-values"),
    pytest.param({"attribute[count]": "ten"}, "attribute[count]", marks=N(56), id="56-ten"),
    pytest.param({"attribute[count]": "1e999"}, "attribute[count]", marks=N(57), id="57-1e999"),
    pytest.param({"attribute[count]": "١٢"}, "attribute[count]", marks=N(58), id="58-arabic-digits"),
    pytest.param({"attribute[seen]": "2026-02-30"}, "attribute[seen]", marks=N(59), id="59-no-such-day"),
    pytest.param({"attribute[seen]": "2026-01-01T23:59:60Z"}, "attribute[seen]", marks=N(62), id="62-leap-second"),
    pytest.param({"attribute[way]": "w" * 2001}, "attribute[way]", marks=N(63), id="63-2001-characters"),
    pytest.param({"attribute[way]": "left\0right"}, "attribute[way]", marks=N(64), id="64-NUL"),
    pytest.param({"attribute[]": "nameless"}, "attribute[]", marks=N(65), id="65-no-code"),
    pytest.param({"attribute[way][x]": "nested"}, "attribute[way]", marks=N(66), id="66-nested"),
    pytest.param({f"attribute[x{index}]": "1" for index in range(500)}, "attribute", marks=N(67), id="67-500-attributes"),
]


@pytest.mark.parametrize("fields, names", REFUSED)
def test_a_bad_answer_is_refused_by_its_code(single: Hostile, fields: dict[str, Any], names: str) -> None:
    single.refuse({**LAMP, **fields}, names=names)


def test_every_bad_answer_is_named_at_once(single: Hostile) -> None:
    answer = single.send(single.form({**LAMP, "attribute[count]": "ten", "attribute[fault]": "purple", "email": "nobody"}))
    assert {error["description"].split(" ")[0] for error in answer.json()} == {"attribute[count]", "attribute[fault]", "email"}


KEPT: list[Any] = [
    pytest.param("lamp", "unasked", marks=N(51), id="51-unknown-code"),
    pytest.param("lamp", "x'); DROP TABLE service_request; --", marks=N(68), id="68-SQL"),
    pytest.param("pothole", "unasked", marks=N(69), id="69-no-definition"),
]


@pytest.mark.parametrize("service, code", KEPT)
def test_answers_nobody_asked_for_are_kept_and_not_shown(single: Hostile, service: str, code: str) -> None:
    identity = single.accept({"service_code": service, "attribute[pole]": "A12", f"attribute[{code}]": "kept anyway"})
    assert json.loads(single.row(identity)["extra_answers"])[code] == "kept anyway"
    assert "kept anyway" not in single.get(f"requests/{identity}.json", params={"extensions": "true"}).text


MOMENTS: list[Any] = [
    pytest.param("2026-01-10T12:00", "2026-01-10T12:00:00+01:00", marks=N(60), id="60-no-zone"),
    pytest.param("2026-03-29T02:30", "2026-03-29T03:30:00+02:00", marks=N(61), id="61-clock-change"),
]


@pytest.mark.parametrize("sent, kept", MOMENTS)
def test_a_moment_without_a_zone_is_local(single: Hostile, sent: str, kept: str) -> None:
    identity = single.accept({**LAMP, "attribute[seen]": sent})
    answers = {answer["name"]: answer["value"] for answer in json.loads(single.row(identity)["attribute_answers"])}
    assert answers["seen"] == kept
