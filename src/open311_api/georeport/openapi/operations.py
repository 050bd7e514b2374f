"""Every operation of GeoReport by the name of its route: words, parameters, body, answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from open311_api.georeport.openapi import examples
from open311_api.georeport.openapi.answers import (
    BAD_LIST,
    BAD_POST,
    BAD_READ,
    NOT_MODIFIED,
    POST_ERRORS,
    POST_FORBIDDEN,
    READ_ERRORS,
    READ_FORBIDDEN,
    answered,
    not_found,
)
from open311_api.georeport.openapi.bodies import report_body
from open311_api.georeport.openapi.parameters import (
    IDEMPOTENCY_KEY,
    IF_NONE_MATCH,
    JURISDICTION,
    LAT,
    LIST,
    LONG,
    READ,
    SERVICES,
    Json,
    Parameter,
    in_format,
    member,
)
from open311_api.georeport.rendering import Items

_BOTH = in_format("json", "xml")
_CACHED = ("ETag", "Last-Modified")
_OPTIONAL_KEY: list[Json] = [{}, {"KeyHeader": []}, {"BearerKey": []}, {"KeyQuery": []}]
_NEEDED_KEY: list[Json] = [{"KeyHeader": []}, {"BearerKey": []}, {"KeyQuery": []}]
_NO_SERVICE = ("service_code", "No such service", ["service_code 9999 was not found"])


def _read(
    tag: str,
    operation_id: str,
    summary: str,
    description: str,
    *parameters: Parameter,
    ok: Json,
    bad: Json = BAD_READ,
    missing: Json | None = None,
    conditional: bool = True,
) -> dict[str, Any]:
    taken = [*parameters, IF_NONE_MATCH] if conditional else list(parameters)
    answers = {"200": ok, "400": bad, "403": READ_FORBIDDEN, "404": missing or not_found(), **READ_ERRORS}
    if conditional:
        answers["304"] = NOT_MODIFIED
    return {
        "tags": [tag],
        "operation_id": operation_id,
        "summary": summary,
        "description": description,
        "response_class": Response,
        "openapi_extra": {
            "parameters": [parameter.document() for parameter in taken],
            "responses": dict(sorted(answers.items())),
            "security": _OPTIONAL_KEY,
        },
    }


def _list_answer() -> Json:
    answer = answered(
        "The reports; an empty list where nothing matches.",
        "ServiceRequests",
        "service_requests",
        [
            ("list", "Two reports", examples.REQUESTS),
            ("empty", "Nothing matches", Items("request", [])),
            ("extensions", "With extensions=true", examples.EXTENDED),
        ],
        headers=("Link", "X-Total-Count", *_CACHED),
    )
    answer["content"]["application/geo+json"] = {
        "schema": {"$ref": "#/components/schemas/FeatureCollection"},
        "examples": {"map": {"summary": "For a map", "value": examples.json_example(examples.FEATURES)}},
    }
    answer["content"]["text/csv"] = _csv()
    return answer


def _csv() -> Json:
    return {
        "schema": {"type": "string", "description": "RFC 4180 with a header row; the columns of GeoReport Bulk."},
        "examples": {"rows": {"summary": "The header and one row", "value": examples.csv_example()}},
    }


def _bulk_answer() -> Json:
    answer = answered("All of them.", "BulkRequests", "service_requests", [("rows", "One row", examples.BULK)], headers=_CACHED)
    answer["content"]["text/csv"] = _csv()
    return answer


def _submitted() -> Json:
    return answered(
        "The report is stored.",
        "SubmittedRequests",
        "service_requests",
        [
            ("realtime", "A realtime service: the id", examples.REALTIME),
            ("batch", "A batch service: a token that becomes an id", examples.BATCH),
            ("blackbox", "A blackbox service: only a notice", examples.BLACKBOX),
        ],
        headers=("Location",),
    )


OPERATIONS: dict[str, dict[str, Any]] = {
    "discovery": _read(
        "Discovery",
        "get_discovery",
        "Find the API of a city",
        "What this server speaks, where each city's API root is, and when its services last changed. Also at "
        "`/discovery.{format}` and "
        "`/open311/discovery.{format}`. Needs no key.",
        _BOTH,
        JURISDICTION,
        ok=answered("The discovery document.", "Discovery", "discovery", [("discovery", "One city", examples.DISCOVERY)]),
        conditional=False,
    ),
    "services": _read(
        "Services",
        "list_services",
        "List what can be reported",
        "Every kind of thing residents can report. With `lat` and `long`, only what is offered at that place. Where `metadata` "
        "is true, "
        "read the service's definition before you report.",
        _BOTH,
        *READ,
        *SERVICES,
        ok=answered(
            "The services, in the order the city chose.",
            "Services",
            "services",
            [("services", "Three services", examples.SERVICES)],
            headers=_CACHED,
        ),
    ),
    "service_definition": _read(
        "Services",
        "get_service_definition",
        "Read the questions of a service",
        "What a report for this service has to answer besides the usual. A service without questions has an empty list.",
        member("service_code", "A code of the service list.", "pothole"),
        _BOTH,
        *READ,
        ok=answered(
            "The questions, in the order they are asked.",
            "ServiceDefinition",
            "service_definition",
            [("definition", "A hint and a question", examples.DEFINITION)],
            headers=_CACHED,
        ),
        missing=not_found(_NO_SERVICE),
    ),
    "service_requests": _read(
        "Requests",
        "list_service_requests",
        "Find reports",
        "Reports of the last 90 days, newest first, in pages of at most 1000. Filters combine: a report has to match all of them. "
        "Lists are written with commas or by repeating the name. To keep a copy current, ask for `updated_after` and follow the "
        "`Link` "
        "header; an unchanged answer costs you a 304. As `geojson` for maps and as `csv` for spreadsheets, everything that "
        "matches comes "
        "in one stream.",
        in_format("json", "xml", "geojson", "csv"),
        *READ,
        *LIST,
        ok=_list_answer(),
        bad=BAD_LIST,
    ),
    "service_request": _read(
        "Requests",
        "get_service_request",
        "Read one report",
        "Where one report stands: a list of one. Also under `/request/{service_request_id}.{format}`.",
        member("service_request_id", "The id you were given.", "SR-2026-000107"),
        _BOTH,
        *READ,
        ok=answered(
            "The report.",
            "ServiceRequests",
            "service_requests",
            [("report", "One report", examples.REQUEST), ("extensions", "With extensions=true", examples.EXTENDED)],
            headers=_CACHED,
        ),
        missing=not_found(("service_request_id", "No such report", ["service_request_id SR-2026-999999 was not found"])),
    ),
    "create_service_request": {
        "tags": ["Requests"],
        "operation_id": "create_service_request",
        "summary": "Report something",
        "description": "Send a report with your key. It is stored when this is answered with 201. If the connection breaks, "
        "send it again "
        "with the same `Idempotency-Key` (or `client_request_id`): it is never stored twice.",
        "response_class": Response,
        "openapi_extra": {
            "parameters": [_BOTH.document(), IDEMPOTENCY_KEY.document()],
            "requestBody": report_body(),
            "responses": {
                "200": answered(
                    "The same as 201, where the operator chose 200 for the sake of old apps.",
                    "SubmittedRequests",
                    "service_requests",
                    [("realtime", "A realtime service: the id", examples.REALTIME)],
                    headers=("Location",),
                ),
                "201": _submitted(),
                "400": BAD_POST,
                "403": POST_FORBIDDEN,
                "404": not_found(_NO_SERVICE),
                **POST_ERRORS,
            },
            "security": _NEEDED_KEY,
        },
    },
    "token": _read(
        "Requests",
        "get_service_request_id",
        "Ask for the id behind a token",
        "A batch service answers a report with a token. Once the report has its id, you find it here; until then you get the "
        "token back. "
        "A token never expires.",
        member("token", "The token you were given.", "tk-7f3a91"),
        _BOTH,
        *READ,
        ok=answered(
            "The id, or only the token while there is none.",
            "TokenAnswers",
            "service_requests",
            [("resolved", "The report has its id", examples.RESOLVED), ("pending", "Not yet", examples.PENDING)],
        ),
        missing=not_found(("token", "No such token", ["token tk-000000 was not found"])),
        conditional=False,
    ),
    "coverage": _read(
        "Discovery",
        "check_coverage",
        "Ask whether a place belongs to the city",
        "true for a place inside the jurisdiction's boundary: reports from there are taken.",
        _BOTH,
        *READ,
        replace(LAT, required=True),
        replace(LONG, required=True),
        ok=answered("The answer.", "Coverage", "coverage", [("inside", "Inside", examples.COVERAGE)]),
        conditional=False,
    ),
    "bulk_requests": _read(
        "Downloads",
        "export_service_requests",
        "Download reports in bulk",
        "GeoReport Bulk: the same filters as the list of reports, without pages, streamed to the end.",
        in_format("csv", "json", "xml"),
        *READ,
        *LIST,
        ok=_bulk_answer(),
        bad=BAD_LIST,
    ),
}


def described(name: str) -> dict[str, Any]:
    """What ``add_api_route`` needs to know about the route of this name."""
    return {"name": name, **OPERATIONS[name]}
