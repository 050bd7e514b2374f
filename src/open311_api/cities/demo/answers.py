"""Believable answers to the questions of a service definition."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from open311_api.catalog.types import Attribute, AttributeValue
from open311_api.service_requests.types import Answer

_STRINGS = {"color": ("white", "gray", "silver", "dark blue", "red", "green")}
_TEXTS = {
    "access": ("Behind the gate, ring at number 12.", "Only from the alley.", "A dog barks but is friendly."),
    "list": ("A sofa and two chairs", "Mattress, bed frame, a small shelf", "Washing machine", "Table, four chairs"),
}


def answer_questions(attributes: Iterable[Attribute], random: Random, *, at: datetime, zone: ZoneInfo) -> list[Answer]:
    """All required ones, and about half of the others; one item for each selected option (contract 4)."""
    answers: list[Answer] = []
    for attribute in attributes:
        if not attribute.variable or not (attribute.required or random.random() < 0.5):
            continue
        if attribute.is_list:
            answers += [
                Answer(name=attribute.code, code=value.key, label=attribute.description, value=value.name)
                for value in _chosen(attribute, random)
            ]
        else:
            value = _typed(attribute, random, at, zone)
            answers.append(Answer(name=attribute.code, code=None, label=attribute.description, value=value))
    return answers


def _chosen(attribute: Attribute, random: Random) -> list[AttributeValue]:
    if attribute.datatype == "singlevaluelist":
        return [random.choice(attribute.values)]
    number = random.choices((1, 2, 3), (6, 3, 1))[0]
    chosen = random.sample(range(len(attribute.values)), min(number, len(attribute.values)))
    return [attribute.values[index] for index in sorted(chosen)]


def _typed(attribute: Attribute, random: Random, at: datetime, zone: ZoneInfo) -> str:
    if attribute.datatype == "number":
        return str(random.randint(1, 5))
    if attribute.datatype == "datetime":
        return (at - timedelta(hours=random.randint(1, 160))).astimezone(zone).replace(minute=0, second=0).isoformat()
    if attribute.datatype == "text":
        return random.choice(_TEXTS.get(attribute.code, ("Nothing special.",)))
    return random.choice(_STRINGS.get(attribute.code, (f"BF-{random.randint(1000, 2999)}",)))
