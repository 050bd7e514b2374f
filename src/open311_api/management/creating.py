"""Taking a report down for somebody who phoned, wrote or came by."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import orjson
from fastapi import APIRouter, Header
from starlette.responses import Response

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.catalog.types import Department, Service
from open311_api.errors import Invalid, Unreadable
from open311_api.management import schemas
from open311_api.management.access import MANAGE, Staff, StaffRoute, needs
from open311_api.management.answers import SECURITY, WRITE_PROBLEMS
from open311_api.management.bodies import AttributeAnswer, NewRequest
from open311_api.service_requests.answers import check_answers
from open311_api.service_requests.checking import Problems, clean
from open311_api.service_requests.repeats import find_idempotent
from open311_api.service_requests.submit import submit
from open311_api.service_requests.types import Answer, ContactData, Idempotency, Location, Submission, Submitted

router = APIRouter(route_class=StaffRoute, tags=["Back office"], responses=WRITE_PROBLEMS)
_LONGEST_KEY = 255
_LOCATION = {"Location": {"description": "Where it can be read.", "schema": {"type": "string"}}}


@router.post(
    "/requests",
    status_code=201,
    operation_id="create_request",
    summary="Create a request for somebody else",
    responses={201: {"description": "It is stored.", "headers": _LOCATION}},
    openapi_extra=SECURITY,
)
async def create_request(
    body: NewRequest,
    response: Response,
    staff: Annotated[Staff, needs(*MANAGE)],
    idempotency_key: Annotated[
        str | None,
        Header(description="Any text of your own: sent again with the same body, it is answered as the first time, stored once."),
    ] = None,
) -> schemas.RequestCreated:
    """The same questions as for residents, but a place outside the city is kept, and goes to triage."""
    runtime, city = staff.runtime, staff.city
    now, idempotency = runtime.clock(), _idempotency(idempotency_key, body, city)
    done: Submitted | None = None
    if idempotency is not None:
        async with runtime.db.read() as session:
            done = await find_idempotent(session, caller=staff.caller, idempotency=idempotency, now=now)
    if done is None:
        report = _submission(body, city)
        done = await submit(
            runtime.db,
            city=city,
            caller=staff.caller,
            submission=report,
            department=_department(body, city, report),
            sealer=runtime.sealer,
            now=now,
            idempotency=idempotency,
        )
        runtime.publisher.wake()
    response.headers["location"] = _location(staff, done)
    return schemas.RequestCreated(service_request_id=done.service_request_id, token=done.token, service_notice=done.service_notice)


def _location(staff: Staff, done: Submitted) -> str:
    """A batch request is found by its token until it has an id."""
    root, query = staff.runtime.settings.public_url, ""
    if len(staff.runtime.catalog.cities) > 1:
        query = "?" + urlencode({"jurisdiction_id": staff.city.jurisdiction.jurisdiction_id})
    if done.service_request_id is None:
        return f"{root}/open311/v2/tokens/{quote(done.token or '', safe='')}.json{query}"
    return f"{root}/api/v1/requests/{quote(done.service_request_id, safe='')}{query}"


def _idempotency(key: str | None, body: NewRequest, city: CitySnapshot) -> Idempotency | None:
    if key is None:
        return None
    if not key or len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Unreadable(f"Idempotency-Key must be 1 to {_LONGEST_KEY} printable ASCII characters")
    meaning = orjson.dumps(body.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    operation = f"POST {city.jurisdiction.jurisdiction_id}/api/requests"
    return Idempotency(key=key, operation=operation, body_hash=hashlib.sha256(meaning).digest())


def _submission(body: NewRequest, city: CitySnapshot) -> Submission:
    """Raises Invalid with every problem."""
    problems = Problems()
    service = city.by_code.get(body.service_code)
    if service is None or not service.active:
        raise Invalid.of("service_code", f"service_code {body.service_code} does not exist; see the list of services")
    if not (body.location or body.address or body.address_id):
        problems.add("location", "a place was not provided; send location, address or address_id")
    if body.description is None and service.description_required:
        problems.add("description", "description is required for this service; say what is wrong")
    answers: tuple[Answer, ...] = ()
    extra: dict[str, Any] = {}
    with problems:
        sent = {clean(code): _texts(code, value) for code, value in body.attributes.items()}
        answers, extra = check_answers(service, sent, city.jurisdiction.time_zone)
    problems.raise_if_any()
    contact = body.contact
    return Submission(
        service=service,
        location=_place(body),
        address=body.address,
        address_id=body.address_id,
        zipcode=body.zipcode,
        title=body.title,
        description=body.description,
        media_urls=(),
        answers=answers,
        extra_answers=extra,
        service_object_type=None,
        service_object_id=None,
        contact=ContactData() if contact is None else ContactData(**contact.model_dump()),
        channel=body.channel,
        by_staff=True,
    )


def _texts(code: str, value: AttributeAnswer) -> list[str]:
    """As a form would have sent it."""
    texts = [str(item) for item in value] if isinstance(value, list) else [str(value)]
    if "\0" in code or any("\0" in text for text in texts):
        raise Invalid.of("attributes", "attributes holds a NUL character; send text only")
    return [cleaned for text in texts if (cleaned := clean(text))]


def _place(body: NewRequest) -> Location | None:
    # Adding zero turns a negative zero into a plain one.
    place = body.location
    return None if place is None else Location(lat=round(place.lat, 7) + 0.0, long=round(place.long, 7) + 0.0)


def _department(body: NewRequest, city: CitySnapshot, report: Submission) -> Department:
    """The one named, or the service's; triage for what lies outside. Raises Invalid."""
    if body.department is not None:
        found = next((item for item in city.departments.values() if item.code == body.department), None)
        if found is None or not found.active:
            raise Invalid.of("department", f"department {body.department} does not exist; see the list of departments")
        return found
    if report.location is not None and not _offered(city, report.service, report.location):
        return city.triage
    return city.departments.get(report.service.department_key or -1, city.triage)


def _offered(city: CitySnapshot, service: Service, place: Location) -> bool:
    return city.covers(lat=place.lat, long=place.long) and city.offered_at(service, lat=place.lat, long=place.long)
