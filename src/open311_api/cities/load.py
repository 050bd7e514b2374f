"""Bring a jurisdiction to what its city file says: one transaction, nothing when nothing differs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from open311_api.catalog import save
from open311_api.catalog.create import create_jurisdiction
from open311_api.cities.city import City, CityArea, CityService
from open311_api.cities.compare import Comparison, compare
from open311_api.cities.queries import find_city, used_statuses
from open311_api.db.database import Database, Session
from open311_api.errors import Invalid
from open311_api.events import record
from open311_api.events.types import SERVICE_CREATED, SERVICE_DELETED, SERVICE_UPDATED


@dataclass(frozen=True, slots=True)
class Loaded:
    comparison: Comparison
    jurisdiction_key: int | None
    catalog_version: int | None
    """None when nothing was changed."""


async def compare_city(db: Database, city: City) -> Comparison:
    """What a load would change now."""
    async with db.snapshot() as session:
        return compare(await find_city(session, city.jurisdiction_id), city)


async def load_city(db: Database, city: City) -> Loaded:
    """Safe to repeat; a load that runs at the same time waits and then finds what this one left."""
    async with db.begin() as session:
        return await apply_city(session, city)


async def apply_city(session: Session, city: City) -> Loaded:
    """The same inside a transaction that goes on to something else (the demo)."""
    comparison = compare(await find_city(session, city.jurisdiction_id, lock=True), city)
    stored = comparison.stored
    if not comparison.changes:
        return Loaded(comparison, stored.jurisdiction_key if stored else None, None)
    if stored is None:
        key = await create_jurisdiction(session, jurisdiction_id=city.jurisdiction_id, name=city.jurisdiction.name)
    else:
        key = stored.jurisdiction_key
    await _Applying(session, key, comparison).everything()
    return Loaded(comparison, key, await save.mark_changed(session, key))


class _Applying:
    """The steps in the order in which one needs the other."""

    def __init__(self, session: Session, key: int, comparison: Comparison) -> None:
        self.session = session
        self.key = key
        self.comparison = comparison
        self.wanted = comparison.wanted

    async def everything(self) -> None:
        if self.comparison.codes("jurisdiction"):
            await self._jurisdiction()
        await self._departments()
        if self.comparison.codes("status"):
            await self._statuses()
        await self._area_sets()
        await self._services()

    async def _jurisdiction(self) -> None:
        values = asdict(self.wanted.jurisdiction)
        values["settings"] = self.wanted.jurisdiction.settings.model_dump(mode="json")
        boundary = values.pop("boundary")
        await save.save_jurisdiction(self.session, self.key, values, boundary)

    async def _departments(self) -> None:
        codes = self.comparison.codes("department", "add", "change", "restore")
        chosen = [department for department in self.wanted.departments if department.code in codes]
        if any(department.triage for department in chosen):
            await save.give_up_triage(self.session, self.key)
        if gone := self.comparison.codes("department", "retire"):
            await save.retire_departments(self.session, self.key, gone)
        for department in sorted(chosen, key=lambda department: department.triage):
            values = asdict(department)
            await save.save_department(self.session, self.key, values.pop("code"), values)

    async def _statuses(self) -> None:
        gone = self.comparison.codes("status", "remove")
        used = await used_statuses(self.session, self.key, sorted(gone)) if gone else {}
        if used:
            told = ", ".join(f"{code} ({count:,} requests)" for code, count in used.items())
            raise Invalid.of("statuses", f"These detailed statuses are in use and must stay in the city file: {told}.")
        await save.save_statuses(self.session, self.key, self.wanted.statuses or ())

    async def _area_sets(self) -> None:
        for code in sorted(self.comparison.codes("area set", "remove")):
            await save.save_area_set(self.session, self.key, code, self._old_set_name(code), [])
        codes = self.comparison.codes("area set", "add", "change")
        for area_set in self.wanted.area_sets:
            if area_set.code in codes:
                await save.save_area_set(
                    self.session, self.key, area_set.code, area_set.name, [_area_values(area) for area in area_set.areas]
                )

    def _old_set_name(self, code: str) -> str:
        stored = self.comparison.stored
        assert stored is not None
        return next(area_set.name for area_set in stored.city.area_sets if area_set.code == code)

    async def _services(self) -> None:
        if gone := self.comparison.codes("service", "retire"):
            keys = await save.retire_services(self.session, self.key, gone)
            for code, service_key in keys.items():
                await self._tell(SERVICE_DELETED, service_key, code)
        changes = {change.code: change for change in self.comparison.changes if change.kind == "service"}
        for service in self.wanted.services:
            if (change := changes.get(service.code)) is None:
                continue
            service_key = await self._service(service, {field.name for field in change.fields}, whole=change.action != "change")
            kind = SERVICE_UPDATED if change.action == "change" else SERVICE_CREATED
            await self._tell(kind, service_key, service.code, fields=sorted(field.name for field in change.fields))
        if changes:
            await save.place_services(self.session, self.key, [service.code for service in self.wanted.services])

    async def _service(self, service: CityService, changed: set[str], *, whole: bool) -> int:
        values = _service_values(service)
        service_key = await save.save_service(self.session, self.key, service.code, values)
        if whole or "attributes" in changed:
            await save.save_definition(self.session, self.key, service_key, service.attributes)
        if whole or "areas" in changed:
            await save.save_service_areas(self.session, self.key, service_key, service.areas)
        return service_key

    async def _tell(self, kind: str, service_key: int, code: str, **more: Any) -> None:
        data = {"service_code": code, **more}
        await record.record(self.session, jurisdiction_key=self.key, type=kind, data=data, service_key=service_key)


def _service_values(service: CityService) -> dict[str, Any]:
    return {
        "name": service.name,
        "description": service.description,
        "type": service.type,
        "keywords": list(service.keywords),
        "groups": list(service.groups),
        "department": service.department,
        "notice": service.notice,
        "description_required": service.description_required,
        "visibility": service.visibility,
        "settings": {} if service.ids_assigned_by == "worker" else {"ids_assigned_by": service.ids_assigned_by},
        "translations": service.translations,
    }


def _area_values(area: CityArea) -> dict[str, Any]:
    return {"code": area.code, "name": area.name, "priority": area.priority, "wkb": area.geometry, "properties": area.properties}
