"""The outermost layer: limits, request id, CORS, HEAD, time, errors nobody caught, access log, metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from random import getrandbits

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from open311_api.config import Settings
from open311_api.web.callers import Callers
from open311_api.web.logs import access_log
from open311_api.web.metrics import Metrics
from open311_api.web.rate_limits import RateLimits
from open311_api.web.time_limit import TimeLimit

LONGEST_TARGET = 32 * 1024
LARGEST_HEADER = 16 * 1024
STREAM_IDLE_SECONDS = 30
_WRITING = ("POST", "PATCH")
_EXPOSED = b"Link, X-Total-Count, Location, Retry-After, ETag, X-Request-Id"

ErrorBody = Callable[[Scope, int], tuple[bytes, bytes]]
"""Content-Type and body of an error with this status, in the face's own form."""


class Edge:
    """Pure ASGI, because it runs for every request and each layer costs."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        error_body: ErrorBody,
        limits: RateLimits,
        callers: Callers,
        metrics: Metrics,
        allowed_methods: Callable[[str], str],
    ) -> None:
        self._app = app
        self._settings = settings
        self._error_body = error_body
        self._limits = limits
        self._callers = callers
        self._metrics = metrics
        self._allowed_methods = allowed_methods
        self._access_log = access_log(settings)
        self._post_origins = frozenset(settings.cors_post_origins)
        self._any_origin = "*" in self._post_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self, scope, receive, send).run()


class _Exchange:
    """One request and its answer."""

    __slots__ = (
        "client",
        "edge",
        "extra",
        "headers",
        "method",
        "receive",
        "request_id",
        "scope",
        "send_out",
        "started",
        "status",
        "target",
    )

    def __init__(self, edge: Edge, scope: Scope, receive: Receive, send: Send) -> None:
        self.edge = edge
        self.scope = scope
        self.receive = receive
        self.send_out = send
        self.started = time.perf_counter()
        self.status = 0
        self.method: str = scope["method"]
        self.headers = dict(scope["headers"])
        self.client = _client(scope, self.headers, edge._settings.proxy_networks)
        self.request_id = b"%016x" % getrandbits(64)  # unlike any other, but no secret
        self.target: str = scope["path"]
        self.extra: list[tuple[bytes, bytes]] = []

    async def run(self) -> None:
        scope = self.scope
        scope["client"] = (self.client, 0)
        scope["request_id"] = self.request_id.decode()
        if self.method == "HEAD":
            scope = {**scope, "method": "GET"}
            self.scope = scope
        try:
            refused = self._too_large() or await self._limited()
            if refused:
                await self._error(refused)
            elif self.method == "OPTIONS":
                await self._preflight()
            else:
                await self._answer()
        except Exception:
            structlog.get_logger("open311").exception("unhandled", request_id=self.request_id.decode(), path=self.target)
            if self.status == 0:
                await self._error(500)
        finally:
            self._account()

    async def _answer(self) -> None:
        limit = self.scope["open311_time_limit"] = TimeLimit(self.edge._settings.request_seconds)
        try:
            await self.edge._app(self.scope, self.receive, self._send)
        except asyncio.CancelledError:
            if not limit.ends():
                raise
            if self.status:
                raise TimeoutError from None
            self.extra.append((b"retry-after", b"2"))
            await self._error(503)
        finally:
            limit.ends()

    def _too_large(self) -> int:
        scope = self.scope
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_TARGET:
            return 414
        if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > LARGEST_HEADER:
            return 431
        return 0

    async def _limited(self) -> int:
        """Reads are counted by key where a valid one comes in a header or the query, by address otherwise; POST counts itself.

        Health checks are free: behind a proxy that is not trusted, they come from the address everybody comes from.
        """
        if self.method == "POST" or self.target.startswith("/health/"):
            return 0
        text = _presented_key(self.headers, self.scope["query_string"])
        caller = await self.edge._callers.recognise(text) if text else None
        verdict = self.edge._limits.address(self.client) if caller is None else self.edge._limits.key(caller.api_key_key)
        if verdict is None:
            return 0
        self.extra += verdict.headers()
        if verdict.allowed:
            return 0
        self.extra.append((b"retry-after", b"%d" % verdict.reset_seconds))
        return 429

    async def _preflight(self) -> None:
        allowed = self.edge._allowed_methods(self.target).encode()
        headers = [
            (b"allow", allowed),
            (b"access-control-allow-methods", allowed),
            (b"access-control-allow-headers", b"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Api-Key"),
            (b"access-control-max-age", b"86400"),
            (b"content-length", b"0"),
        ]
        await self._send({"type": "http.response.start", "status": 204, "headers": headers})
        await self._send({"type": "http.response.body", "body": b""})

    async def _error(self, status: int) -> None:
        content_type, body = self.edge._error_body(self.scope, status)
        headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
        if status in (408, 413, 414, 431):
            headers.append((b"connection", b"close"))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers: list[tuple[bytes, bytes]] = message["headers"]
            headers += self.extra
            headers.append((b"x-request-id", self.request_id))
            headers.append((b"x-content-type-options", b"nosniff"))
            self._add_cors(headers)
        elif message.get("more_body"):
            # A stream has no total limit, only an idle one: a reader that stops reading is cut off.
            if (limit := self.scope.pop("open311_time_limit", None)) is not None:
                limit.reschedule(None)
            async with asyncio.timeout(STREAM_IDLE_SECONDS):
                await self.send_out(message)
            return
        await self.send_out(message)

    def _add_cors(self, headers: list[tuple[bytes, bytes]]) -> None:
        origin = self.headers.get(b"origin")
        announced = self.headers.get(b"access-control-request-method", b"").decode("latin-1")
        writes = self.method in _WRITING or announced in _WRITING
        if not writes or self.edge._any_origin:
            headers.append((b"access-control-allow-origin", b"*"))
        elif origin is not None:
            headers.append((b"vary", b"Origin"))
            if origin.decode("latin-1") in self.edge._post_origins:
                headers.append((b"access-control-allow-origin", origin))
        if origin is not None:
            headers.append((b"access-control-expose-headers", _EXPOSED))

    def _account(self) -> None:
        seconds = time.perf_counter() - self.started
        route = self.scope.get("route")
        pattern = getattr(route, "path", "") or "unmatched"
        self.edge._metrics.answered(self.method, pattern, self.status, seconds)
        if (log := self.edge._access_log) is not None:
            log(
                request_id=self.request_id.decode(),
                client=_shortened(self.client),
                method=self.method,
                path=self.target,
                status=self.status,
                ms=round(seconds * 1000, 2),
            )


def _presented_key(headers: dict[bytes, bytes], query: bytes) -> str | None:
    authorization = headers.get(b"authorization", b"")
    if authorization[:7].lower() == b"bearer ":
        return authorization[7:].decode("latin-1").strip()
    if b"x-api-key" in headers:
        return headers[b"x-api-key"].decode("latin-1").strip()
    start = query.find(b"api_key=")
    if start >= 0 and (start == 0 or query[start - 1 : start] == b"&"):
        return query[start + 8 :].split(b"&", 1)[0].decode("latin-1")
    return None


def _client(scope: Scope, headers: dict[bytes, bytes], trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """The address that connected; behind a trusted proxy, the last address the proxy did not add itself."""
    peer: str = scope["client"][0] if scope.get("client") else ""
    if not trusted or b"x-forwarded-for" not in headers or not _inside(peer, trusted):
        return peer
    for part in reversed(headers[b"x-forwarded-for"].decode("latin-1").split(",")):
        address = part.strip()
        if not _inside(address, trusted):
            return address if _is_address(address) else peer
        peer = address
    return peer


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _inside(text: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return _is_address(text) and any(ip_address(text) in network for network in networks)


def _shortened(client: str) -> str:
    """Enough to see who hammers, too little to find a person: /24 and /48."""
    if ":" in client:
        return ":".join(client.split(":")[:3]) + "::"
    return client.rpartition(".")[0] + ".0" if client.count(".") == 3 else client
