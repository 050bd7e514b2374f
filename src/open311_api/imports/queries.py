"""Every SELECT of an import."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, Select, Text, and_, any_, cast, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from open311_api.catalog.models import Department, DetailedStatus, Jurisdiction, Service
from open311_api.db.columns import parameter
from open311_api.db.statements import Statement
from open311_api.events.models import FeedPosition
from open311_api.imports.staging import KNOWN, ROW
from open311_api.service_requests.models import ServiceRequest

_KEY = parameter("jurisdiction_key", Integer)

JURISDICTION = Statement(
    select(Jurisdiction.jurisdiction_key, Jurisdiction.request_id_format).where(
        Jurisdiction.jurisdiction_id == parameter("jurisdiction_id", Text)
    )
)

DETAILED_STATUSES = Statement(select(DetailedStatus).where(DetailedStatus.jurisdiction_key == _KEY))

SERVICES = Statement(
    select(Service.service_key, Service.code, Service.name, Service.visibility, Service.department_key, Service.position)
    .where(Service.jurisdiction_key == _KEY)
    .order_by(Service.service_key)
)

DEPARTMENTS = Statement(
    select(Department.department_key, Department.code, Department.name, Department.triage)
    .where(Department.jurisdiction_key == _KEY)
    .order_by(Department.department_key)
)

FEED_POSITION = Statement(select(FeedPosition.position).where(FeedPosition.jurisdiction_key == _KEY))


USUAL_DEPARTMENTS = Statement(
    select(ROW.c.service_code, func.mode().within_group(ROW.c.department_code).label("department_code"))
    .where(ROW.c.service_code == any_(parameter("codes", ARRAY(Text))), ROW.c.department_code.is_not(None))
    .group_by(ROW.c.service_code)
)
"""For each service of ``codes``, the department that answers most of its rows."""


def stored_already() -> Select[tuple[int, int, bool]]:
    """Rows whose id a stored request has; ``same`` when the request was imported with this very content."""
    return select(
        ROW.c.line, ServiceRequest.request_key, (ServiceRequest.content_hash == ROW.c.content_hash).label("same")
    ).join_from(
        ROW,
        ServiceRequest,
        and_(ServiceRequest.jurisdiction_key == _KEY, ServiceRequest.service_request_id == ROW.c.service_request_id),
    )


REPORTED_HERE = Statement(
    select(ROW.c.line, ROW.c.service_request_id)
    .join_from(ROW, KNOWN, KNOWN.c.line == ROW.c.line)
    .where(KNOWN.c.same.is_(None))
    .order_by(ROW.c.line)
)

FATES = Statement(
    select(
        select(func.count()).select_from(ROW).scalar_subquery().label("rows"),
        select(func.count(ROW.c.parent_id)).scalar_subquery().label("with_parent"),
        func.count().filter(KNOWN.c.same).label("unchanged"),
        func.count().filter(~KNOWN.c.same).label("changed"),
        func.count().filter(KNOWN.c.same.is_(None)).label("reported_here"),
    ).select_from(KNOWN)
)

PAGES = Statement(select(text("pg_relation_size('import_row') / current_setting('block_size')::int")))

WITHOUT_PLACE = Statement(select(func.count()).select_from(ROW).where(ROW.c.lat.is_(None)))

HIGHEST_NUMBER = Statement(
    select(
        func.max(cast(func.substring(ROW.c.service_request_id, parameter("pattern", Text)), BigInteger)),
    ).where(ROW.c.service_request_id.regexp_match(parameter("pattern", Text)))
)
"""The highest number among ids of the jurisdiction's own format. Parameter ``pattern``: one group, the number."""
