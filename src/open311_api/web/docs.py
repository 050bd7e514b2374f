"""The OpenAPI document and a page to try it out: everything from this server, so that it works without the internet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from importlib import resources
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

_PACKAGE = "fastapi_swagger.resources"
_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_A_YEAR = "public, max-age=31536000, immutable"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page can reach nothing but this server, whatever its script would like."""

_START = """\
window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  queryConfigEnabled: false,
  showMutatedRequest: false,
  tryItOutEnabled: true,
  validatorUrl: null
});
"""
_STYLE = """\
body { margin: 0; background: #fff; }
.swagger-ui .opblock-get .authorization__btn { visibility: hidden; } /* a key is welcome there, not needed */
.swagger-ui .response-col_links { display: none; }
.swagger-ui .info { margin: 2rem 0 1rem; }
.swagger-ui .markdown pre, .swagger-ui .highlight-code > .microlight { max-height: 24rem; }
"""
_OWN = {"start.js": (_START, "text/javascript"), "page.css": (_STYLE, "text/css")}


@dataclass(frozen=True, slots=True)
class ApiDocument:
    """How this application makes its OpenAPI document; set by ``app.py`` as ``app.state.api_document``."""

    make: Callable[[FastAPI], dict[str, Any]]
    to_yaml: Callable[[dict[str, Any]], str]


router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
async def as_json(request: Request) -> Response:
    """The document, made once in each process."""
    app: FastAPI = request.app
    state = app.state
    if not hasattr(state, "openapi_json"):
        api: ApiDocument = state.api_document
        state.openapi_json = await asyncio.to_thread(lambda: orjson.dumps(api.make(app)))
    return _document(request, state.openapi_json, "application/json")


@router.get("/openapi.yaml")
async def as_yaml(request: Request) -> Response:
    """The same in YAML."""
    app: FastAPI = request.app
    state = app.state
    if not hasattr(state, "openapi_yaml"):
        api: ApiDocument = state.api_document
        state.openapi_yaml = await asyncio.to_thread(lambda: api.to_yaml(api.make(app)).encode())
    return _document(request, state.openapi_yaml, "application/yaml")


def _document(request: Request, body: bytes, media_type: str) -> Response:
    tag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


@router.get("/docs")
async def page() -> Response:
    """Swagger UI. Addresses are relative, so that it works behind a proxy that adds a folder in front."""
    assets = f"docs/assets/{_version()}"
    return HTMLResponse(
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'><title>Open311 GeoReport v2</title>"
        f"<link rel='icon' type='image/png' href='{assets}/favicon-32x32.png'>"
        f"<link rel='stylesheet' href='{assets}/swagger-ui.css'><link rel='stylesheet' href='{assets}/page.css'></head>"
        "<body><div id='swagger-ui'></div><noscript>This page needs JavaScript; the same is in "
        "<a href='openapi.json'>openapi.json</a>.</noscript>"
        f"<script src='{assets}/swagger-ui-bundle.js'></script><script src='{assets}/start.js'></script></body></html>",
        headers={"content-security-policy": _POLICY, "referrer-policy": "no-referrer", "cache-control": "no-cache"},
    )


@router.get("/docs/")
async def page_with_slash() -> Response:
    """The page's own addresses are relative to ``/docs``."""
    return RedirectResponse("../docs")


@router.get("/docs/assets/{version}/{name}")
async def asset(version: str, name: str) -> Response:
    """A file of the page; its address changes with its content, so that browsers may keep it."""
    if version != _version() or name not in _ASSETS | _OWN:
        raise HTTPException(404)
    body, media_type = await asyncio.to_thread(_file, name)
    return Response(body, headers={"cache-control": _A_YEAR}, media_type=media_type)


@lru_cache(maxsize=8)
def _file(name: str) -> tuple[bytes, str]:
    if name in _OWN:
        text, media_type = _OWN[name]
        return text.encode(), media_type
    return resources.files(_PACKAGE).joinpath(name).read_bytes(), _ASSETS[name]


@lru_cache(maxsize=1)
def _version() -> str:
    digest = blake2b(digest_size=6)
    for name in (*_ASSETS, *_OWN):
        digest.update(_file(name)[0])
    return digest.hexdigest()
