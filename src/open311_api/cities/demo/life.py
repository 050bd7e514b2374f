"""The life of one report of the demo city: what happens to it and when, up to now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from open311_api.cities.demo.words import Topic, Words
from open311_api.events import types as events

_OUTCOMES = {"fixed": 86, "no_action": 6, "not_ours": 4, "cancelled": 2}
_OUTCOME_NOTES = {"no_action": "refused", "not_ours": "foreign", "cancelled": "withdrawn"}


@dataclass(frozen=True, slots=True)
class Step:
    """One event, with the words that went with it."""

    at: datetime
    type: str
    status: str
    detailed_status: str
    department: str
    data: dict[str, Any]
    note: str | None = None
    private_note: str | None = None


@dataclass(slots=True)
class Life:
    """Walks from step to step; what would lie in the future is not told."""

    random: Random
    words: Words
    topic: Topic
    department: str
    department_names: dict[str, str]
    channel: str
    born: datetime
    zone: ZoneInfo
    parent: str | None = None
    """The service_request_id this one repeats."""
    status: str = "open"
    detailed_status: str = "received"
    clock: datetime = field(init=False)

    def steps(self, now: datetime) -> list[Step]:
        self.clock = self.born
        return [step for step in self._walk() if step.at <= now]

    def _walk(self) -> Iterator[Step]:
        delay = timedelta(days=self.random.lognormvariate(0, 0.85) * self.topic.days)
        home = self.department
        lost = self.random.random() < 0.06
        if lost:
            self.department = self.random.choice([code for code in self.department_names if code != home])
        created = {"status": {"to": "open"}, "department": {"to": self.department}, "channel": self.channel}
        yield self._step(events.CREATED, self.born, created)
        if lost:
            yield self._moved(home)
        if self.parent:
            yield self._merged()
            return
        yield from self._worked(delay)
        if self.random.random() < 0.03:
            return  # forgotten
        yield self._closed(self.born + delay)
        if self.random.random() < 0.035:
            yield self._changed(events.REOPENED, timedelta(days=self.random.uniform(1, 12)), "open", "received", "reopened")
            yield self._closed(self.clock + delay)

    def _worked(self, delay: timedelta) -> Iterator[Step]:
        if self.topic.days > 20 and self.random.random() < 0.4:
            yield self._changed(events.STATUS_CHANGED, delay * 0.1, "open", "planned", "started")
        if self.random.random() < 0.65:
            yield self._changed(events.STATUS_CHANGED, delay * self.random.uniform(0.05, 0.4), "open", "in_process", "started")
        if self.random.random() < 0.05:
            yield self._changed(events.STATUS_CHANGED, delay * 0.2, "open", "on_hold", "waiting")
        if self.random.random() < 0.07:
            yield self._step(events.NOTE_ADDED, self.clock + delay * 0.15, {}, note=self._words("more"))

    def _moved(self, home: str) -> Step:
        before, self.department = self.department, home
        note = self.words.fill(self.random, self._words("moved"), department=self.department_names[home])
        at = self.born + timedelta(hours=self.random.uniform(0.3, 20))
        return self._step(events.REROUTED, at, {"department": {"from": before, "to": home}}, note=note)

    def _merged(self) -> Step:
        before = self.detailed_status
        self.status, self.detailed_status = "closed", "duplicate"
        note = self.words.fill(self.random, self._words("duplicate"), parent=self.parent or "")
        data = _moves("open", "closed", before, "duplicate") | {"parent_service_request_id": {"to": self.parent}}
        return self._step(events.MERGED, self.born + timedelta(hours=self.random.uniform(0.5, 40)), data, note=note)

    def _closed(self, at: datetime) -> Step:
        outcome = self.random.choices(list(_OUTCOMES), list(_OUTCOMES.values()))[0]
        before, self.status, self.detailed_status = self.detailed_status, "closed", outcome
        if outcome == "fixed":
            note = self.random.choice(self.topic.done)
        elif outcome == "not_ours" and self.topic.foreign:
            note = self.random.choice(self.topic.foreign)
        else:
            note = self._words(_OUTCOME_NOTES[outcome])
        said = note if self.random.random() < 0.9 else None
        return self._step(events.CLOSED, at, _moves("open", "closed", before, outcome), note=said)

    def _changed(self, kind: str, after: timedelta, status: str, detailed: str, words: str) -> Step:
        data = _moves(self.status, status, self.detailed_status, detailed)
        self.status, self.detailed_status = status, detailed
        note = self._words(words) if self.random.random() < 0.7 else None
        private = self._words("private") if self.random.random() < 0.04 else None
        return self._step(kind, self.clock + after, data, note=note, private=private)

    def _step(self, kind: str, at: datetime, data: dict[str, Any], *, note: str | None = None, private: str | None = None) -> Step:
        if kind != events.CREATED:
            at = max(self._in_office_hours(at), self.clock + timedelta(minutes=self.random.randint(9, 170)))
        self.clock = at.replace(microsecond=0)
        return Step(self.clock, kind, self.status, self.detailed_status, self.department, data, note, private)

    def _in_office_hours(self, at: datetime) -> datetime:
        """Crews work by day; what is urgent is done on weekends too."""
        local = at.astimezone(self.zone)
        if not 7 <= local.hour < 18:
            morning = local.date() + timedelta(days=local.hour >= 18)
            local = datetime.combine(morning, time(7, self.random.randrange(60), self.random.randrange(60)), self.zone)
        if self.topic.days > 1 and local.weekday() > 4:
            local += timedelta(days=7 - local.weekday())
        return local.astimezone(at.tzinfo)

    def _words(self, name: str) -> str:
        return self.random.choice(self.words.notes[name])


def _moves(status: str, new_status: str, detailed: str, new_detailed: str) -> dict[str, Any]:
    """The changes of an event: only what becomes different."""
    changes: dict[str, Any] = {}
    if status != new_status:
        changes["status"] = {"from": status, "to": new_status}
    if detailed != new_detailed:
        changes["detailed_status"] = {"from": detailed, "to": new_detailed}
    return changes


def expected(born: datetime, promise: int | None, zone: ZoneInfo) -> datetime | None:
    """The end of the last working day promised."""
    if promise is None:
        return None
    day = born.astimezone(zone).date()
    while promise:
        day += timedelta(days=1)
        promise -= day.weekday() < 5
    return datetime.combine(day, time(17), zone).astimezone(born.tzinfo)
