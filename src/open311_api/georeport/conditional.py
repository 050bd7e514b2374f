"""Cheap conditional reads: what a 304 is decided on (RFC 9110, 13)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from starlette.datastructures import Headers

_YOUNG = timedelta(seconds=2)
"""Last-Modified counts in whole seconds: younger than this, an equal second may hide a second change."""


def etag(*parts: object) -> str:
    """Weak, because compression changes the bytes and not the meaning."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()
    return f'W/"{digest}"'


def http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def unchanged(headers: Headers, *, tag: str, modified: datetime | None, now: datetime) -> bool:
    """Whether the client's copy still holds. If-None-Match decides alone where it is given."""
    wanted = headers.get("if-none-match")
    if wanted is not None:
        plain = tag.removeprefix("W/")
        return wanted.strip() == "*" or any(item.strip().removeprefix("W/") == plain for item in wanted.split(","))
    since = headers.get("if-modified-since")
    if since is None or modified is None or now - modified < _YOUNG:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except (ValueError, TypeError, IndexError):
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return modified.replace(microsecond=0) <= moment
