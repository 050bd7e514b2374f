"""What is measured: the same work as asked of the project and of the floor, and the goal."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from urllib.parse import urlencode

import asyncpg

from benchmarks.client import Call, fetch
from benchmarks.place import JURISDICTION
from benchmarks.rows import spots

ROOT = "/open311/v2"
POOL = 100_000
"""Reads draw from this many of the newest requests, or from all when there are fewer."""
WINDOW = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Data:
    """What there is to ask for."""

    ids: tuple[str, ...]
    """Listed ones, newest first."""
    oldest: datetime
    """Of those ids."""
    newest: datetime
    api_key: str

    def moment(self, random: Random) -> datetime:
        seconds = (self.newest - self.oldest) / timedelta(seconds=1)
        return self.newest - timedelta(seconds=int(random.random() * seconds))


@dataclass(frozen=True, slots=True)
class Work:
    """``ours`` and ``floor`` make the same question from the same random numbers."""

    name: str
    ours: Callable[[Random, Data], Call]
    floor: Callable[[Random, Data], Call]
    goal: float
    """Least ratio: CPU of the floor by ours."""
    same_bytes: bool = True
    warm: str | None = None
    """Format whose documents a warm-up reads page by page."""
    status: int = 200
    writes: bool = False

    def calls(self, which: str, data: Data, seed: int) -> Iterator[Call]:
        random = Random(seed)
        make = self.ours if which == "open311" else self.floor
        while True:
            yield make(random, data)


async def read_data(connection: asyncpg.Connection, api_key: str) -> Data:
    rows = await connection.fetch(
        "SELECT service_request_id, requested_datetime FROM service_request WHERE jurisdiction_key = (SELECT jurisdiction_key "
        "FROM jurisdiction WHERE jurisdiction_id = $1) AND listed AND service_request_id LIKE 'B%' "
        "ORDER BY requested_datetime DESC, service_request_id DESC NULLS LAST LIMIT $2",
        JURISDICTION,
        POOL,
    )
    return Data(tuple(row[0] for row in rows), rows[-1][1], rows[0][1], api_key)


def _list(format_: str, **parameters: object) -> Call:
    return Call(f"{ROOT}/requests.{format_}?{urlencode({'jurisdiction_id': JURISDICTION, **parameters})}")


def _plain(name: str, format_: str, **parameters: object) -> Call:
    return Call(f"/{name}.{format_}?{urlencode(parameters)}")


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def one(format_: str) -> Work:
    return Work(
        f"GET one, {format_.upper()}",
        ours=lambda random, data: Call(f"{ROOT}/requests/{random.choice(data.ids)}.{format_}?jurisdiction_id={JURISDICTION}"),
        floor=lambda random, data: Call(f"/one/{random.choice(data.ids)}.{format_}"),
        goal=0.60,
        warm=format_,
    )


def window(format_: str, size: int, goal: float) -> Work:
    """The newest before some moment."""

    def ours(random: Random, data: Data) -> Call:
        return _list(format_, end_date=_utc(data.moment(random)), page_size=size)

    def floor(random: Random, data: Data) -> Call:
        to = data.moment(random)
        return _plain("window", format_, **{"from": _utc(to - WINDOW), "to": _utc(to), "size": size})

    return Work(f"list of {size}, {format_.upper()}", ours, floor, goal, warm=format_)


def updated(size: int = 50) -> Work:
    """What changed in the last minutes to hours, as a mirror asks."""

    def since(random: Random, data: Data) -> str:
        return _utc(data.newest - timedelta(seconds=int(random.random() * 6 * 3600)))

    return Work(
        f"updated_after, {size}",
        ours=lambda random, data: _list("json", updated_after=since(random, data), page_size=size),
        floor=lambda random, data: _plain("updated", "json", **{"from": since(random, data), "size": size}),
        goal=1 / 1.5,
        warm="json",
    )


def _spot(random: Random) -> tuple[float, float]:
    lat, long = random.choice(spots())
    return round(lat + random.gauss(0, 0.01), 5), round(long + random.gauss(0, 0.014), 5)


def box(size: int) -> Work:
    """A map of 1.5 by 1.5 kilometres, 90 days."""

    def bounds(random: Random) -> str:
        lat, long = _spot(random)
        return f"{long - 0.01:.5f},{lat - 0.0068:.5f},{long + 0.01:.5f},{lat + 0.0068:.5f}"

    def ours(random: Random, data: Data) -> Call:
        return _list("json", bbox=bounds(random), end_date=_utc(data.moment(random)), page_size=size)

    def floor(random: Random, data: Data) -> Call:
        corners, to = bounds(random), data.moment(random)
        return _plain("box", "json", **{"bbox": corners, "from": _utc(to - WINDOW), "to": _utc(to), "size": size})

    return Work(f"box, {size}", ours, floor, 1 / 1.5, warm="json")


def circle(size: int) -> Work:
    """500 m around a place, open, 90 days."""

    def ours(random: Random, data: Data) -> Call:
        lat, long = _spot(random)
        to = _utc(data.moment(random))
        return _list("json", lat=lat, long=long, radius=500, status="open", end_date=to, page_size=size)

    def floor(random: Random, data: Data) -> Call:
        lat, long = _spot(random)
        to = data.moment(random)
        near = {"lat": lat, "long": long, "radius": 500, "tall": 500 / 110_574 * 1.01}
        near["wide"] = 500 / (111_320 * math.cos(math.radians(lat))) * 1.01
        return _plain("circle", "json", **near, **{"from": _utc(to - WINDOW), "to": _utc(to), "size": size})

    return Work(f"circle 500 m, open, {size}", ours, floor, 1 / 1.5, warm="json")


def post() -> Work:
    def form(random: Random) -> tuple[tuple[str, str], ...]:
        return (
            ("service_code", "bike-rack"),
            ("lat", f"{47.05 + random.uniform(-0.01, 0.01):.6f}"),
            ("long", f"{-107.72 + random.uniform(-0.01, 0.01):.6f}"),
            ("address_string", f"{random.randrange(2000)} Elm Street"),
            ("title", "A hole in the road"),
            ("description", "Deep enough to lose a wheel in, right behind the crossing; two cyclists fell today."),
        )

    return Work(
        "POST",
        ours=lambda random, data: Call(
            f"{ROOT}/requests.json", "POST", form=(("api_key", data.api_key), ("jurisdiction_id", JURISDICTION), *form(random))
        ),
        floor=lambda random, _data: Call("/create", "POST", form=form(random)),
        goal=0.5,
        same_bytes=False,
        status=201,
        writes=True,
    )


async def polls(ours_port: int, floor_port: int, data: Data) -> list[Work]:
    """Questions whose answer the client has already: the same address again and again with its validator."""
    await asyncio.sleep(2)  # what was written before has been published then, and nothing changes any more
    newest = _list("json", page_size=50)
    single = Call(f"{ROOT}/requests/{data.ids[0]}.json?jurisdiction_id={JURISDICTION}")
    found = []
    for name, call in (("unchanged list", newest), ("unchanged request", single)):
        tag = (await fetch(ours_port, call)).header("etag")
        ours = Call(call.target, headers=(("if-none-match", tag),))
        floor_tag = (await fetch(floor_port, Call("/poll"))).header("etag")
        floor = Call("/poll", headers=(("if-none-match", floor_tag),))
        goal = 0.65
        found.append(
            Work(name, lambda _r, _d, c=ours: c, lambda _r, _d, c=floor: c, goal, same_bytes=False, status=304)  # type: ignore[misc]
        )
    return found


def reads() -> list[Work]:
    return [
        one("json"),
        one("xml"),
        window("json", 50, 1.0),
        window("json", 1000, 2.0),
        window("xml", 1000, 4.0),
        box(50),
        box(1000),
        circle(50),
        circle(1000),
        updated(),
    ]
