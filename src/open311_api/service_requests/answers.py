"""Answers to a service definition, checked by datatype (contract 1.9)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from open311_api.catalog.types import Attribute, Service
from open311_api.errors import Invalid
from open311_api.service_requests.checking import Problems
from open311_api.service_requests.moments import format_moment, is_date_only, parse_moment
from open311_api.service_requests.types import Answer

MAXIMUM_ATTRIBUTES = 100
MAXIMUM_LENGTH = 2000
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def check_answers(service: Service, sent: dict[str, list[str]], zone: ZoneInfo) -> tuple[tuple[Answer, ...], dict[str, Any]]:
    """Answers in the order of the definition, and what was sent beside it. Raises Invalid with every problem."""
    problems = Problems()
    answers: list[Answer] = []
    known = set()
    for attribute in service.attributes:
        known.add(attribute.code)
        values = sent.get(attribute.code, [])
        if not attribute.variable and attribute.automated is None:
            continue
        if not values:
            if attribute.required and attribute.automated is None:
                problems.add(f"attribute[{attribute.code}]", f"attribute[{attribute.code}] is required")
            continue
        with problems:
            answers += _checked(attribute, values, zone)
    extra: dict[str, Any] = {}
    for code, values in sent.items():
        if code not in known and values:
            with problems:
                extra[code] = [_short(value, code) for value in values] if len(values) > 1 else _short(values[0], code)
    problems.raise_if_any()
    return tuple(answers), extra


def _short(value: str, code: str) -> str:
    if len(value) > MAXIMUM_LENGTH:
        raise Invalid.of(
            f"attribute[{code}]", f"attribute[{code}] has {len(value)} characters; at most {MAXIMUM_LENGTH} are accepted"
        )
    return value


def _checked(attribute: Attribute, values: list[str], zone: ZoneInfo) -> Iterable[Answer]:
    name = f"attribute[{attribute.code}]"
    if attribute.is_list:
        return _chosen(attribute, values, name)
    if len(values) > 1:
        raise Invalid.of(name, f"{name} takes one value, but {len(values)} were sent")
    text = _short(values[0], attribute.code)
    if attribute.datatype == "number":
        text = _number(text, name)
    elif attribute.datatype == "datetime":
        text = _moment(text, name, zone)
    elif attribute.datatype == "string":
        text = " ".join(text.split("\n"))
    return [Answer(name=attribute.code, code=None, label=attribute.description, value=text)]


def _chosen(attribute: Attribute, values: list[str], name: str) -> list[Answer]:
    if len(values) > MAXIMUM_ATTRIBUTES:
        raise Invalid.of(name, f"{name} has {len(values)} values; at most {MAXIMUM_ATTRIBUTES} are accepted")
    by_key = {value.key: value for value in attribute.values}
    by_name = {value.name: value for value in attribute.values}
    chosen = {}
    for text in values:
        option = by_key.get(text) or by_name.get(text)
        if option is None:
            keys = ", ".join(list(by_key)[:20])
            raise Invalid.of(name, f"{name} must be one of {keys}, not {text[:60]!r}")
        chosen[option.key] = option
    if attribute.datatype == "singlevaluelist" and len(chosen) > 1:
        raise Invalid.of(name, f"{name} takes one value, but {len(chosen)} were sent")
    return [Answer(name=attribute.code, code=key, label=attribute.description, value=option.name) for key, option in chosen.items()]


def _number(text: str, name: str) -> str:
    if not _NUMBER.fullmatch(text) or abs(float(text)) == float("inf"):
        raise Invalid.of(name, f"{name} must be a number with a dot as decimal sign, not {text[:60]!r}")
    return text.removeprefix("+")


def _moment(text: str, name: str, zone: ZoneInfo) -> str:
    try:
        moment = parse_moment(text, zone)
        return text if is_date_only(text) else format_moment(moment, zone)
    except (ValueError, OverflowError):
        raise Invalid.of(name, f"{name} must be a date or date-time such as 2026-02-10T17:42:05+01:00, not {text[:60]!r}") from None
