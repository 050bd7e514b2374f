"""Paths as clients write them, made into the paths the routes know (contract 1.13, 2.2 and 10).

Any letter case of the fixed words, doubled and trailing slashes, a missing or upper-case suffix, codes with dots or
percent-encoded characters, and a jurisdiction in front of the root are all answered directly, never by a redirect.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

_FORMATS = ("json", "xml")
_LISTS = {
    "services": _FORMATS,
    "requests": (*_FORMATS, "geojson", "csv"),
    "discovery": _FORMATS,
    "coverage": _FORMATS,
}
_MEMBERS = {"services": "services", "requests": "requests", "request": "requests", "tokens": "tokens"}
_QUICK = (b"/open311/v2/requests", b"/open311/v2/services")


class GeoReportPaths:
    """Wraps the application; touches nothing outside GeoReport's roots."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            rewrite(scope)
        await self._app(scope, receive, send)


def rewrite(scope: Scope) -> None:
    """Set ``path`` to the canonical one; mark calls of this face with ``open311``."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    if raw.startswith(_QUICK) and raw.endswith((b".json", b".xml")) and not set(raw) & set(b"%~ ") and b"//" not in raw:
        scope["open311"] = True
        if raw.islower() or (raw[:21].islower() and raw.rpartition(b".")[2].islower()):
            return
    segments = [segment for segment in raw.split(b"?")[0].split(b"/") if segment]
    words = [segment.decode("latin-1").lower() for segment in segments]
    jurisdiction: str | None = None
    if len(words) >= 3 and words[1] == "open311" and words[2] == "v2":
        jurisdiction = _decode(segments[0])
        segments, words = segments[1:], words[1:]
    if words[:1] and words[0].split(".")[0] == "discovery" and len(words) == 1:
        rest, root = segments, "/open311/v2"
    elif words[:2] == ["open311", "v2"]:
        rest, root = segments[2:], "/open311/v2"
    elif words[:2] == ["open311", "bulk"]:
        rest, root = segments[2:], "/open311/bulk"
    elif len(words) == 2 and words[0] == "open311" and words[1].split(".")[0] == "discovery":
        rest, root = segments[1:], "/open311/v2"
    else:
        return
    scope["open311"] = True
    if jurisdiction is not None:
        scope["open311_jurisdiction"] = jurisdiction
    scope["path"] = root + (_canonical(scope, rest, root) if rest else "/")


def _canonical(scope: Scope, rest: list[bytes], root: str) -> str:
    name = rest[0].decode("latin-1").lower()
    if len(rest) == 1:
        stem, _, ending = name.partition(".")
        formats = ("csv", *_FORMATS) if root.endswith("bulk") else _LISTS.get(stem, ())
        if ending in formats:
            return f"/{stem}.{ending}"
        if not ending and formats:
            return f"/{stem}.{_accepted(scope)}"
        return f"/{name}"
    if len(rest) == 2 and name in _MEMBERS:
        head, dot, suffix = rest[1].rpartition(b".")
        # Only the last .xml or .json is a suffix: a code may hold dots itself.
        if dot and suffix.lower() in (b"json", b"xml"):
            return f"/{_MEMBERS[name]}/{_quote(_decode(head))}.{suffix.lower().decode()}"
        return f"/{_MEMBERS[name]}/{_quote(_decode(rest[1]))}.{_accepted(scope)}"
    return "/" + "/".join(_decode(segment) for segment in rest)


def _decode(segment: bytes) -> str:
    """A NUL, which PostgreSQL cannot hold, becomes what undecodable bytes become: nothing has such a name."""
    return unquote_to_bytes(segment).decode("utf-8", "replace").replace("\0", "\ufffd")


def _quote(code: str) -> str:
    """A slash inside a code must not part the path; endpoints undo this with ``unquote_code``."""
    return code.replace("%", "%25").replace("/", "%2F")


def unquote_code(code: str) -> str:
    return code.replace("%2F", "/").replace("%25", "%") if "%" in code else code


def _accepted(scope: Scope) -> str:
    """Without a suffix the client's Accept decides; XML unless JSON is asked for (A-30)."""
    for name, value in scope["headers"]:
        if name == b"accept":
            return "json" if _WANTS_JSON.search(value.lower()) else "xml"
    return "xml"


# Asked for by name, and not with a weight of zero.
_WANTS_JSON = re.compile(rb"application/json\s*(?:$|,|;(?!\s*q\s*=\s*0(?:\.0*)?\s*(?:,|$)))")


def error_format(scope: dict[str, Any]) -> str:
    """Format of an error document: the suffix of the path; XML for anything else (contract 1.4)."""
    return "json" if scope["path"].rpartition(".")[2] in ("json", "geojson") else "xml"


ALLOWED = {"requests": "GET, HEAD, OPTIONS, POST"}


def allowed_methods(path: str) -> str:
    stem = path.rpartition("/")[2].partition(".")[0]
    return ALLOWED.get(stem, "GET, HEAD, OPTIONS") if path.count("/") <= 3 else "GET, HEAD, OPTIONS"
