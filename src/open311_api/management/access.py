"""Who calls the back office, whether that key may, and which city it means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Query
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from open311_api.api_keys.types import Caller
from open311_api.catalog.snapshot import CitySnapshot
from open311_api.errors import Invalid, JurisdictionNotFound, KeyRefused, RateLimited, ScopeMissing
from open311_api.web.bodies import read_body
from open311_api.web.callers import header_key
from open311_api.web.runtime import Runtime, runtime_of

READ = ("requests:manage", "requests:read_private")
MANAGE = ("requests:manage",)
READ_CATALOG = (*READ, "catalog:manage", "routing:read", "routing:write")
_CALLER = "open311_caller"


class StaffRoute(APIRoute):
    """Knows the caller before anything else is looked at, and reads bodies within their limits."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def known(request: Request) -> Response:
            runtime = runtime_of(request)
            request.scope[_CALLER] = await _verify(request, runtime)
            await runtime.pulse.fresh()
            if request.method in ("POST", "PATCH"):
                request = Request(request.scope, _once(await read_body(request, runtime)))
            response = await handle(request)
            response.headers.setdefault("cache-control", "no-store")
            return response

        return known


def _once(body: bytes) -> Callable[[], Awaitable[Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _verify(request: Request, runtime: Runtime) -> Caller:
    """Raises KeyRefused or RateLimited."""
    query = request.scope["query_string"].decode("latin-1")
    if any(name.strip().lower() == "api_key" for name, _ in parse_qsl(query, keep_blank_values=True)):
        raise KeyRefused("a key in the address ends up in logs; send it as Authorization: Bearer or as X-Api-Key")
    client = request.scope["client"][0] if request.scope.get("client") else ""
    if runtime.limits.too_many_failures(client):
        raise RateLimited(60)
    try:
        caller = await runtime.callers.verify(header_key(request.headers))
    except KeyRefused as error:
        runtime.limits.failed_key(client)
        raise KeyRefused("the key is missing or not valid; send it as Authorization: Bearer or as X-Api-Key") from error
    if request.method == "POST":  # the outermost layer counts everything else
        verdict = runtime.limits.key(caller.api_key_key)
        if not verdict.allowed:
            raise RateLimited(verdict.reset_seconds)
    return caller


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody at work in one city."""

    runtime: Runtime
    caller: Caller
    city: CitySnapshot


Jurisdiction = Annotated[
    str | None,
    Query(description="Which city is meant. Needed only where the key serves several.", examples=["demo.city"]),
]


def caller_of(request: Request, scopes: tuple[str, ...]) -> Caller:
    """The caller, if it has one of these scopes. Raises ScopeMissing."""
    caller: Caller = request.scope[_CALLER]
    if not any(caller.may(scope) for scope in scopes):
        raise ScopeMissing(f"this key may not do that; it needs the scope {' or '.join(scopes)}")
    return caller


def needs(*scopes: str) -> Any:
    """The dependency of every endpoint on one city: a key with one of these scopes, and the city."""

    async def staff(request: Request, jurisdiction_id: Jurisdiction = None) -> Staff:
        runtime = runtime_of(request)
        caller = caller_of(request, scopes)
        return Staff(runtime, caller, _city(runtime, caller, jurisdiction_id))

    return Depends(staff)


def served_cities(runtime: Runtime, caller: Caller) -> list[CitySnapshot]:
    return [city for city in runtime.catalog.cities if caller.serves(city.key)]


def _city(runtime: Runtime, caller: Caller, jurisdiction_id: str | None) -> CitySnapshot:
    """Raises Invalid where it must be named, JurisdictionNotFound where it is missing or foreign."""
    served = served_cities(runtime, caller)
    if not jurisdiction_id:
        if len(served) == 1:
            return served[0]
        if not served:
            raise JurisdictionNotFound("this key serves no jurisdiction that is set up")
        names = ", ".join(city.jurisdiction.jurisdiction_id for city in served[:20])
        raise Invalid.of("jurisdiction_id", f"jurisdiction_id was not provided; this key serves several: {names}")
    city = runtime.catalog.get(jurisdiction_id)
    if not caller.serves(city.key):
        raise JurisdictionNotFound(f"jurisdiction_id {jurisdiction_id[:80]} was not found")
    return city
