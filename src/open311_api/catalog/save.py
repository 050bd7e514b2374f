"""Write parts of a catalogue inside the transaction of the verb that changes it (cities/load.py, imports)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

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
from open311_api.catalog.types import Attribute, DetailedStatus
from open311_api.db.database import Session
from open311_api.db.notifying import CHANNEL
from open311_api.db.statements import Statement


async def save_jurisdiction(session: Session, jurisdiction_key: int, values: Mapping[str, Any], boundary: bytes | None) -> None:
    """``boundary`` is a MultiPolygon as WKB; None: the city has none."""
    geometry = func.ST_GeomFromWKB(literal(boundary), 4326) if boundary is not None else None
    await session.execute(
        update(Jurisdiction).where(Jurisdiction.jurisdiction_key == jurisdiction_key).values(**values, boundary=geometry)
    )


async def save_department(session: Session, jurisdiction_key: int, code: str, values: Mapping[str, Any]) -> None:
    """New, changed or brought back, by its code."""
    row = insert(Department).values(jurisdiction_key=jurisdiction_key, code=code, active=True, **values)
    await session.execute(row.on_conflict_do_update(index_elements=["jurisdiction_key", "code"], set_={**values, "active": True}))


async def retire_departments(session: Session, jurisdiction_key: int, codes: Iterable[str]) -> None:
    """Requests keep the name of who answered them."""
    await session.execute(
        update(Department)
        .where(Department.jurisdiction_key == jurisdiction_key, Department.code.in_(list(codes)))
        .values(active=False, triage=False)
    )


async def give_up_triage(session: Session, jurisdiction_key: int) -> None:
    """For the moment in which another department takes it over; the index allows one."""
    await session.execute(
        update(Department).where(Department.jurisdiction_key == jurisdiction_key, Department.triage).values(triage=False)
    )


async def save_statuses(session: Session, jurisdiction_key: int, statuses: Sequence[DetailedStatus]) -> None:
    """Exactly these, in this order. One that a request still has cannot go: the foreign key refuses."""
    mine = StatusRow.jurisdiction_key == jurisdiction_key
    await session.execute(update(StatusRow).where(mine, StatusRow.is_default).values(is_default=False))
    await session.execute(delete(StatusRow).where(mine, StatusRow.code.not_in([status.code for status in statuses])))
    for position, status in enumerate(statuses):
        values = {
            "name": status.name,
            "status": status.status,
            "citysdk_word": status.citysdk_word,
            "update_word": status.update_word,
            "allowed_next": None if status.allowed_next is None else list(status.allowed_next),
            "is_default": status.is_default,
            "position": position,
        }
        row = insert(StatusRow).values(jurisdiction_key=jurisdiction_key, code=status.code, **values)
        await session.execute(row.on_conflict_do_update(index_elements=["jurisdiction_key", "code"], set_=values))


_ADD_AREA = Statement(
    insert(Area).values(
        jurisdiction_key=bindparam("jurisdiction_key"),
        area_set_key=bindparam("area_set_key"),
        version=bindparam("version"),
        code=bindparam("code"),
        name=bindparam("name"),
        priority=bindparam("priority"),
        geometry=func.ST_GeomFromWKB(bindparam("wkb"), 4326),
        properties=bindparam("properties"),
    )
)


async def save_area_set(session: Session, jurisdiction_key: int, code: str, name: str, areas: Iterable[Mapping[str, Any]]) -> None:
    """A new version that replaces the one before whole; each area has code, name, priority, wkb and properties."""
    row = insert(AreaSet).values(jurisdiction_key=jurisdiction_key, code=code, name=name, version=1)
    saved = await session.row(
        row.on_conflict_do_update(
            index_elements=["jurisdiction_key", "code"],
            set_={"name": name, "version": AreaSet.version + 1, "changed_at": func.now()},
        ).returning(AreaSet.area_set_key, AreaSet.version)
    )
    assert saved is not None
    place = {"jurisdiction_key": jurisdiction_key, "area_set_key": saved["area_set_key"], "version": saved["version"]}
    await session.execute_many(_ADD_AREA, [{**place, **area} for area in areas])


async def save_service(session: Session, jurisdiction_key: int, code: str, values: Mapping[str, Any]) -> int:
    """New, changed or brought back, by its code; ``department`` is a code or None. Answers its key."""
    values = dict(values)
    department = values.pop("department", None)
    values["department_key"] = (
        select(Department.department_key)
        .where(Department.jurisdiction_key == jurisdiction_key, Department.code == department)
        .scalar_subquery()
    )
    row = insert(Service).values(jurisdiction_key=jurisdiction_key, code=code, active=True, **values)
    key: int = await session.value(
        row.on_conflict_do_update(index_elements=["jurisdiction_key", "code"], set_={**values, "active": True}).returning(
            Service.service_key
        )
    )
    return key


async def retire_services(session: Session, jurisdiction_key: int, codes: Iterable[str]) -> dict[str, int]:
    """They leave the list and stay with their requests. Answers the key of each code."""
    rows = await session.fetch(
        update(Service)
        .where(Service.jurisdiction_key == jurisdiction_key, Service.code.in_(list(codes)))
        .values(active=False)
        .returning(Service.code, Service.service_key)
    )
    return {row["code"]: row["service_key"] for row in rows}


async def place_services(session: Session, jurisdiction_key: int, codes: Sequence[str]) -> None:
    """The order in which they are listed."""
    move = (
        update(Service)
        .where(Service.jurisdiction_key == jurisdiction_key, Service.code == bindparam("service_code"))
        .values(position=bindparam("place"))
    )
    await session.execute_many(move, [{"service_code": code, "place": place} for place, code in enumerate(codes)])


async def save_definition(session: Session, jurisdiction_key: int, service_key: int, attributes: Sequence[Attribute]) -> int | None:
    """A new version of the questions, used from now on; without any there is none. Older versions stay as they are."""
    version: int | None = None
    if attributes:
        newest = (
            select(func.coalesce(func.max(ServiceDefinition.version), 0) + 1)
            .where(ServiceDefinition.jurisdiction_key == jurisdiction_key, ServiceDefinition.service_key == service_key)
            .scalar_subquery()
        )
        version = await session.value(
            insert(ServiceDefinition)
            .values(
                jurisdiction_key=jurisdiction_key,
                service_key=service_key,
                version=newest,
                attributes=[attribute.to_json() for attribute in attributes],
            )
            .returning(ServiceDefinition.version)
        )
    await session.execute(
        update(Service)
        .where(Service.jurisdiction_key == jurisdiction_key, Service.service_key == service_key)
        .values(definition_version=version)
    )
    return version


async def save_service_areas(session: Session, jurisdiction_key: int, service_key: int, references: Iterable[str]) -> None:
    """Offered only in these (set/area); in none named: everywhere."""
    await session.execute(
        delete(ServiceArea).where(ServiceArea.jurisdiction_key == jurisdiction_key, ServiceArea.service_key == service_key)
    )
    for reference in references:
        set_code, _, area_code = reference.partition("/")
        chosen = select(literal(jurisdiction_key), literal(service_key), AreaSet.area_set_key, literal(area_code)).where(
            AreaSet.jurisdiction_key == jurisdiction_key, AreaSet.code == set_code
        )
        await session.execute(
            insert(ServiceArea).from_select(["jurisdiction_key", "service_key", "area_set_key", "area_code"], chosen)
        )


async def mark_changed(session: Session, jurisdiction_key: int) -> int:
    """Once for each effective change of a catalogue: readers see another version, and running servers are told at the commit."""
    version: int = await session.value(
        update(Jurisdiction)
        .where(Jurisdiction.jurisdiction_key == jurisdiction_key)
        .values(catalog_version=Jurisdiction.catalog_version + 1, catalog_changed_at=func.clock_timestamp())
        .returning(Jurisdiction.catalog_version)
    )
    await session.execute(select(func.pg_notify(CHANNEL, f'{{"catalog": {jurisdiction_key}}}')))
    return version
