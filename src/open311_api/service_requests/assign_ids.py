"""Give batch requests the ids their tokens stand for."""

from __future__ import annotations

from datetime import datetime, timedelta

import asyncpg
from sqlalchemy import BigInteger, Integer, Text, func, literal_column, select, update

from open311_api.catalog.create import number_sequence
from open311_api.catalog.models import Jurisdiction, Service
from open311_api.db.columns import Moment, parameter
from open311_api.db.database import Database
from open311_api.db.statements import Statement
from open311_api.events.record import record
from open311_api.events.types import UPDATED
from open311_api.service_requests.models import ServiceRequest
from open311_api.service_requests.numbering import format_id

WAIT = timedelta(seconds=3)
"""A token stays pending at least this long; clients poll for ten seconds before they give up."""

_NEXT = Statement(
    select(
        ServiceRequest.jurisdiction_key,
        ServiceRequest.request_key,
        ServiceRequest.requested_datetime,
        ServiceRequest.service_key,
        ServiceRequest.department_key,
        ServiceRequest.status,
        Jurisdiction.request_id_format,
        Jurisdiction.time_zone,
    )
    .join(Jurisdiction, Jurisdiction.jurisdiction_key == ServiceRequest.jurisdiction_key)
    .join(
        Service,
        (Service.jurisdiction_key == ServiceRequest.jurisdiction_key) & (Service.service_key == ServiceRequest.service_key),
    )
    .where(
        ServiceRequest.service_request_id.is_(None),
        ServiceRequest.requested_datetime <= parameter("before", Moment),
        func.coalesce(Service.settings["ids_assigned_by"].astext, "worker") == "worker",
    )
    .order_by(ServiceRequest.request_key)
    .limit(1)
    .with_for_update(of=ServiceRequest, skip_locked=True)
)
_NUMBER = Statement(select(func.nextval(parameter("sequence", Text).op("::")(literal_column("regclass")))))
_ASSIGN = Statement(
    update(ServiceRequest)
    .where(
        ServiceRequest.jurisdiction_key == parameter("jurisdiction_key", Integer),
        ServiceRequest.request_key == parameter("request_key", BigInteger),
    )
    .values(
        service_request_id=parameter("service_request_id", Text),
        version=ServiceRequest.version + 1,
        updated_datetime=parameter("now", Moment),
    )
    .returning(ServiceRequest.version)
)


async def assign_next_id(db: Database, *, now: datetime) -> bool:
    """One pending request, one transaction; other workers take other requests. False when none waits."""
    try:
        async with db.begin() as session:
            row = await session.row(_NEXT, {"before": now - WAIT})
            if row is None:
                return False
            number: int = await session.value(_NUMBER, {"sequence": number_sequence(row["jurisdiction_key"])})
            identity = format_id(row["request_id_format"], number, at=row["requested_datetime"], time_zone=row["time_zone"])
            where = {"jurisdiction_key": row["jurisdiction_key"], "request_key": row["request_key"]}
            version: int = await session.value(
                _ASSIGN, {**where, "service_request_id": identity, "now": now.replace(microsecond=0)}
            )
            await record(
                session,
                **where,
                type=UPDATED,
                sequence=version,
                service_key=row["service_key"],
                department_key=row["department_key"],
                status=row["status"],
                data={"service_request_id": {"to": identity}},
            )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "uq_service_request_id":
            raise
        # An imported request bears this number; the next round takes the next number.
    return True
