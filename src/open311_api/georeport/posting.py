"""POST requests: from the body of a call to a stored report (contract 1.9)."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import Response

from open311_api.api_keys.types import Caller
from open311_api.errors import Invalid, KeyRefused, RateLimited
from open311_api.georeport.calls import find_city, format_of, key_of, plain_answer
from open311_api.georeport.discovery import root_url
from open311_api.georeport.documents import submitted_document
from open311_api.georeport.forms import read_form
from open311_api.georeport.parameters import Parameters
from open311_api.georeport.rendering import Items, render
from open311_api.georeport.submission_parameters import requested_service, submission
from open311_api.service_requests.repeats import find_idempotent
from open311_api.service_requests.submit import submit
from open311_api.service_requests.types import Idempotency
from open311_api.web.bodies import read_body
from open311_api.web.runtime import Runtime, runtime_of

ROOT = "service_requests"
LONGEST_IDEMPOTENCY_KEY = 255


async def create_service_request(request: Request) -> Response:
    """Take a report in. Precedence of contract 1.4: the key, the jurisdiction, the service, then everything else at once."""
    runtime, format_ = runtime_of(request), format_of(request)
    query = Parameters.of_query(request.scope["query_string"])
    body = await read_body(request, runtime)
    form = read_form(request.headers.get("content-type", ""), body)
    key = key_of(request, form, query)
    form.add_missing(query)
    caller = await _writer(request, runtime, key)
    await runtime.pulse.fresh()
    city = find_city(request, runtime, form)
    if not caller.serves(city.key):
        raise KeyRefused(f"api_key is not valid for jurisdiction_id {city.jurisdiction.jurisdiction_id}")
    service = requested_service(form, city)
    now = runtime.clock()
    idempotency = _idempotency(request, form, city.jurisdiction.jurisdiction_id)
    submitted = None
    if idempotency is not None:
        async with runtime.db.read() as session:
            submitted = await find_idempotent(session, caller=caller, idempotency=idempotency, now=now)
    if submitted is None:
        report = submission(form, city, service, device_header=request.headers.get("open311-deviceid"))
        submitted = await submit(
            runtime.db,
            city=city,
            caller=caller,
            submission=report,
            department=city.departments.get(service.department_key or -1, city.triage),
            sealer=runtime.sealer,
            now=now,
            idempotency=idempotency,
        )
        runtime.publisher.wake()
    headers = {}
    name = "requests" if submitted.service_request_id else "tokens"
    identity = submitted.service_request_id or submitted.token
    if identity:
        root = root_url(city, runtime.settings.public_url, several=len(runtime.catalog.cities) > 1)
        headers["location"] = f"{root}/{name}/{quote(identity, safe='')}.{format_}"
    document = Items("request", [submitted_document(submitted, form.text("account_id"))])
    return plain_answer(
        format_, render(document, root=ROOT, format=format_), headers, status_code=city.jurisdiction.settings.post_status
    )


async def _writer(request: Request, runtime: Runtime, key: str | None) -> Caller:
    """Who posts, if that key may. Raises KeyRefused or RateLimited."""
    client = request.scope["client"][0] if request.scope.get("client") else ""
    if runtime.limits.too_many_failures(client):
        raise RateLimited(60)
    try:
        caller = await runtime.callers.verify(key)
    except KeyRefused:
        runtime.limits.failed_key(client)
        raise
    verdict = runtime.limits.key(caller.api_key_key)
    if not verdict.allowed:
        raise RateLimited(verdict.reset_seconds)
    if not caller.may("requests:write"):
        raise KeyRefused("api_key may not create service requests; it lacks the scope requests:write")
    return caller


def _idempotency(request: Request, form: Parameters, jurisdiction_id: str) -> Idempotency | None:
    """The jurisdiction is part of the operation: it may stand in the path, outside the form."""
    text = request.headers.get("idempotency-key")
    if text is None:
        return None
    if not text or len(text) > LONGEST_IDEMPOTENCY_KEY or not text.isascii() or not text.isprintable():
        raise Invalid.of("Idempotency-Key", f"Idempotency-Key must be 1 to {LONGEST_IDEMPOTENCY_KEY} printable ASCII characters")
    meaning = [(name, values) for name, values in form.normal() if name != "api_key"]
    return Idempotency(
        key=text, operation=f"POST {jurisdiction_id}/requests", body_hash=hashlib.sha256(orjson.dumps(meaning)).digest()
    )
