"""What the database holds of a city, in the shape of a city file."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Text, and_, exists, func, literal, literal_column, select

from open311_api.catalog.models import (
    Area,
    AreaSet,
    Department,
    Jurisdiction,
    Service,
    ServiceArea,
    ServiceDefinition,
)
from open311_api.catalog.models import (
    DetailedStatus as StatusRow,
)
from open311_api.catalog.types import Attribute, DetailedStatus, JurisdictionSettings
from open311_api.cities.city import City, CityArea, CityAreaSet, CityDepartment, CityJurisdiction, CityService
from open311_api.db.database import Session
from open311_api.service_requests.models import ServiceRequest

_LOAD_LOCK = 0x0311_0002
"""Advisory lock of a load, together with a hash of the jurisdiction: it holds before the jurisdiction exists."""


@dataclass(frozen=True, slots=True)
class StoredCity:
    """A jurisdiction as it stands, and the codes of services and departments that were retired from it."""

    jurisdiction_key: int
    catalog_version: int
    city: City
    retired_services: frozenset[str]
    retired_departments: frozenset[str]


async def find_jurisdiction_key(session: Session, jurisdiction_id: str) -> int | None:
    key: int | None = await session.value(
        select(Jurisdiction.jurisdiction_key).where(Jurisdiction.jurisdiction_id == jurisdiction_id)
    )
    return key


async def find_city(session: Session, jurisdiction_id: str, *, lock: bool = False) -> StoredCity | None:
    """``lock`` keeps other loads of the same city waiting until this transaction ends, and lets reports come in meanwhile."""
    if lock:
        await session.execute(select(func.pg_advisory_xact_lock(_LOAD_LOCK, func.hashtext(jurisdiction_id))))
    chosen = select(
        Jurisdiction.jurisdiction_key,
        Jurisdiction.name,
        Jurisdiction.time_zone,
        Jurisdiction.locale,
        Jurisdiction.request_id_format,
        Jurisdiction.settings,
        Jurisdiction.catalog_version,
        func.ST_AsBinary(Jurisdiction.boundary, "NDR").label("boundary"),
    ).where(Jurisdiction.jurisdiction_id == jurisdiction_id)
    row = await session.row(chosen)
    if row is None:
        return None
    key: int = row["jurisdiction_key"]
    departments, retired_departments = await _departments(session, key)
    services, retired_services = await _services(session, key)
    city = City(
        jurisdiction_id=jurisdiction_id,
        jurisdiction=CityJurisdiction(
            name=row["name"],
            time_zone=row["time_zone"],
            locale=row["locale"],
            request_id_format=row["request_id_format"],
            settings=JurisdictionSettings.model_validate(row["settings"]),
            boundary=row["boundary"],
        ),
        departments=departments,
        statuses=await _statuses(session, key),
        area_sets=await _area_sets(session, key),
        services=services,
    )
    return StoredCity(key, row["catalog_version"], city, retired_services, retired_departments)


async def _departments(session: Session, key: int) -> tuple[tuple[CityDepartment, ...], frozenset[str]]:
    rows = await session.fetch(
        select(Department.code, Department.name, Department.public, Department.triage, Department.active, Department.contact)
        .where(Department.jurisdiction_key == key)
        .order_by(Department.code)
    )
    active = tuple(
        CityDepartment(row["code"], row["name"], row["public"], row["triage"], row["contact"]) for row in rows if row["active"]
    )
    return active, frozenset(row["code"] for row in rows if not row["active"])


async def _statuses(session: Session, key: int) -> tuple[DetailedStatus, ...]:
    rows = await session.fetch(
        select(
            StatusRow.code,
            StatusRow.name,
            StatusRow.status,
            StatusRow.citysdk_word,
            StatusRow.update_word,
            StatusRow.allowed_next,
            StatusRow.is_default,
        )
        .where(StatusRow.jurisdiction_key == key)
        .order_by(StatusRow.position, StatusRow.code)
    )
    return tuple(
        DetailedStatus(**{**row, "allowed_next": None if row["allowed_next"] is None else tuple(row["allowed_next"])})
        for row in rows
    )


async def _area_sets(session: Session, key: int) -> tuple[CityAreaSet, ...]:
    rows = await session.fetch(
        select(
            AreaSet.code.label("set_code"),
            AreaSet.name.label("set_name"),
            Area.code,
            Area.name,
            Area.priority,
            Area.properties,
            func.ST_AsBinary(Area.geometry, "NDR").label("geometry"),
        )
        .select_from(AreaSet)
        .join(
            Area,
            and_(
                Area.jurisdiction_key == AreaSet.jurisdiction_key,
                Area.area_set_key == AreaSet.area_set_key,
                Area.version == AreaSet.version,
            ),
        )
        .where(AreaSet.jurisdiction_key == key)
        .order_by(AreaSet.code, Area.code)
    )
    names = {row["set_code"]: row["set_name"] for row in rows}
    areas: dict[str, list[CityArea]] = {code: [] for code in names}
    for row in rows:
        areas[row["set_code"]].append(CityArea(row["code"], row["name"], row["geometry"], row["priority"], row["properties"]))
    return tuple(CityAreaSet(code, name, tuple(areas[code])) for code, name in names.items())


async def _services(session: Session, key: int) -> tuple[tuple[CityService, ...], frozenset[str]]:
    references = (
        select(func.array_agg(AreaSet.code.concat(literal("/", Text)).concat(ServiceArea.area_code)))
        .select_from(ServiceArea)
        .join(
            AreaSet,
            and_(AreaSet.jurisdiction_key == ServiceArea.jurisdiction_key, AreaSet.area_set_key == ServiceArea.area_set_key),
        )
        .where(ServiceArea.jurisdiction_key == Service.jurisdiction_key, ServiceArea.service_key == Service.service_key)
        .correlate(Service)
        .scalar_subquery()
    )
    rows = await session.fetch(
        select(
            Service.code,
            Service.name,
            Service.description,
            Service.type,
            Service.keywords,
            Service.groups,
            Service.active,
            Service.notice,
            Service.description_required,
            Service.visibility,
            Service.settings,
            Service.translations,
            Department.code.label("department"),
            ServiceDefinition.attributes,
            references.label("areas"),
        )
        .select_from(Service)
        .outerjoin(
            Department,
            and_(Department.jurisdiction_key == Service.jurisdiction_key, Department.department_key == Service.department_key),
        )
        .outerjoin(
            ServiceDefinition,
            and_(
                ServiceDefinition.jurisdiction_key == Service.jurisdiction_key,
                ServiceDefinition.service_key == Service.service_key,
                ServiceDefinition.version == Service.definition_version,
            ),
        )
        .where(Service.jurisdiction_key == key)
        .order_by(Service.position, Service.name, Service.code)
    )
    services = tuple(
        CityService(
            code=row["code"],
            name=row["name"],
            description=row["description"],
            type=row["type"],
            keywords=tuple(row["keywords"]),
            groups=tuple(row["groups"]),
            department=row["department"],
            notice=row["notice"],
            description_required=row["description_required"],
            visibility=row["visibility"],
            ids_assigned_by=row["settings"].get("ids_assigned_by", "worker"),
            areas=tuple(sorted(row["areas"] or ())),
            attributes=tuple(Attribute.from_json(attribute) for attribute in row["attributes"] or ()),
            translations=row["translations"],
        )
        for row in rows
        if row["active"]
    )
    return services, frozenset(row["code"] for row in rows if not row["active"])


async def used_statuses(session: Session, jurisdiction_key: int, codes: list[str]) -> dict[str, int]:
    """How many requests stand at each of these detailed statuses."""
    rows = await session.fetch(
        select(ServiceRequest.detailed_status, func.count().label("requests"))
        .where(ServiceRequest.jurisdiction_key == jurisdiction_key, ServiceRequest.detailed_status.in_(codes))
        .group_by(ServiceRequest.detailed_status)
    )
    return {row["detailed_status"]: row["requests"] for row in rows}


async def has_requests(session: Session, jurisdiction_key: int) -> bool:
    found: bool = await session.value(select(exists().where(ServiceRequest.jurisdiction_key == jurisdiction_key)))
    return found


async def reserve_numbers(session: Session, sequence: str, count: int) -> list[int]:
    """The next values of a sequence; nobody else gets them, and what the transaction gives up stays unused."""
    drawn = select(func.nextval(literal(sequence, Text).op("::")(literal_column("regclass"))).label("number"))
    rows = await session.fetch(drawn.select_from(func.generate_series(1, count)))
    return sorted(row["number"] for row in rows)


async def request_key_sequence(session: Session) -> str:
    name: str = await session.value(select(func.pg_get_serial_sequence("service_request", "request_key")))
    return name


async def example_request_id(session: Session, jurisdiction_key: int) -> str:
    """The newest public one that has come to its end: it shows most fields."""
    listed = ServiceRequest.listed & (ServiceRequest.status == "closed")
    found: str = await session.value(
        select(ServiceRequest.service_request_id)
        .where(ServiceRequest.jurisdiction_key == jurisdiction_key, listed)
        .order_by(ServiceRequest.requested_datetime.desc())
        .limit(1)
    )
    return found
