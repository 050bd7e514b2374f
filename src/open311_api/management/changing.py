"""Changing one request: any of its fields in one step, which is one version and one event."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Header
from starlette.responses import Response

from open311_api.errors import Conflict, PreconditionFailed, StaleVersion
from open311_api.management import schemas
from open311_api.management.access import MANAGE, Staff, StaffRoute, needs
from open311_api.management.answers import CHANGE_PROBLEMS, SECURITY
from open311_api.management.bodies import RequestChange
from open311_api.management.documents import request_document
from open311_api.management.reading import TAGGED, RequestId, etag, get_row, possible_id
from open311_api.service_requests.change import change
from open311_api.service_requests.changes import Changes

router = APIRouter(route_class=StaffRoute, tags=["Back office"], responses=CHANGE_PROBLEMS)
_TAG = re.compile(r'(?:W/)?"([0-9]{1,9})"')


@router.patch(
    "/requests/{service_request_id:path}",
    operation_id="change_request",
    summary="Change a request",
    response_model_exclude_unset=True,
    responses={200: {"description": "The request as it is now.", "headers": TAGGED}},
    openapi_extra=SECURITY,
)
async def change_request(
    body: RequestChange,
    response: Response,
    staff: Annotated[Staff, needs(*MANAGE)],
    service_request_id: RequestId,
    if_match: Annotated[
        str | None, Header(description="The ETag you read: refused with 412 if the request has changed since.")
    ] = None,
) -> schemas.StaffRequest:
    """Status, department, words, visibility and notes, together or one by one. What changes nothing is no change: 200, no event."""
    runtime, city = staff.runtime, staff.city
    given: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set if name != "version"}
    expected = body.version
    async with _current_state(staff, service_request_id):
        if if_match is not None and if_match.strip() != "*":
            expected = await _matched(staff, service_request_id, if_match, expected)
        try:
            done = await change(
                runtime.db,
                city=city,
                service_request_id=possible_id(service_request_id),
                changes=Changes(**given),
                caller=staff.caller,
                now=runtime.clock(),
                expected_version=expected,
            )
        except StaleVersion as error:
            if body.version is None:
                raise PreconditionFailed(str(error)) from error
            raise
    if done.effective:
        runtime.publisher.wake()
    async with runtime.db.read() as session:
        row = await get_row(session, staff, service_request_id)
    response.headers["etag"] = etag(row.version)
    return request_document(row, city)


async def _matched(staff: Staff, service_request_id: str, if_match: str, expected: int | None) -> int:
    """The version to insist on. Raises PreconditionFailed when the present one is not among those named."""
    async with staff.runtime.db.read() as session:
        row = await get_row(session, staff, service_request_id)
    if str(row.version) not in _TAG.findall(if_match):
        raise PreconditionFailed(f"service_request_id {service_request_id} is at version {row.version}; read it again")
    return row.version if expected is None else expected


@asynccontextmanager
async def _current_state(staff: Staff, service_request_id: str) -> AsyncIterator[None]:
    """Every conflict is answered with the whole present state."""
    try:
        yield
    except Conflict as error:
        async with staff.runtime.db.read() as session:
            row = await get_row(session, staff, service_request_id)
        error.current = request_document(row, staff.city).model_dump(mode="json", exclude_unset=True)
        raise
