"""A list that holds a list of more than ten thousand is not counted; any other is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from open311_api.service_requests import counting
from open311_api.service_requests.counting import Counts
from open311_api.service_requests.listing import Box, Counted, Filters

CITY = cast(Any, SimpleNamespace(key=1))
END = datetime(2026, 6, 1, tzinfo=UTC)
WEEK = Filters(requested_from=END - timedelta(days=7), requested_to=END, box=Box(4.0, 52.0, 5.0, 53.0))
MANY = Counted(10_001, END - timedelta(days=6), END - timedelta(days=1), "1:1:")


@pytest.fixture
def counts() -> Counts:
    made = Counts()
    assert made.remember(CITY, WEEK, MANY) is None
    return made


@pytest.mark.parametrize(
    "wider",
    [
        WEEK,
        replace(WEEK, requested_from=END - timedelta(days=6)),
        replace(WEEK, requested_from=None, requested_to=None),
        replace(WEEK, box=Box(3.9, 51.0, 5.0, 53.0)),
        replace(WEEK, box=None),
    ],
)
def test_what_holds_many_has_many(counts: Counts, wider: Filters) -> None:
    assert counts.surely_many(CITY, wider)


@pytest.mark.parametrize(
    "other",
    [
        replace(WEEK, requested_from=END - timedelta(days=5)),
        replace(WEEK, requested_to=END - timedelta(days=2)),
        replace(WEEK, box=Box(4.1, 52.0, 5.0, 53.0)),
        replace(WEEK, box=Box(5.0, 52.0, 4.0, 53.0)),
        replace(WEEK, statuses=frozenset({"open"})),
        replace(WEEK, service_keys=(1,)),
        replace(WEEK, updated_from=END - timedelta(days=100)),
        replace(WEEK, words="lamp"),
    ],
)
def test_what_may_have_fewer_is_counted(counts: Counts, other: Filters) -> None:
    assert not counts.surely_many(CITY, other)
    assert not counts.surely_many(cast(Any, SimpleNamespace(key=2)), WEEK)


def test_moments_of_updating_are_a_window_of_their_own() -> None:
    counts = Counts()
    changed = Filters(requested_from=END - timedelta(days=90), updated_from=END - timedelta(days=7))
    counts.remember(CITY, changed, MANY)
    assert counts.surely_many(CITY, replace(changed, updated_from=END - timedelta(days=8)))
    assert not counts.surely_many(CITY, replace(changed, updated_from=END - timedelta(days=3)))
    assert not counts.surely_many(CITY, replace(changed, requested_from=END - timedelta(days=80)))


def test_a_total_within_the_limit_is_told() -> None:
    counts = Counts()
    assert counts.remember(CITY, WEEK, Counted(10_000, END, END, "1:1:")) == 10_000
    assert not counts.surely_many(CITY, WEEK)


def test_knowing_ends_soon(counts: Counts, monkeypatch: pytest.MonkeyPatch) -> None:
    later = counting.time.monotonic() + 31
    monkeypatch.setattr(counting.time, "monotonic", lambda: later)
    assert not counts.surely_many(CITY, WEEK)
