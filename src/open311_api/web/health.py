"""Whether this process lives, whether it can answer, and its figures."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter
from sqlalchemy import literal, select
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from open311_api.db.statements import Statement
from open311_api.errors import Unavailable
from open311_api.web.runtime import runtime_of

router = APIRouter(tags=["Health"])
_PING = Statement(select(literal(1)))


@router.get("/health/live", summary="The process runs", operation_id="check_live")
async def live() -> dict[str, str]:
    """Answers as long as the event loop turns; restart the process when it does not."""
    return {"status": "live"}


_READY = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}


@router.get(
    "/health/ready",
    summary="The process can answer",
    operation_id="check_ready",
    response_class=Response,
    responses={
        200: {"description": "Ready for traffic", "content": {"application/json": {"schema": _READY}}},
        503: {"description": "Not ready: the body says why", "content": {"application/json": {"schema": _READY}}},
    },
)
async def ready(request: Request) -> Response:
    """The database answers and the catalogue is loaded; send no traffic when this is not 200."""
    runtime = runtime_of(request)
    problems: dict[str, Any] = {}
    if runtime.db.idle <= 0:
        problems["database"] = "all connections are busy"
    else:
        try:
            async with runtime.db.read() as session:
                await session.value(_PING)
            await runtime.pulse.fresh()
        except Unavailable as error:
            problems["database"] = str(error)
    if problems:
        return JSONResponse({"status": "unavailable", **problems}, 503, {"retry-after": "2"})
    return JSONResponse({"status": "ready", "jurisdictions": len(runtime.catalog.cities)})


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """For the addresses of OPEN311_METRICS_ALLOW; there is no such page for others."""
    runtime = runtime_of(request)
    try:
        allowed = any(ip_address(request.scope["client"][0]) in network for network in runtime.settings.metrics_networks)
    except ValueError:
        allowed = False
    if not allowed:
        return PlainTextResponse("not found\n", 404)
    figures = request.app.state.metrics
    figures.version_age.set(runtime.pulse.age)
    fragments = request.app.state.georeport.fragments
    figures.cache_hits.set(fragments.hits)
    figures.cache_misses.set(fragments.misses)
    return Response(figures.text(), media_type="text/plain; version=0.0.4")
