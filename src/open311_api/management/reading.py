"""One request with everything the city knows about it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from open311_api.db.database import Session
from open311_api.errors import Invalid, ServiceRequestNotFound
from open311_api.management import schemas
from open311_api.management.access import READ, Staff, StaffRoute, caller_of, needs
from open311_api.management.answers import READ_PROBLEMS, SECURITY
from open311_api.management.documents import request_document, with_contact
from open311_api.service_requests.staff_queries import StaffRow, find_contact, find_for_staff

router = APIRouter(route_class=StaffRoute, tags=["Back office"], responses=READ_PROBLEMS)
_INCLUDES = ("contact",)

RequestId = Annotated[str, Path(description="The id the resident was given.", examples=["SR-2026-000107"])]
TAGGED = {"ETag": {"description": "The version in quotes: send it as If-Match.", "schema": {"type": "string"}}}


def etag(version: int) -> str:
    return f'"{version}"'


def possible_id(text: str) -> str:
    """The same, unless nothing can have such a name. Raises ServiceRequestNotFound."""
    if not text.isprintable():
        raise ServiceRequestNotFound("service_request_id holds characters that no id has")
    return text


async def get_row(session: Session, staff: Staff, service_request_id: str) -> StaffRow:
    """Raises ServiceRequestNotFound."""
    row = await find_for_staff(session, staff.city.key, possible_id(service_request_id))
    if row is None:
        raise ServiceRequestNotFound(f"service_request_id {service_request_id[:80]} was not found")
    return row


@router.get(
    "/requests/{service_request_id:path}",
    operation_id="read_request",
    summary="Read one request",
    response_model_exclude_unset=True,
    responses={200: {"description": "The request.", "headers": TAGGED}},
    openapi_extra=SECURITY,
)
async def read_request(
    request: Request,
    response: Response,
    staff: Annotated[Staff, needs(*READ)],
    service_request_id: RequestId,
    include: Annotated[
        str | None,
        Query(
            description="`contact` adds who reported; that needs the scope `requests:read_private`.",
            json_schema_extra={"enum": list(_INCLUDES)},
        ),
    ] = None,
) -> schemas.StaffRequest:
    """Everything about it, private and unmoderated requests too."""
    if include and include not in _INCLUDES:
        raise Invalid.of("include", f"include must be {' or '.join(_INCLUDES)}")
    if include:
        caller_of(request, ("requests:read_private",))
    contact = None
    async with staff.runtime.db.read() as session:
        row = await get_row(session, staff, service_request_id)
        if include:
            contact = await find_contact(session, staff.runtime.sealer, staff.city.key, row.request_key)
    response.headers["etag"] = etag(row.version)
    document = request_document(row, staff.city)
    return with_contact(document, contact) if include else document
