"""The one statement that stores a report: the request, its event, and its contact if there is one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Double, Integer, LargeBinary, Text, func, insert, literal, literal_column, null, select
from sqlalchemy.dialects.postgresql import JSONB

from open311_api.db.columns import Moment, TextList, parameter, point_at
from open311_api.db.statements import Statement
from open311_api.events.models import Event
from open311_api.events.types import CREATED
from open311_api.service_requests.models import Contact, ServiceRequest


@lru_cache(maxsize=8)
def insertion(*, numbered: bool, with_contact: bool) -> Statement:
    """The request with its event, and its contact if there is one, in a single statement."""
    moment = parameter("now", Moment)
    if numbered:
        number = select(func.nextval(parameter("sequence", Text).op("::")(literal_column("regclass"))).label("n")).cte("number")
        digits = number.c.n.op("::")(literal_column("text"))
        width = func.greatest(parameter("width", Integer), func.length(digits))
        request_id = (
            parameter("id_prefix", Text).concat(func.lpad(digits, width, literal("0", Text))).concat(parameter("id_suffix", Text))
        )
        source = select(request_id.label("service_request_id")).select_from(number)
    else:
        source = select(null().op("::")(literal_column("text")).label("service_request_id"))
    columns: dict[str, Any] = {
        "token": parameter("token", Text),
        "jurisdiction_key": parameter("jurisdiction_key", Integer),
        "service_key": parameter("service_key", Integer),
        "definition_version": parameter("definition_version", Integer),
        "department_key": parameter("department_key", Integer),
        "detailed_status": parameter("detailed_status", Text),
        "visibility": parameter("visibility", Text),
        "moderation": parameter("moderation", Text),
        "channel": parameter("channel", Text),
        "title": parameter("title", Text),
        "description": parameter("description", Text),
        "service_notice": parameter("service_notice", Text),
        "requested_datetime": moment,
        "updated_datetime": moment,
        "address": parameter("address", Text),
        "address_id": parameter("address_id", Text),
        "zipcode": parameter("zipcode", Text),
        "location": point_at(parameter("long", Double), parameter("lat", Double)),
        "media_urls": parameter("media_urls", TextList),
        "attribute_answers": parameter("attribute_answers", JSONB),
        "extra_answers": parameter("extra_answers", JSONB),
        "service_object_type": parameter("service_object_type", Text),
        "service_object_id": parameter("service_object_id", Text),
        "api_key_key": parameter("api_key_key", BigInteger),
    }
    stored = (
        insert(ServiceRequest)
        .from_select(["service_request_id", *columns], source.add_columns(*columns.values()))
        .returning(
            ServiceRequest.jurisdiction_key,
            ServiceRequest.request_key,
            ServiceRequest.service_request_id,
            ServiceRequest.service_key,
            ServiceRequest.department_key,
            ServiceRequest.status,
            ServiceRequest.api_key_key,
        )
        .cte("stored")
    )
    told = (
        insert(Event)
        .from_select(
            [
                "jurisdiction_key",
                "type",
                "request_key",
                "sequence",
                "service_key",
                "department_key",
                "status",
                "api_key_key",
                "data",
            ],
            select(
                stored.c.jurisdiction_key,
                literal(CREATED, Text),
                stored.c.request_key,
                literal(1, Integer),
                stored.c.service_key,
                stored.c.department_key,
                stored.c.status,
                stored.c.api_key_key,
                parameter("event_data", JSONB),
            ),
        )
        .returning(Event.event_key)
        .cte("told")
    )
    answer = select(stored.c.request_key, stored.c.service_request_id).add_cte(told)
    if with_contact:
        apart = (
            insert(Contact)
            .from_select(
                ["jurisdiction_key", "request_key", "sealed", "email_hash", "phone_hash"],
                select(
                    stored.c.jurisdiction_key,
                    stored.c.request_key,
                    parameter("sealed", LargeBinary),
                    parameter("email_hash", LargeBinary),
                    parameter("phone_hash", LargeBinary),
                ),
            )
            .returning(Contact.request_key)
            .cte("apart")
        )
        answer = answer.add_cte(apart)
    return Statement(answer)
