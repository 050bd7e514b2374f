"""Take a new report in: the request, its event, its personal data and its repeats, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg
import orjson

from open311_api.api_keys.types import Caller
from open311_api.catalog.create import number_sequence
from open311_api.catalog.snapshot import CitySnapshot
from open311_api.catalog.types import Department
from open311_api.db.database import Database
from open311_api.db.sealing import Sealer
from open311_api.errors import Contended, Unavailable
from open311_api.service_requests.insertion import insertion
from open311_api.service_requests.numbering import new_token, parse_format
from open311_api.service_requests.repeats import Repeated, first_answer, remember
from open311_api.service_requests.types import PRIVATE, Idempotency, Submission, Submitted

_ID_ATTEMPTS = 50
_MOST_UNDONE = 3
_BLACKBOX_NOTICE = "Thank you. Your report was passed on to the department; its progress is not published."


async def submit(
    db: Database,
    *,
    city: CitySnapshot,
    caller: Caller,
    submission: Submission,
    department: Department,
    sealer: Sealer,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Submitted:
    """Store the report; it is durable when this returns. A repeat gets the first answer and stores nothing.

    Raises IdempotencyConflict when the key came with another body before.
    """
    service = submission.service
    numbered = service.type != "batch"
    values = _values(city, caller, submission, department, now)
    if submission.contact:
        values |= _sealed(submission, sealer)
    token = None if numbered else values["token"]
    undone = 0
    for _ in range(_ID_ATTEMPTS):
        try:
            if not idempotency and not submission.references:
                # One statement is a transaction by itself: it has committed when its answer is here.
                async with db.read() as session:
                    row = await session.row(insertion(numbered=numbered, with_contact=bool(submission.contact)), values)
                    assert row is not None
            else:
                async with db.begin() as session:
                    row = await session.row(insertion(numbered=numbered, with_contact=bool(submission.contact)), values)
                    assert row is not None
                    answer = _answer(submission, row["service_request_id"], token)
                    await remember(session, city, caller, submission, row["request_key"], idempotency, answer, now)
            return _answer(submission, row["service_request_id"], token)
        except Repeated:
            async with db.read() as session:
                return await first_answer(
                    session, city=city, caller=caller, submission=submission, idempotency=idempotency, now=now
                )
        except Contended:
            undone += 1
            if undone > _MOST_UNDONE:
                raise
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != "uq_service_request_id":
                raise
            # An imported request bears this number already: numbers are skipped, never reused.
    raise Unavailable("no free service_request_id was found; the operator should advance the number sequence")


def _answer(submission: Submission, service_request_id: str | None, token: str | None) -> Submitted:
    hidden = submission.service.type == "blackbox" and not submission.by_staff
    return Submitted(
        service_request_id=None if hidden else service_request_id,
        token=token,
        service_notice=submission.service.notice or (_BLACKBOX_NOTICE if hidden else None),
    )


def _values(city: CitySnapshot, caller: Caller, submission: Submission, department: Department, now: datetime) -> dict[str, Any]:
    service = submission.service
    at = now.replace(microsecond=0)
    local = at.astimezone(city.jurisdiction.time_zone)
    shape = parse_format(city.jurisdiction.request_id_format)
    location = submission.location
    blackbox = service.type == "blackbox"
    return {
        "jurisdiction_key": city.key,
        "now": at,
        "sequence": number_sequence(city.key),
        "width": shape.width,
        "id_prefix": shape.prefix(local),
        "id_suffix": shape.suffix(local),
        "token": new_token() if service.type == "batch" else None,
        "service_key": service.service_key,
        "definition_version": service.definition_version,
        "department_key": department.department_key,
        "detailed_status": city.default_status("open").code,
        "visibility": PRIVATE if blackbox else service.visibility,
        "moderation": "approved",
        "channel": submission.channel,
        "title": submission.title,
        "description": submission.description,
        "service_notice": service.notice,
        "address": submission.address,
        "address_id": submission.address_id,
        "zipcode": submission.zipcode,
        "lat": None if location is None else location.lat,
        "long": None if location is None else location.long,
        "media_urls": list(submission.media_urls),
        "attribute_answers": list(submission.answers),
        "extra_answers": submission.extra_answers,
        "service_object_type": submission.service_object_type,
        "service_object_id": submission.service_object_id,
        "api_key_key": caller.api_key_key,
        "event_data": {"status": {"to": "open"}, "department": {"to": department.code}, "channel": submission.channel},
    }


def _sealed(submission: Submission, sealer: Sealer) -> dict[str, Any]:
    contact = submission.contact
    plain = {name: value for name in contact.__slots__ if (value := getattr(contact, name))}
    email = contact.email.casefold() if contact.email else None
    phone = "".join(character for character in contact.phone or "" if character.isdigit()) or None
    return {
        "sealed": sealer.seal(orjson.dumps(plain), bound_to="contact"),
        "email_hash": sealer.fingerprint(email, purpose="email") if email else None,
        "phone_hash": sealer.fingerprint(phone, purpose="phone") if phone else None,
    }
