"""Routes answered without what FastAPI does for every call: their endpoints take the request and give the response.

FastAPI keeps the documentation and everything that is not found here (docs/decisions/0010).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

ErrorHandler = Callable[[Request, Exception], Awaitable[Response]]


class DirectRoutes:
    """Wraps the application that declares these routes. What a handler does not expect is raised to the layer outside."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute], *, handlers: Mapping[type[Exception], ErrorHandler]) -> None:
        self._app = app
        self._routes = tuple(
            (method, route.path_regex.match, route)
            for route in routes
            if isinstance(route, Route)
            for method in sorted(route.methods or ())
            if method != "HEAD"  # the layer outside makes it a GET
        )
        self._handlers = tuple(handlers.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            wanted, path = scope["method"], scope["path"]
            for method, match, route in self._routes:
                if method == wanted and (found := match(path)):
                    scope["app"] = self._app
                    scope["route"] = route
                    scope["path_params"] = found.groupdict()
                    response = await self._answer(route, Request(scope, receive, send))
                    await response(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    async def _answer(self, route: Route, request: Request) -> Response:
        try:
            response: Response = await route.endpoint(request)
        except Exception as error:
            for kind, handler in self._handlers:
                if isinstance(error, kind):
                    return await handler(request, error)
            raise
        return response
