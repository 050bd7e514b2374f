"""The reports of the demo city, complete: place, words, answers, photos, and the life that followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from open311_api.catalog.types import Service
from open311_api.cities.demo.answers import answer_questions
from open311_api.cities.demo.arrivals import Arrival
from open311_api.cities.demo.life import Life, Step, expected
from open311_api.cities.demo.town import DISTRICTS, PARKS, Address, Town, to_degrees
from open311_api.cities.demo.words import Words

_CHANNELS = {
    "app": 34, "web": 26, "phone": 19, "e-mail": 6, "api": 4, "staff": 3, "chat": 2, "walk-in": 2, "social-media": 2, "mail": 1,
    "other": 0.5,
}  # fmt: skip
_HOT_SPOTS = (
    (0, 0, 420, 22), (1400, 300, 380, 14), (-350, -1350, 350, 10), (-1600, 450, 450, 9), (2000, 1900, 400, 6),
    (-150, -3100, 350, 5), (0, 0, 2400, 34),
)  # fmt: skip
"""Metres east and north, spread, weight; the last is the whole town."""
_IN_PARKS = ("park-light", "playground", "park-upkeep")
_LIMITED = {
    "snow-sidewalk-downtown": ("downtown", "market"),
    "river-walk": ("riverside", "old-mill", "downtown"),
    "scooter": ("downtown", "market", "station", "college"),
}


@dataclass(frozen=True, slots=True)
class Report:
    """One report with everything but its key."""

    service_request_id: str | None
    """None while a batch service has not given it yet."""
    born: datetime
    service: Service
    channel: str
    address: Address
    placed: bool
    """False: the reporter gave an address and no point on a map."""
    address_id: str | None
    title: str | None
    description: str
    photos: int
    answers: list[Any]
    visibility: str
    moderation: str
    expected_datetime: datetime | None
    object_id: str | None
    parent: int | None
    """Index of the report that this one repeats."""
    steps: list[Step]


class Reporter:
    """Makes reports one after the other; each depends only on the day, its own number and the reports before it."""

    def __init__(
        self,
        *,
        town: Town,
        words: Words,
        services: Mapping[str, Service],
        departments: Mapping[int, str],
        department_names: dict[str, str],
        zone: ZoneInfo,
        now: datetime,
        ids: Sequence[str | None],
    ) -> None:
        """``ids`` holds the service_request_id of each report, by its index."""
        self.town = town
        self.words = words
        self.services = services
        self.departments = departments
        self.department_names = department_names
        self.zone = zone
        self.now = now
        self.ids = ids
        self._day = now.astimezone(zone).date().isoformat()
        self._recent: dict[str, list[tuple[int, Report]]] = {}

    def reports(self, arrivals: list[Arrival]) -> Iterator[Report]:
        for index, arrival in enumerate(arrivals):
            report = self._report(index, arrival, Random(f"{self._day} {index}"))  # noqa: S311 a story, not a secret
            if report.parent is None and report.placed:
                self._recent[arrival.service_code] = [*self._recent.get(arrival.service_code, ())[-11:], (index, report)]
            yield report

    def _report(self, index: int, arrival: Arrival, random: Random) -> Report:
        service, topic = self.services[arrival.service_code], self.words.topics[arrival.service_code]
        channel = "sensor" if service.code in ("overflowing-bin", "street-flooding") and random.random() < 0.2 else _channel(random)
        parent = self._parent(service, arrival.at, random)
        address = parent[1].address if parent else self._address(service, random)
        title, description = self._text(service.code, address, random)
        photos = random.choices((0, 1, 2, 3, 4), (70, 18, 7, 3, 2))[0] if channel in ("app", "web", "api", "chat") else 0
        life = Life(
            random=random,
            words=self.words,
            topic=topic,
            department=self.departments[service.department_key or 0],
            department_names=self.department_names,
            channel=channel,
            born=arrival.at,
            zone=self.zone,
            parent=self.ids[parent[0]] if parent else None,
        )
        return Report(
            service_request_id=self.ids[index],
            born=arrival.at,
            service=service,
            channel=channel,
            address=address,
            placed=parent is not None or channel in ("app", "sensor") or random.random() < 0.88,
            address_id=f"brindleford-{random.randint(10_000, 99_999)}" if random.random() < 0.15 else None,
            title=title,
            description=description,
            photos=photos if service.type != "blackbox" else 0,
            answers=answer_questions(service.attributes, random, at=arrival.at, zone=self.zone),
            visibility="private" if random.random() < 0.01 else service.visibility,
            moderation=self._moderation(arrival.at, channel, random),
            expected_datetime=expected(arrival.at, topic.promise, self.zone),
            object_id=f"BF-{random.randint(1000, 2999)}" if service.code == "0042" and random.random() < 0.4 else None,
            parent=parent[0] if parent else None,
            steps=life.steps(self.now),
        )

    def _parent(self, service: Service, at: datetime, random: Random) -> tuple[int, Report] | None:
        """Something reported lately that somebody else reports again."""
        if service.type != "realtime" or random.random() > 0.045:
            return None
        lately = [(index, report) for index, report in self._recent.get(service.code, ()) if at - report.born < timedelta(days=9)]
        return random.choice(lately) if lately else None

    def _address(self, service: Service, random: Random) -> Address:
        if service.code in _IN_PARKS:
            title, _, middle_x, middle_y, radius = random.choice(list(PARKS.values()))
            x, y = middle_x + random.uniform(-0.6, 0.6) * radius, middle_y + random.uniform(-0.6, 0.6) * radius
            near = self.town.address(random, near=(x, y), spread=radius)
            long, lat = to_degrees(x, y)
            return Address(f"{title}, Brindleford", near.street, near.cross, near.zipcode, near.district, long, lat)
        while allowed := _LIMITED.get(service.code, ()):
            middle = DISTRICTS[random.choice(allowed)][1:]
            address = self.town.address(random, near=middle, spread=420)
            if address.district in allowed:
                return address
        x, y, spread, _ = random.choices(_HOT_SPOTS, [spot[3] for spot in _HOT_SPOTS])[0]
        return self.town.address(random, near=(x, y), spread=spread)

    def _text(self, code: str, address: Address, random: Random) -> tuple[str | None, str]:
        topic = self.words.topics[code]
        known = {"street": address.street, "cross": address.cross}
        title = self.words.fill(random, random.choice(topic.titles), **known) if random.random() < 0.75 else None
        ending = random.choice(self.words.endings)
        text = f"{random.choice(topic.texts)} {ending}".strip()
        return title, self.words.fill(random, text, **known)

    def _moderation(self, at: datetime, channel: str, random: Random) -> str:
        chance = random.random()
        if channel in ("app", "web", "api") and at > self.now - timedelta(days=14) and chance < 0.04:
            return "pending"
        return "rejected" if chance > 0.998 else "approved"


def _channel(random: Random) -> str:
    return random.choices(list(_CHANNELS), list(_CHANNELS.values()))[0]
