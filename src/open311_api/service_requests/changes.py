"""What staff may change of a request, and what a change amounts to: plain values and pure rules."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.catalog.types import DetailedStatus
from open311_api.errors import Conflict, Invalid
from open311_api.events import types as event_types


class Keep(Enum):
    """Stands for: leave it as it is (None means: empty it)."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """One verb on one request; everything is optional."""

    status: str | Keep = KEEP
    detailed_status: str | Keep = KEEP
    status_notes: str | Keep | None = KEEP
    department: str | Keep = KEEP
    title: str | Keep | None = KEEP
    description: str | Keep | None = KEEP
    address: str | Keep | None = KEEP
    address_id: str | Keep | None = KEEP
    zipcode: str | Keep | None = KEEP
    visibility: str | Keep = KEEP
    moderation: str | Keep = KEEP
    priority: int | Keep = KEEP
    expected_datetime: datetime | Keep | None = KEEP
    public_note: str | None = None
    private_note: str | None = None

    def given(self) -> dict[str, Any]:
        """Only what the caller named."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in found.items() if value is not KEEP}


@dataclass(frozen=True, slots=True)
class CurrentState:
    """The columns a change is decided on, read under the row's lock."""

    request_key: int
    service_request_id: str | None
    version: int
    service_key: int
    department_key: int
    status: str
    detailed_status: str
    closed_datetime: datetime | None
    values: dict[str, Any]
    """The other changeable columns by name."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What is to be written: columns, the event's type and its facts."""

    columns: dict[str, Any]
    event_type: str
    data: dict[str, Any]
    public: bool
    """Whether the public can see a difference, which moves updated_datetime."""


_TEXTS = ("title", "description", "address", "address_id", "zipcode", "status_notes")
_PLAIN = ("visibility", "moderation", "priority", "expected_datetime")
_HIDDEN = ("priority",)


def effect_of(changes: Changes, current: CurrentState, city: CitySnapshot, *, now: datetime) -> Effect | None:
    """None when nothing would be different: then there is no event. Raises Invalid or Conflict."""
    given = changes.given()
    columns: dict[str, Any] = {}
    data: dict[str, Any] = {}
    kind: str | None = None
    target = _target_status(given, current, city)
    if target is not None and target.code != current.detailed_status:
        _check_transition(target, current, city, now)
        columns |= {"status": target.status, "detailed_status": target.code}
        data["detailed_status"] = {"from": current.detailed_status, "to": target.code}
        kind = event_types.STATUS_CHANGED
        if target.status != current.status:
            data["status"] = {"from": current.status, "to": target.status}
            kind = event_types.CLOSED if target.status == "closed" else event_types.REOPENED
            columns["closed_datetime"] = now.replace(microsecond=0) if target.status == "closed" else None
    if "department" in given:
        department = next((item for item in city.departments.values() if item.code == given["department"]), None)
        if department is None or not department.active:
            raise Invalid.of("department", f"department {given['department']} does not exist; see the list of departments")
        if department.department_key != current.department_key:
            columns |= {"department_key": department.department_key, "pending_strategies": []}
            data["department"] = {"from": city.departments[current.department_key].code, "to": department.code}
            kind = kind or event_types.REROUTED
    changed = [name for name in (*_TEXTS, *_PLAIN) if name in given and given[name] != current.values[name]]
    columns |= {name: given[name] for name in changed}
    if changed:
        # Names only: words of residents and staff are not facts to keep for ever.
        data["changed"] = changed
        kind = kind or event_types.UPDATED
    noted = [name for name in ("public_note", "private_note") if given.get(name)]
    if noted:
        if "public_note" in noted and "status_notes" not in given:
            columns["status_notes"] = given["public_note"]  # the latest public note is what status_notes shows (C-194)
        data["notes"] = [name.removesuffix("_note") for name in noted]
        kind = kind or event_types.NOTE_ADDED
    if kind is None:
        return None
    public = bool(set(columns) - set(_HIDDEN)) or "public_note" in noted
    return Effect(columns=columns, event_type=kind, data=data, public=public)


def _target_status(given: dict[str, Any], current: CurrentState, city: CitySnapshot) -> DetailedStatus | None:
    """``status`` picks the default of its side, ``detailed_status`` exactly; staying on a side changes nothing."""
    exact, side = given.get("detailed_status"), given.get("status")
    if exact is not None:
        found = city.statuses.get(exact)
        if found is None:
            raise Invalid.of("detailed_status", f"detailed_status must be one of {', '.join(city.statuses)}, not {str(exact)[:40]}")
        if side is not None and side != found.status:
            raise Invalid.of("detailed_status", f"detailed_status {exact} means {found.status}, which contradicts status {side}")
        return found
    if side is None:
        return None
    if side not in ("open", "closed"):
        raise Invalid.of("status", f"status must be open or closed, not {str(side)[:40]}")
    return None if side == current.status else city.default_status(side)


def _check_transition(target: DetailedStatus, current: CurrentState, city: CitySnapshot, now: datetime) -> None:
    before = city.statuses.get(current.detailed_status)
    if before is not None and before.allowed_next is not None and target.code not in before.allowed_next:
        allowed = ", ".join(before.allowed_next) or "nothing"
        raise Conflict(f"{before.code} may be followed by {allowed}, not by {target.code}")
    days = city.jurisdiction.settings.reopen_days
    if days is not None and target.status == "open" and current.status == "closed" and current.closed_datetime is not None:
        limit = current.closed_datetime + timedelta(days=days)
        if now > limit:
            raise Conflict(f"this request was closed more than {days} days ago and cannot be reopened; file a new one")
