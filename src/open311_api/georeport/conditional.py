"""Cheap conditional reads: what a 304 is decided on (RFC 9110, 13)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from starlette.datastructures import Headers

_SETTLED = timedelta(seconds=2)
"""Dates count in whole seconds, and a change may become visible a second after its own moment: a date proves something
only when it is this much later than the last change."""


def etag(*parts: object) -> str:
    """Weak, because compression changes the bytes and not the meaning."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()
    return f'W/"{digest}"'


def validators(*, tag: str, modified: datetime, now: datetime) -> dict[str, str]:
    """ETag and Last-Modified. A young date proves nothing yet; a settled one is what If-Modified-Since must reach."""
    settled = _settled(modified)
    # The server's Date header may be up to a second old, and Last-Modified must not lie behind it.
    latest = now - timedelta(seconds=1)
    shown = settled if settled <= latest else min(modified, latest)
    return {"etag": tag, "last-modified": http_date(shown), "cache-control": "no-cache"}


def _settled(modified: datetime) -> datetime:
    return modified.replace(microsecond=0) + _SETTLED


@lru_cache(maxsize=256)
def http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def unchanged(headers: Headers, *, tag: str, modified: datetime, now: datetime) -> bool:
    """Whether the client's copy still holds. If-None-Match decides alone where it is given."""
    wanted = headers.get("if-none-match")
    if wanted is not None:
        plain = tag.removeprefix("W/")
        return wanted.strip() == "*" or any(item.strip().removeprefix("W/") == plain for item in wanted.split(","))
    since = headers.get("if-modified-since")
    if since is None or now < _settled(modified):
        return False
    try:
        moment = parsedate_to_datetime(since)
    except (ValueError, TypeError, IndexError):
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _settled(modified) <= moment
