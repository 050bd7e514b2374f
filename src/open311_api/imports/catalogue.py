"""Give the services and departments of a file their keys, making those the jurisdiction lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from open311_api.catalog.save import save_department, save_service
from open311_api.db.database import Session
from open311_api.events.record import record
from open311_api.events.types import SERVICE_CREATED
from open311_api.imports import queries
from open311_api.imports.categories import Found
from open311_api.imports.staging import DEPARTMENT, SERVICE
from open311_api.imports.vocabulary import make_code

_Rows = Mapping[str, asyncpg.Record]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What had to be made, and where requests go that nobody answers."""

    services: int
    departments: int
    triage_key: int


async def prepare_catalogue(
    session: Session, jurisdiction_key: int, services: Mapping[str, Found], departments: Mapping[str, Found]
) -> Prepared:
    """Fill the temporary tables that lead from the codes of the rows to keys."""
    values = {"jurisdiction_key": jurisdiction_key}
    stored = await session.fetch(queries.DEPARTMENTS, values)
    new_departments = [code for code in departments if code not in _matches(departments, stored)]
    for code in new_departments:
        await save_department(session, jurisdiction_key, code, {"name": departments[code].name})
    stored = await session.fetch(queries.DEPARTMENTS, values)
    matched = _matches(departments, stored)
    await session.copy(
        DEPARTMENT.name, ["code", "department_key"], [(code, row["department_key"]) for code, row in matched.items()]
    )
    return Prepared(
        services=await _prepare_services(session, jurisdiction_key, services, matched),
        departments=len(new_departments),
        triage_key=next(row["department_key"] for row in stored if row["triage"]),
    )


async def _prepare_services(session: Session, jurisdiction_key: int, services: Mapping[str, Found], departments: _Rows) -> int:
    values = {"jurisdiction_key": jurisdiction_key}
    stored = await session.fetch(queries.SERVICES, values)
    known = _matches(services, stored)
    new = sorted((code for code in services if code not in known), key=lambda code: services[code].name.casefold())
    if new:
        usual = await _usual_departments(session, new, departments)
        last = max((row["position"] for row in stored), default=0)
        for position, code in enumerate(new, start=last + 1):
            one = {"name": services[code].name, "groups": services[code].groups, "position": position}
            key = await save_service(session, jurisdiction_key, code, one | {"department": usual.get(code)})
            await record(
                session, jurisdiction_key=jurisdiction_key, type=SERVICE_CREATED, data={"service_code": code}, service_key=key
            )
        known = _matches(services, await session.fetch(queries.SERVICES, values))
    columns = ["service_key", "visibility", "department_key"]
    await session.copy(SERVICE.name, ["code", *columns], [(code, *(row[name] for name in columns)) for code, row in known.items()])
    return len(new)


async def _usual_departments(session: Session, codes: list[str], departments: _Rows) -> dict[str, str]:
    """A service made here belongs to the department that has answered most of its reports."""
    rows = await session.fetch(queries.USUAL_DEPARTMENTS, {"codes": codes})
    return {
        row["service_code"]: departments[row["department_code"]]["code"] for row in rows if row["department_code"] in departments
    }


def _matches(found: Mapping[str, Found], stored: list[asyncpg.Record]) -> dict[str, asyncpg.Record]:
    """By code, by a code that differs only in case and punctuation, or by name: a city file may have chosen its own codes."""
    by_code: dict[str, asyncpg.Record] = {}
    by_likeness: dict[str, asyncpg.Record] = {}
    by_name: dict[str, asyncpg.Record] = {}
    for row in stored:
        by_code[row["code"]] = row
        by_likeness.setdefault(make_code(row["code"]), row)
        by_name.setdefault(row["name"].casefold(), row)
    candidates = {
        code: by_code.get(code) or by_likeness.get(code) or by_name.get(one.name.casefold()) for code, one in found.items()
    }
    return {code: row for code, row in candidates.items() if row is not None}
