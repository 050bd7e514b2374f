"""One short function for each operation of the specification."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from open311_api.errors import Invalid, ServiceNotFound, ServiceRequestNotFound, TokenNotFound
from open311_api.georeport.calls import Call, answer, begin_call, format_of, not_modified, plain_answer
from open311_api.georeport.conditional import etag, unchanged, validators
from open311_api.georeport.discovery import discovery_document, discovery_page
from open311_api.georeport.documents import definition_document, service_document, token_document
from open311_api.georeport.exports import export_answer
from open311_api.georeport.lists import list_answer, read_and_render, state_of
from open311_api.georeport.parameters import Parameters, decimal_number
from open311_api.georeport.paths import unquote_code
from open311_api.georeport.rendering import Items, join, render
from open311_api.service_requests.queries import find_token, version_of
from open311_api.service_requests.types import APPROVED, PRIVATE, REJECTED
from open311_api.web.runtime import Runtime, runtime_of

ROOT = "service_requests"


async def discovery(request: Request) -> Response:
    """What this server speaks, where, and since when."""
    runtime = runtime_of(request)
    document = await _discovery(request, runtime)
    format_ = format_of(request)
    return plain_answer(format_, render(document, root="discovery", format=format_), {"cache-control": "no-cache"})


async def home(request: Request) -> Response:
    """Discovery for a person."""
    return HTMLResponse(discovery_page(await _discovery(request, runtime_of(request))))


async def _discovery(request: Request, runtime: Runtime) -> dict[str, Any]:
    await runtime.pulse.fresh()
    parameters = Parameters.of_query(request.scope["query_string"])
    named = request.scope.get("open311_jurisdiction") or parameters.text("jurisdiction_id")
    cities = (runtime.catalog.get(named),) if named else runtime.catalog.cities
    return discovery_document(cities, public_url=runtime.settings.public_url, several=len(runtime.catalog.cities) > 1)


async def services(request: Request) -> Response:
    """The service list."""
    call = await begin_call(request)
    city, parameters = call.city, call.parameters
    place = _place(parameters)
    groups = {group.casefold() for group in parameters.items("group")}
    keywords = {word.casefold() for word in parameters.items("keywords")}
    tag = etag("services", call.variant, place, sorted(groups), sorted(keywords))
    modified = city.jurisdiction.catalog_changed_at
    now = call.runtime.clock()
    headers = validators(tag=tag, modified=modified, now=now)
    if unchanged(request.headers, tag=tag, modified=modified, now=now):
        return not_modified(call, headers)
    body = city.rendered.get(("services", call.variant)) if place is None and not groups and not keywords else None
    if body is None:
        listed = [
            service_document(service, city, call.view)
            for service in city.listed
            if (
                place is None
                or (city.covers(lat=place[0], long=place[1]) and city.offered_at(service, lat=place[0], long=place[1]))
            )
            and (not groups or groups & {group.casefold() for group in service.groups})
            and (not keywords or keywords & {word.casefold() for word in service.keywords})
        ]
        body = render(Items("service", listed), root="services", format=call.format)
        if place is None and not groups and not keywords:
            city.rendered[("services", call.variant)] = body
    assert isinstance(body, bytes)
    return answer(call, body, headers)


def _place(parameters: Parameters) -> tuple[float, float] | None:
    """``lat`` and ``long`` of a query, both or neither. Raises Invalid."""
    lat, long = parameters.text("lat"), parameters.text("long", "lng", "lon")
    if lat is None and long is None:
        return None
    if lat is None or long is None:
        missing = "lat" if lat is None else "long"
        raise Invalid.of(missing, f"{missing} was not provided; lat and long go together")
    return decimal_number(lat, name="lat", low=-90, high=90), decimal_number(long, name="long", low=-180, high=180)


async def service_definition(request: Request) -> Response:
    """The questions of one service."""
    call = await begin_call(request)
    code = unquote_code(request.path_params["service_code"])
    service = call.city.by_code.get(code)
    if service is None or not service.active:
        raise ServiceNotFound(f"service_code {code[:80]} was not found")
    tag = etag("definition", call.variant, code)
    modified = call.city.jurisdiction.catalog_changed_at
    now = call.runtime.clock()
    headers = validators(tag=tag, modified=modified, now=now)
    if unchanged(request.headers, tag=tag, modified=modified, now=now):
        return not_modified(call, headers)
    document = definition_document(service, call.city, call.view)
    return answer(call, render(document, root="service_definition", format=call.format), headers)


async def service_requests(request: Request) -> Response:
    """The list, in all its forms."""
    call = await begin_call(request, ("json", "xml", "geojson", "csv"))
    if call.format in ("json", "xml"):
        return await list_answer(call)
    return await export_answer(call, call.format)


async def bulk(request: Request) -> Response:
    """The list as GeoReport Bulk wants it, without a cap."""
    call = await begin_call(request, ("json", "xml", "csv"))
    return await export_answer(call, call.format if call.format not in ("json", "xml") else f"bulk.{call.format}")


async def service_request(request: Request) -> Response:
    """One request. Private and rejected ones are not there; an unmoderated one shows no words and no pictures."""
    call = await begin_call(request)
    key, service_request_id = call.city.key, unquote_code(request.path_params["service_request_id"])
    cache = state_of(call).fragments
    if any(name in request.headers for name in _CONDITIONS) or cache.knows(call.variant, service_request_id):
        async with call.runtime.db.read() as session:
            known = await version_of(session, key, service_request_id)
        if known is not None and known[1]:
            now, modified = call.runtime.clock(), _modified(call)
            tag = _request_tag(call, service_request_id, known[0])
            if unchanged(request.headers, tag=tag, modified=modified, now=now):
                return not_modified(call, validators(tag=tag, modified=modified, now=now))
            fragment = cache.get(call.variant, service_request_id, known[0])
            if fragment is not None:
                return _one(call, fragment, tag)
    rendered = await read_and_render(call, [service_request_id])
    if not rendered or rendered[0][0].visibility == PRIVATE or rendered[0][0].moderation == REJECTED:
        raise ServiceRequestNotFound(f"service_request_id {service_request_id[:80]} was not found")
    row, fragment = rendered[0]
    if row.moderation == APPROVED:
        cache.put(call.variant, service_request_id, row.version, fragment)
    return _one(call, fragment, _request_tag(call, service_request_id, row.version))


_CONDITIONS = ("if-none-match", "if-modified-since")


def _modified(call: Call) -> datetime:
    """When anything here changed last: a request's own updated_datetime may lie far back, as an import writes it."""
    return max(call.runtime.pulse.feed(call.city.key).published_at, call.city.jurisdiction.catalog_changed_at)


def _request_tag(call: Call, service_request_id: str, version: int) -> str:
    return etag("request", call.variant, service_request_id, version)


def _one(call: Call, fragment: bytes, tag: str) -> Response:
    body = join([fragment], root=ROOT, format=call.format)
    return answer(call, body, validators(tag=tag, modified=_modified(call), now=call.runtime.clock()))


async def token(request: Request) -> Response:
    """The id a token stands for, once there is one."""
    call = await begin_call(request)
    text = unquote_code(request.path_params["token"])
    async with call.runtime.db.read() as session:
        found = await find_token(session, call.city.key, text)
    if found is None:
        raise TokenNotFound(f"token {text[:80]} was not found")
    return answer(call, render(Items("request", [token_document(*found)]), root=ROOT, format=call.format))


async def coverage(request: Request) -> Response:
    """Whether a place lies inside the jurisdiction."""
    call = await begin_call(request)
    place = _place(call.parameters)
    if place is None:
        raise Invalid.of("lat", "lat and long were not provided")
    inside = call.city.covers(lat=place[0], long=place[1])
    return answer(call, render({"result": inside}, root="coverage", format=call.format))
