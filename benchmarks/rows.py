"""Synthetic requests: two years, the city's services, hot spots, mostly closed. The same rows for the same number."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

REQUEST_COLUMNS = (
    "jurisdiction_key", "request_key", "service_request_id", "version", "service_key", "department_key", "status",
    "detailed_status", "status_notes", "visibility", "channel", "title", "description", "requested_datetime",
    "updated_datetime", "expected_datetime", "closed_datetime", "address", "address_id", "zipcode", "location", "media_urls",
)  # fmt: skip
EVENT_COLUMNS = (
    "jurisdiction_key", "type", "occurred_at", "request_key", "sequence", "service_key", "department_key", "status",
    "import_key", "data",
)  # fmt: skip
SPAN = timedelta(days=730)
CENTER_LAT, CENTER_LONG = 47.05, -107.72
_HALF = 0.11
"""Degrees of latitude from the middle to the edge: a square of about 24 by 24 kilometres."""
_SPOTS, _SPOT_SIZE = 200, 0.006
_STREETS = ("Alder", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Hawthorn", "Juniper", "Linden", "Maple", "Oak", "Poplar")
_WORDS = (
    "near", "the", "corner", "since", "Monday", "broken", "again", "large", "water", "crossing", "school", "children", "dark",
    "kerb", "lamp", "bin", "full", "smell", "dangerous", "please", "path", "tree", "root", "wheelchair", "loud", "night", "glass",
    "<2 m", "R&D park", "café", "straße", "left", "behind", "fence", "bench", "bus", "stop", "hole", "deep", "flooded",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Town:
    """What the rows refer to, as the database calls it."""

    jurisdiction_key: int
    import_key: int
    services: tuple[tuple[int, str, int], ...]
    """Key, name, department of each."""
    until: datetime


def spots() -> list[tuple[float, float]]:
    """Where half of the requests happen: lat and long."""
    random = Random(311)
    return [
        (CENTER_LAT + random.uniform(-_HALF, _HALF) * 0.9, CENTER_LONG + random.uniform(-_HALF, _HALF) * 1.35)
        for _ in range(_SPOTS)
    ]


def service_request_id(index: int) -> str:
    """Ids run with time, as a city's do."""
    return f"B{index:08}"


def moment_of(index: int, total: int, until: datetime) -> datetime:
    """Evenly over the span with the rhythm of the day in it, ascending; whole seconds."""
    day = 730 * (index + 0.5) / total
    hour = day % 1
    return (until - SPAN + timedelta(days=day - hour + (hour + 0.1 * math.sin(2 * math.pi * hour)) % 1)).replace(microsecond=0)


def requests(town: Town, start: int, stop: int, total: int) -> Iterator[tuple[Any, ...]]:
    """Rows number ``start`` to ``stop`` in the order of REQUEST_COLUMNS."""
    random = Random(start)
    places = spots()
    weights = [1 / (rank + 2) for rank in range(len(town.services))]
    chosen = random.choices(town.services, weights, k=stop - start)
    for index, (service_key, name, department_key) in zip(range(start, stop), chosen, strict=True):
        born = moment_of(index, total, town.until)
        age = (town.until - born) / timedelta(days=1)
        is_open = random.random() < 0.08 + 0.32 * math.exp(-age / 45)
        changed = born + timedelta(seconds=int(min(age * 86400, random.expovariate(1 / 400_000))))
        closed = None if is_open else changed
        if random.random() < 0.5:
            lat, long = places[int(random.random() ** 1.3 * len(places))]
            lat, long = random.gauss(lat, _SPOT_SIZE), random.gauss(long, _SPOT_SIZE * 1.45)
        else:
            lat, long = CENTER_LAT + random.uniform(-_HALF, _HALF), CENTER_LONG + random.uniform(-_HALF, _HALF) * 1.47
        house, street = random.randrange(1, 2000), random.choice(_STREETS)
        words = random.choices(_WORDS, k=random.randrange(6, 30))
        yield (
            town.jurisdiction_key,
            index + 1,
            service_request_id(index),
            1 if is_open and changed == born else 2,
            service_key,
            department_key,
            "open" if is_open else "closed",
            "received" if is_open else "resolved",
            None if is_open else f"Done by crew {house % 40}.",
            "private" if random.random() < 0.005 else "public",
            "app" if house % 3 else "phone",
            f"{name} at {street} Street",
            " ".join(words),
            born,
            born if is_open and age > 3 else changed,
            born + timedelta(days=5),
            closed,
            f"{house} {street} Street",
            f"A-{house}-{street[:3].upper()}",
            f"59{house % 900:03}",
            point(round(lat, 7), round(long, 7)),
            [f"https://media.example/{index}.jpg"] if house % 5 == 0 else [],
        )


def event_of(request: tuple[Any, ...], town: Town) -> tuple[Any, ...]:
    """The event that goes with a row, in the order of EVENT_COLUMNS."""
    key, request_key, service_key, department_key = request[0], request[1], request[4], request[5]
    data = {"status": {"to": "open"}, "channel": request[10]}
    return key, "service_request.created", request[13], request_key, 1, service_key, department_key, "open", town.import_key, data


def point(lat: float, long: float) -> bytes:
    """A point as PostGIS reads it in binary: EWKB, long first."""
    return struct.pack("<BIIdd", 1, 0x20000001, 4326, long, lat)
