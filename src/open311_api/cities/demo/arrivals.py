"""When reports come in: two years up to this minute, with seasons, week days, storms and office hours."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from open311_api.cities.demo.words import Words

DAYS = 730
_WEEKDAYS = (1.25, 1.15, 1.1, 1.05, 1.0, 0.6, 0.5)
_HOURS = (1, 1, 1, 1, 1, 3, 8, 14, 20, 22, 20, 18, 16, 16, 15, 15, 15, 14, 12, 10, 8, 6, 4, 2)
_NEWEST = (95, 340, 760, 1500)
"""Ages in seconds of the newest reports, so that a list is never stale."""


@dataclass(frozen=True, slots=True)
class Arrival:
    at: datetime
    service_code: str


def arrivals(words: Words, *, count: int, now: datetime, zone: ZoneInfo, random: Random) -> list[Arrival]:
    """In order of time. On one day always the same, but for the reports of that day itself: they keep up with the clock."""
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=age) for age in range(DAYS, -1, -1)]
    storms = set(random.sample(days[:-1], 22))
    topics = words.topics
    shares = Counter(random.choices(list(topics), [topic.share for topic in topics.values()], k=count))
    found = []
    for code, number in sorted(shares.items()):
        weights = [_weight(day, words.seasons[topics[code].season], topics[code].season, storms, days[0]) for day in days]
        for day in random.choices(days, weights, k=number):
            found.append((_moment(day, today, now, zone, random), code))
    found.sort()
    newest = [now - timedelta(seconds=age) for age in reversed(_NEWEST)]
    times = [at for at, _ in found[: -len(newest)]] + newest
    return [Arrival(min(at, now), code) for at, (_, code) in zip(sorted(times), found, strict=True)]


def _weight(day: date, season: tuple[float, ...], name: str, storms: set[date], first: date) -> float:
    weight = (season[day.month - 1] + 0.02) * _WEEKDAYS[day.weekday()]
    if day in storms and name in ("storms", "winter"):
        weight *= 9
    return weight * (1 + 0.3 * (day - first).days / DAYS)  # the town learns to use it


def _moment(day: date, today: date, now: datetime, zone: ZoneInfo, random: Random) -> datetime:
    hour = random.choices(range(24), _HOURS)[0]
    second = random.randrange(3600)
    if day != today:
        return datetime.combine(day, time(hour), zone).astimezone(now.tzinfo) + timedelta(seconds=second)
    elapsed = max((now - datetime.combine(today, time(), zone)).total_seconds(), 1800)
    return now - timedelta(seconds=int(elapsed * (hour * 3600 + second) / 86_400))
