"""A city as plain values: what a city file says, and what the database holds, in one shape that can be compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from open311_api.catalog.types import Attribute, DetailedStatus, JurisdictionSettings


@dataclass(frozen=True, slots=True)
class CityDepartment:
    code: str
    name: str
    public: bool = True
    triage: bool = False
    contact: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CityArea:
    code: str
    name: str
    geometry: bytes
    """A MultiPolygon as WKB, little-endian."""
    priority: int = 0
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CityAreaSet:
    code: str
    name: str
    areas: tuple[CityArea, ...]
    """In the order of their codes."""


@dataclass(frozen=True, slots=True)
class CityService:
    code: str
    name: str
    description: str = ""
    type: str = "realtime"
    keywords: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    department: str | None = None
    notice: str | None = None
    description_required: bool = False
    ids_assigned_by: str = "worker"
    visibility: str = "public"
    areas: tuple[str, ...] = ()
    """set/area, sorted."""
    attributes: tuple[Attribute, ...] = ()
    translations: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CityJurisdiction:
    name: str
    time_zone: str = "UTC"
    locale: str = "en"
    request_id_format: str = "SR-{year}-{number:06}"
    settings: JurisdictionSettings = field(default_factory=JurisdictionSettings)
    boundary: bytes | None = None


@dataclass(frozen=True, slots=True)
class City:
    jurisdiction_id: str
    jurisdiction: CityJurisdiction
    departments: tuple[CityDepartment, ...] = ()
    statuses: tuple[DetailedStatus, ...] | None = None
    """None: as they are; a new jurisdiction is born with the default set."""
    area_sets: tuple[CityAreaSet, ...] = ()
    services: tuple[CityService, ...] = ()
    """Active ones, in the order in which they are listed."""
