"""The catalogue in the memory of one process, one whole version at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import shapely

from open311_api.catalog.queries import CATALOG_VERSIONS, CatalogContent, load_catalog
from open311_api.catalog.types import Department, DetailedStatus, Jurisdiction, Service
from open311_api.db.database import Database
from open311_api.errors import JurisdictionMissing, JurisdictionNotFound


@dataclass(frozen=True, slots=True)
class CitySnapshot:
    """One jurisdiction, ready for look-ups."""

    content: CatalogContent
    by_code: dict[str, Service]
    by_key: dict[int, Service]
    listed: tuple[Service, ...]
    departments: dict[int, Department]
    statuses: dict[str, DetailedStatus]
    triage: Department
    rendered: dict[object, object] = field(default_factory=dict)
    """Documents made from this version; they go when it goes."""

    @property
    def jurisdiction(self) -> Jurisdiction:
        return self.content.jurisdiction

    @property
    def key(self) -> int:
        return self.content.jurisdiction.jurisdiction_key

    def default_status(self, status: str) -> DetailedStatus:
        return next(item for item in self.content.statuses if item.status == status and item.is_default)

    def covers(self, *, lat: float, long: float) -> bool:
        """Inside the boundary or on it; everywhere when the city has none."""
        boundary = self.content.boundary
        return boundary is None or bool(shapely.intersects_xy(boundary, long, lat))

    def offered_at(self, service: Service, *, lat: float, long: float) -> bool:
        """Whether the service is offered at this place."""
        areas = self.content.service_areas.get(service.service_key)
        return areas is None or any(shapely.intersects_xy(area, long, lat) for area in areas)


def build_snapshot(content: CatalogContent) -> CitySnapshot:
    shapes = [content.boundary, *(area for areas in content.service_areas.values() for area in areas)]
    for shape in shapes:
        if shape is not None:
            shapely.prepare(shape)
    return CitySnapshot(
        content=content,
        by_code={service.code: service for service in content.services},
        by_key={service.service_key: service for service in content.services},
        listed=tuple(service for service in content.services if service.active),
        departments={department.department_key: department for department in content.departments},
        statuses={status.code: status for status in content.statuses},
        triage=next(department for department in content.departments if department.triage),
    )


class Catalog:
    """All jurisdictions of the server as this process last saw them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._cities: dict[int, CitySnapshot] = {}
        self._by_id: dict[str, CitySnapshot] = {}
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """Compare versions and load what changed; a city is replaced whole or not at all."""
        async with self._lock, self._db.snapshot() as session:
            wanted = {row["jurisdiction_key"]: row["catalog_version"] for row in await session.fetch(CATALOG_VERSIONS)}
            cities = {}
            for key, version in wanted.items():
                known = self._cities.get(key)
                if known is None or known.jurisdiction.catalog_version != version:
                    known = build_snapshot(await load_catalog(session, key))
                cities[key] = known
            self._cities = cities
            self._by_id = {city.jurisdiction.jurisdiction_id: city for city in cities.values()}

    @property
    def cities(self) -> tuple[CitySnapshot, ...]:
        return tuple(self._cities.values())

    def find(self, jurisdiction_key: int) -> CitySnapshot | None:
        return self._cities.get(jurisdiction_key)

    def get(self, jurisdiction_id: str | None) -> CitySnapshot:
        """By id as clients write it (contract 1.5): any case, with or without ``www.``, none where there is only one."""
        if not jurisdiction_id:
            if len(self._cities) == 1:
                return next(iter(self._cities.values()))
            if not self._cities:
                raise JurisdictionNotFound("no jurisdiction is set up on this server yet")
            raise JurisdictionMissing("jurisdiction_id was not provided; this server serves several jurisdictions")
        city = self._by_id.get(jurisdiction_id) or self._by_id.get(jurisdiction_id.strip().lower().removeprefix("www."))
        if city is None:
            raise JurisdictionNotFound(f"jurisdiction_id {jurisdiction_id[:80]} was not found")
        return city
