"""Date-times as clients write them, and as the specification wants them (contract 1.2 and 2.3)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

# Written with [0-9]: \d would take Arabic and other digits too.
_PATTERN = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]{1,9})?)?"
    r"\s?(Z|z|[+\- ][0-9]{2}(?::?[0-9]{2})?)?)?"
)


def parse_moment(text: str, zone: ZoneInfo, *, end_of_day: bool = False) -> datetime:
    """An aware UTC instant, whole seconds. Raises ValueError.

    A blank before the offset is a ``+`` that URL decoding ate. No zone means the jurisdiction's; a local time that a
    clock change skipped is read with the offset from before it. A date alone is the beginning (or end) of that day.
    """
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, offset = match.groups()
    calendar_day = date(int(year), int(month), int(day))
    if hour is None:
        clock = time(23, 59, 59) if end_of_day else time()
        local = datetime.combine(calendar_day, clock, zone)
    else:
        zone_given = _offset(offset) if offset else zone
        local = datetime.combine(calendar_day, time(int(hour), int(minute), int(second or 0)), zone_given)
    try:
        return local.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def _offset(text: str) -> timezone:
    if text in ("Z", "z"):
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text.lstrip("+- ").replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(text)
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


def format_moment(moment: datetime, zone: ZoneInfo) -> str:
    """With the jurisdiction's offset and never a fraction."""
    return moment.astimezone(zone).isoformat(timespec="seconds")


def is_date_only(text: str) -> bool:
    return len(text.strip()) == len("2026-01-01")
