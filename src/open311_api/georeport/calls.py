"""One call of GeoReport: its format, its parameters, the city it means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.errors import Invalid, KeyRefused
from open311_api.georeport.documents import View
from open311_api.georeport.locales import choose_locale, offered_locales
from open311_api.georeport.parameters import Parameters
from open311_api.georeport.rendering import CONTENT_TYPES, Format
from open311_api.web.callers import header_key
from open311_api.web.runtime import Runtime, runtime_of

_CALLBACK = re.compile(r"[A-Za-z_$][\w.$]{0,63}", re.ASCII)
_FALSE = ("", "false", "0", "no")


@dataclass(frozen=True, slots=True)
class Call:
    """A read, ready to be answered."""

    runtime: Runtime
    request: Request
    parameters: Parameters
    format: Format
    city: CitySnapshot
    view: View

    @property
    def variant(self) -> tuple[object, ...]:
        """Everything but the request itself that its rendered document depends on."""
        version = self.city.jurisdiction.catalog_version
        return (self.city.key, version, self.format, self.view.locale, self.view.extensions)


def format_of(request: Request, formats: Sequence[str] = ("json", "xml")) -> Format:
    """What the path said, in lower case (see paths.py); anything but ``formats`` is not there (contract 1.4)."""
    found = request.scope["path_params"]["format"]
    if found not in formats:
        raise HTTPException(404)
    return cast(Format, found)


async def begin_call(request: Request, formats: Sequence[str] = ("json", "xml")) -> Call:
    """Parse the query, make sure that the catalogue is current, find the jurisdiction. Raises domain errors."""
    runtime, format_ = runtime_of(request), format_of(request, formats)
    parameters = Parameters.of_query(request.scope["query_string"])
    await runtime.pulse.fresh()
    if not runtime.settings.public_reads:
        await runtime.callers.verify(key_of(request, parameters))
    city = find_city(request, runtime, parameters)
    return Call(
        runtime=runtime,
        request=request,
        parameters=parameters,
        format=format_,
        city=city,
        view=View(
            locale=choose_locale(parameters, request.headers.get("accept-language"), city), extensions=_extensions(parameters)
        ),
    )


def find_city(request: Request, runtime: Runtime, parameters: Parameters) -> CitySnapshot:
    """The jurisdiction in the path, then in the parameters. Raises JurisdictionMissing or JurisdictionNotFound."""
    in_path = request.scope.get("open311_jurisdiction")
    return runtime.catalog.get(in_path or parameters.text("jurisdiction_id"))


def key_of(request: Request, parameters: Parameters, query: Parameters | None = None) -> str | None:
    """The first place of contract 1.6 that has one: headers, form, query."""
    found = header_key(request.headers) or next(iter(parameters.all("api_key")), None)
    if found is None and query is not None:
        found = next(iter(query.all("api_key")), None)
    if found is None:
        return None
    if len(found) > 200 or not found.isascii() or not found.isprintable():
        raise KeyRefused("api_key is missing or not valid")
    return found.strip()


def _extensions(parameters: Parameters) -> bool:
    """``true``, ``1``, ``yes`` or a list of names switches them on (contract 4)."""
    words = {word.lower() for word in parameters.items("extensions")}
    if not words:
        return False
    if words & {"false", "0", "no"} and words - {"false", "0", "no"}:
        raise Invalid.of("extensions", "extensions was sent both as true and as false; send it once")
    return not words <= set(_FALSE)


def answer(call: Call, body: bytes, headers: Mapping[str, str] | None = None, *, status_code: int = 200) -> Response:
    """A body in the call's format, with the language it is in."""
    kind: str = call.format
    if call.runtime.settings.jsonp and kind == "json" and (function := call.parameters.text("callback")):
        if not _CALLBACK.fullmatch(function):
            raise Invalid.of("callback", "callback must be the name of a JavaScript function")
        # The comment in front keeps the first bytes out of the caller's hands.
        kind, body = "javascript", b"/**/" + function.encode() + b"(" + body + b");"
    return plain_answer(kind, body, {**(headers or {}), **language_headers(call)}, status_code=status_code)


def language_headers(call: Call) -> dict[str, str]:
    """What the client must know where the city speaks more than one language."""
    if len(offered_locales(call.city)) == 1:
        return {}
    return {"content-language": call.view.locale, "vary": "Accept-Language"}


def not_modified(call: Call, headers: Mapping[str, str]) -> Response:
    """304 with the headers the whole answer would have had."""
    return Response(status_code=304, headers={**headers, **language_headers(call)})


def public_path(request: Request) -> str:
    """The canonical path, behind the jurisdiction if the client wrote one in front."""
    named = request.scope.get("open311_jurisdiction")
    path: str = request.scope["path"]
    return path if named is None else f"/{quote(named)}{path}"


def plain_answer(format: str, body: bytes, headers: Mapping[str, str], *, status_code: int = 200) -> Response:  # noqa: A002
    """A response whose Content-Type is exactly the contract's."""
    response = Response(body, status_code, headers)
    response.raw_headers.append((b"content-type", CONTENT_TYPES[format]))
    return response
