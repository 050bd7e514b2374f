"""What happened to a request, from its report until now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.management import schemas
from open311_api.management.access import READ, Staff, StaffRoute, needs
from open311_api.management.answers import READ_PROBLEMS, SECURITY
from open311_api.management.reading import RequestId, get_row
from open311_api.management.story import summary
from open311_api.service_requests.staff_queries import StoryRow, find_story

router = APIRouter(route_class=StaffRoute, tags=["Back office"], responses=READ_PROBLEMS)


@router.get(
    "/requests/{service_request_id:path}/history",
    operation_id="read_history",
    summary="Read the history of a request",
    openapi_extra=SECURITY,
)
async def read_history(staff: Annotated[Staff, needs(*READ)], service_request_id: RequestId) -> schemas.RequestHistory:
    """Everything that happened, oldest first: who did what, with public and private notes."""
    async with staff.runtime.db.read() as session:
        row = await get_row(session, staff, service_request_id)
        story = await find_story(session, staff.city.key, row.request_key)
    return schemas.RequestHistory(service_request_id=service_request_id, items=[_chapter(item, staff.city) for item in story])


def _chapter(row: StoryRow, city: CitySnapshot) -> schemas.HistoryEntry:
    return schemas.HistoryEntry(
        sequence=row.sequence,
        at=row.at.astimezone(city.jurisdiction.time_zone),
        type=row.type,
        author=row.author,
        summary=summary(row, city),
        status=row.status,
        changes=row.data,
        public_note=row.public_note,
        private_note=row.private_note,
    )
