"""A request's history in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.events import types as event_types
from open311_api.service_requests.staff_queries import StoryRow

_BY = {
    "phone": "by phone",
    "walk-in": "at the counter",
    "mail": "by letter",
    "e-mail": "by e-mail",
    "chat": "by chat",
    "app": "by an app",
    "web": "on the web",
    "sensor": "by a sensor",
    "social-media": "on social media",
    "staff": "by staff",
}
_WORDS = {"address_id": "address id", "expected_datetime": "expected date", "status_notes": "status notes", "zipcode": "postcode"}


def summary(row: StoryRow, city: CitySnapshot) -> str:
    """Who did what, as one sentence with a full stop."""
    data = row.data
    if row.type == event_types.CREATED:
        channel = str(data.get("channel", ""))
        how = _BY.get(channel, "through the API" if channel in ("", "api") else "in another way")
        department = _department(_step(data, "department")[1], city)
        return f"Reported {how}{f' and sent to {department}' if department else ''}; entered by {row.author or 'the system'}."
    if row.type == event_types.IMPORTED:
        return "Taken over from the records kept before."
    return f"{row.author or 'The system'} {_listed(list(_deeds(row, city)) or ['changed something'])}."


def _deeds(row: StoryRow, city: CitySnapshot) -> Iterator[str]:
    data = row.data
    before, after = _step(data, "detailed_status")
    if after:
        word = _status(after, city)
        if row.type == event_types.CLOSED:
            yield f"closed it as “{word}”"
        elif row.type == event_types.REOPENED:
            yield f"reopened it as “{word}”"
        else:
            yield f"moved it from “{_status(before, city)}” to “{word}”"
    source, target = _step(data, "department")
    if target:
        yield f"passed it from {_department(source, city)} to {_department(target, city)}"
    changed = data.get("changed")
    if isinstance(changed, list) and changed:
        yield f"changed the {_listed([_WORDS.get(str(name), str(name)) for name in changed])}"
    notes = data.get("notes")
    if isinstance(notes, list) and notes:
        yield f"left {_listed([f'a {kind} note' for kind in notes])}"


def _step(data: dict[str, Any], name: str) -> tuple[str | None, str | None]:
    """From and to, where the event tells of such a step."""
    step = data.get(name)
    return (step.get("from"), step.get("to")) if isinstance(step, dict) else (None, None)


def _status(code: str | None, city: CitySnapshot) -> str:
    found = city.statuses.get(code or "")
    return found.name if found else code or "nothing"


def _department(code: str | None, city: CitySnapshot) -> str | None:
    return next((item.name for item in city.departments.values() if item.code == code), code)


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
