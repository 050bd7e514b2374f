"""What people of the demo city write, read from reports.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Topic:
    """Everything the generator knows of one service."""

    share: int
    season: str
    days: float
    """Median days until it is closed."""
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    done: tuple[str, ...]
    promise: int | None = None
    """Working days until ``expected_datetime``."""
    foreign: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    seasons: dict[str, tuple[float, ...]]
    places: tuple[str, ...]
    times: tuple[str, ...]
    endings: tuple[str, ...]
    notes: dict[str, tuple[str, ...]]
    topics: dict[str, Topic]

    def fill(self, random: Random, text: str, **known: str) -> str:
        """The text with its gaps filled; it begins with a capital."""
        filled = text.format(
            place=random.choice(self.places), time=random.choice(self.times), count=str(random.randint(2, 9)), **known
        )
        return filled[:1].upper() + filled[1:]


@cache
def load_words() -> Words:
    text = resources.files(__package__).joinpath("reports.yaml").read_text(encoding="utf-8")
    data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 either one is the safe loader
    return Words(
        seasons={name: tuple(weights) for name, weights in data["seasons"].items()},
        places=tuple(data["places"]),
        times=tuple(data["times"]),
        endings=tuple(data["endings"]),
        notes={name: tuple(texts) for name, texts in data["notes"].items()},
        topics={code: Topic(**_tuples(topic)) for code, topic in data["services"].items()},
    )


def _tuples(topic: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in topic.items()}
