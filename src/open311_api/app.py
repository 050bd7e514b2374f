"""Builds the web application from settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Scope
from starlette_compress import CompressMiddleware, add_compress_type

from open311_api import __version__
from open311_api.catalog.snapshot import Catalog
from open311_api.config import Settings
from open311_api.db.cluster import database_url
from open311_api.db.database import Database
from open311_api.db.sealing import Sealer, secret_keys
from open311_api.errors import Open311Error, RateLimited, Unavailable
from open311_api.events.publish import Publisher
from open311_api.georeport import endpoints
from open311_api.georeport import errors as georeport_errors
from open311_api.georeport.fragments import FragmentCache
from open311_api.georeport.lists import GeoReportState
from open311_api.georeport.openapi.document import openapi_document, to_yaml
from open311_api.georeport.paths import GeoReportPaths, allowed_methods, error_format
from open311_api.georeport.rendering import CONTENT_TYPES
from open311_api.georeport.router import bulk_router, router
from open311_api.management import answers as management_answers
from open311_api.management.router import router as management_router
from open311_api.web import docs, health, problems
from open311_api.web.callers import Callers
from open311_api.web.direct import DirectRoutes, ErrorHandler
from open311_api.web.metrics import Metrics
from open311_api.web.middleware import Edge
from open311_api.web.pulse import Pulse
from open311_api.web.rate_limits import RateLimits
from open311_api.web.runtime import Runtime

for kind in ("application/geo+json", "text/csv"):
    add_compress_type(kind)


def build_app(settings: Settings) -> ASGIApp:
    """The application with its outer layers; nothing is opened before the server starts it."""
    url = database_url(settings)
    db = Database(url, read_url=settings.read_database_url, size=settings.pool_size, statement_seconds=settings.statement_seconds)
    catalog = Catalog(db)
    pulse = Pulse(db, catalog, listen_url=settings.listen_database_url or url)
    callers = Callers(db, refuse_demo=settings.env == "production")
    limits = RateLimits(settings)
    runtime = Runtime(
        settings=settings,
        db=db,
        catalog=catalog,
        pulse=pulse,
        publisher=Publisher(db, published=pulse.wake),
        sealer=Sealer.parse(secret_keys(settings)),
        callers=callers,
        limits=limits,
    )
    app = bare_app(settings)
    app.state.runtime = runtime
    app.state.metrics = metrics = Metrics()
    app.state.georeport = GeoReportState(FragmentCache(settings.cache_mebibytes * 1024 * 1024))
    direct = DirectRoutes(app, [*router.routes, *bulk_router.routes], handlers=_HANDLERS)
    edge = Edge(
        CompressMiddleware(direct, minimum_size=1000, brotli=False, zstd_level=1, gzip_level=1),
        settings=settings,
        error_body=_error_body,
        limits=limits,
        callers=callers,
        metrics=metrics,
        allowed_methods=_allowed_methods,
    )
    return GeoReportPaths(edge)


def bare_app(settings: Settings) -> FastAPI:
    """Routes and documentation alone: what the OpenAPI document is made from."""
    app = FastAPI(
        title="open311-api",
        version=__version__,
        lifespan=_lifespan,
        redirect_slashes=False,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.api_document = docs.ApiDocument(openapi_document, to_yaml)
    app.include_router(router)
    app.include_router(bulk_router)
    app.include_router(management_router)
    app.add_api_route("/", endpoints.home, include_in_schema=False)
    app.include_router(health.router)
    app.include_router(docs.router)
    handlers = {**_HANDLERS, RequestValidationError: cast(Any, _invalid), Exception: cast(Any, _unexpected)}
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the pools and start the background tasks; a database that is down only makes us not ready."""
    runtime: Runtime = app.state.runtime
    await runtime.db.open()
    try:
        await runtime.pulse.look()
    except Unavailable:
        structlog.get_logger("open311").warning("database_away_at_start")
    tasks = [asyncio.create_task(job.run()) for job in (runtime.pulse, runtime.publisher, runtime.callers)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await runtime.callers.flush()
        await runtime.db.close()


def _error_body(scope: Scope, status_code: int) -> tuple[bytes, bytes]:
    """For failures outside any endpoint."""
    words = georeport_errors.HTTP_WORDS.get(status_code, "the request cannot be answered")
    if scope.get("open311"):
        format_ = "json" if error_format(cast(Any, scope)) == "json" else "xml"
        return CONTENT_TYPES[format_], georeport_errors.error_body(status_code, [words], cast(Any, format_))
    if status_code == 404:
        words = "nothing is served at this address; the documentation at /docs lists what is"
    return problems.CONTENT_TYPE, problems.problem_body(status_code, detail=words, instance=scope.get("request_id", ""))


async def _domain_error(request: Request, error: Open311Error) -> Response:
    scope = request.scope
    if scope.get("open311"):
        format_ = cast(Any, error_format(cast(Any, scope)))
        status_code = georeport_errors.status_code_of(error)
        body, kind = (
            georeport_errors.error_body(status_code, georeport_errors.descriptions_of(error), format_),
            CONTENT_TYPES[format_],
        )
    else:
        status_code = problems.status_code_of(error)
        body = problems.problem_body(status_code, detail=str(error), instance=scope.get("request_id", ""), error=error)
        kind = problems.CONTENT_TYPE
    response = Response(body, status_code)
    response.raw_headers.append((b"content-type", kind))
    if status_code == 401:
        response.headers["www-authenticate"] = "Bearer"
    if isinstance(error, Unavailable | RateLimited):
        response.headers["retry-after"] = str(error.after_seconds)
    if status_code in (408, 413):
        response.headers["connection"] = "close"
    return response


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    """What FastAPI found wrong, in the form of everything else."""
    return await _domain_error(request, management_answers.as_domain_error(error))


def _allowed_methods(path: str) -> str:
    return management_answers.allowed_methods(path) if path.startswith("/api/") else allowed_methods(path)


async def _http_error(request: Request, error: HTTPException) -> Response:
    """Unmatched paths and wrong methods."""
    kind, body = _error_body(request.scope, error.status_code)
    response = Response(body, error.status_code)
    response.raw_headers.append((b"content-type", kind))
    if error.status_code == 405:
        response.headers["allow"] = _allowed_methods(request.scope["path"])
    return response


async def _unexpected(request: Request, _error: Exception) -> Response:
    """The outermost layer logs it in full under the request id; the client is told nothing of it."""
    kind, body = _error_body(request.scope, 500)
    response = Response(body, 500)
    response.raw_headers.append((b"content-type", kind))
    return response


_HANDLERS: dict[type[Exception], ErrorHandler] = {Open311Error: cast(Any, _domain_error), HTTPException: cast(Any, _http_error)}
