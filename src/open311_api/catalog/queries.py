"""Every SELECT over the catalogue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import shapely
from sqlalchemy import Integer, Text, any_, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from open311_api.catalog import models
from open311_api.catalog.types import Attribute, Department, DetailedStatus, Jurisdiction, JurisdictionSettings, Service
from open311_api.db.columns import parameter
from open311_api.db.database import Session
from open311_api.db.statements import Statement
from open311_api.errors import JurisdictionNotFound

CATALOG_VERSIONS = Statement(
    select(models.Jurisdiction.jurisdiction_key, models.Jurisdiction.jurisdiction_id, models.Jurisdiction.catalog_version)
)

_KEY = parameter("jurisdiction_key", Integer)
_JURISDICTION = Statement(
    select(*(column for column in models.Jurisdiction.__table__.c if column.name != "boundary"))
    .add_columns(func.ST_AsBinary(models.Jurisdiction.boundary).label("boundary"))
    .where(models.Jurisdiction.jurisdiction_key == _KEY)
)
_DEPARTMENTS = Statement(
    select(models.Department).where(models.Department.jurisdiction_key == _KEY).order_by(models.Department.department_key)
)
_STATUSES = Statement(
    select(models.DetailedStatus).where(models.DetailedStatus.jurisdiction_key == _KEY).order_by(models.DetailedStatus.position)
)
_SERVICES = Statement(
    select(models.Service, models.ServiceDefinition.attributes)
    .outerjoin(
        models.ServiceDefinition,
        (models.ServiceDefinition.jurisdiction_key == models.Service.jurisdiction_key)
        & (models.ServiceDefinition.service_key == models.Service.service_key)
        & (models.ServiceDefinition.version == models.Service.definition_version),
    )
    .where(models.Service.jurisdiction_key == _KEY)
    .order_by(models.Service.position, models.Service.name, models.Service.code)
)
_SERVICE_AREAS = Statement(
    select(models.ServiceArea.service_key, func.ST_AsBinary(models.Area.geometry).label("geometry"))
    .join(
        models.AreaSet,
        (models.AreaSet.jurisdiction_key == models.ServiceArea.jurisdiction_key)
        & (models.AreaSet.area_set_key == models.ServiceArea.area_set_key),
    )
    .outerjoin(
        models.Area,
        (models.Area.jurisdiction_key == models.ServiceArea.jurisdiction_key)
        & (models.Area.area_set_key == models.ServiceArea.area_set_key)
        & (models.Area.version == models.AreaSet.version)
        & (models.Area.code == models.ServiceArea.area_code),
    )
    .where(models.ServiceArea.jurisdiction_key == _KEY)
)


@dataclass(frozen=True, slots=True)
class CatalogContent:
    """One jurisdiction's catalogue as read in one go."""

    jurisdiction: Jurisdiction
    boundary: shapely.Geometry | None
    departments: tuple[Department, ...]
    statuses: tuple[DetailedStatus, ...]
    services: tuple[Service, ...]
    """Retired ones included, in the order in which they are listed."""
    service_areas: dict[int, tuple[shapely.Geometry, ...]]
    """By service_key, for services that are not offered everywhere."""


async def load_catalog(session: Session, jurisdiction_key: int) -> CatalogContent:
    """Everything about one jurisdiction. Raises JurisdictionNotFound."""
    values = {"jurisdiction_key": jurisdiction_key}
    row = await session.row(_JURISDICTION, values)
    if row is None:
        raise JurisdictionNotFound(f"jurisdiction {jurisdiction_key} was not found")
    areas: defaultdict[int, list[shapely.Geometry]] = defaultdict(list)
    for area in await session.fetch(_SERVICE_AREAS, values):
        # An area that vanished with a new version of its set still limits the service: to nowhere.
        areas[area["service_key"]].append(shapely.from_wkb(area["geometry"]) if area["geometry"] else shapely.MultiPolygon())
    departments = tuple(
        Department(
            department_key=found["department_key"],
            code=found["code"],
            name=found["name"],
            triage=found["triage"],
            public=found["public"],
            active=found["active"],
        )
        for found in await session.fetch(_DEPARTMENTS, values)
    )
    statuses = tuple(
        DetailedStatus(
            code=found["code"],
            name=found["name"],
            status=found["status"],
            citysdk_word=found["citysdk_word"],
            update_word=found["update_word"],
            allowed_next=None if found["allowed_next"] is None else tuple(found["allowed_next"]),
            is_default=found["is_default"],
        )
        for found in await session.fetch(_STATUSES, values)
    )
    services = tuple(
        Service(
            service_key=found["service_key"],
            code=found["code"],
            name=found["name"],
            description=found["description"],
            type=found["type"],
            keywords=tuple(found["keywords"]),
            groups=tuple(found["groups"]),
            active=found["active"],
            notice=found["notice"],
            description_required=found["description_required"],
            visibility=found["visibility"],
            department_key=found["department_key"],
            definition_version=found["definition_version"],
            attributes=tuple(
                sorted((Attribute.from_json(item) for item in found["attributes"] or ()), key=lambda attribute: attribute.order)
            ),
            translations=found["translations"],
            area_limited=found["service_key"] in areas,
        )
        for found in await session.fetch(_SERVICES, values)
    )
    return CatalogContent(
        jurisdiction=Jurisdiction(
            jurisdiction_key=row["jurisdiction_key"],
            jurisdiction_id=row["jurisdiction_id"],
            name=row["name"],
            time_zone=ZoneInfo(row["time_zone"]),
            locale=row["locale"],
            request_id_format=row["request_id_format"],
            settings=JurisdictionSettings.model_validate(row["settings"]),
            catalog_version=row["catalog_version"],
            catalog_changed_at=row["catalog_changed_at"],
        ),
        boundary=shapely.from_wkb(row["boundary"]) if row["boundary"] else None,
        departments=departments,
        statuses=statuses,
        services=services,
        service_areas={key: tuple(found) for key, found in areas.items()},
    )


async def jurisdiction_keys(session: Session, jurisdiction_ids: Iterable[str]) -> list[int]:
    """Keys of the named jurisdictions. Raises JurisdictionNotFound for the first unknown one."""
    wanted = [text.strip().lower().removeprefix("www.") for text in jurisdiction_ids]
    rows = await session.fetch(
        select(models.Jurisdiction.jurisdiction_id, models.Jurisdiction.jurisdiction_key).where(
            models.Jurisdiction.jurisdiction_id == any_(parameter("ids", ARRAY(Text)))
        ),
        {"ids": wanted},
    )
    found = {row["jurisdiction_id"]: row["jurisdiction_key"] for row in rows}
    for text in wanted:
        if text not in found:
            raise JurisdictionNotFound(f"jurisdiction_id {text} was not found; load its city file first: open311 city load FILE")
    return [found[text] for text in wanted]


async def jurisdiction_ids(session: Session) -> dict[int, str]:
    """Ids by key, of all jurisdictions."""
    return {row["jurisdiction_key"]: row["jurisdiction_id"] for row in await session.fetch(CATALOG_VERSIONS)}
