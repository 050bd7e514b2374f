"""Ids of service requests: made from a sequence in the jurisdiction's format, never reused."""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from open311_api.errors import ConfigurationError

_NUMBER = re.compile(r"\{number(?::0?(\d{1,2}))?\}")
_ALLOWED = re.compile(r"[A-Za-z0-9_-]*")
_TOKEN_ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class IdFormat:
    """What stands around the number, and how wide it is padded. ``{year}`` is the year of the report."""

    before: str
    after: str
    width: int

    def prefix(self, at: datetime) -> str:
        return self.before.replace("{year}", f"{at.year:04}")

    def suffix(self, at: datetime) -> str:
        return self.after.replace("{year}", f"{at.year:04}")


@lru_cache(maxsize=1024)
def parse_format(text: str) -> IdFormat:
    """``SR-{year}-{number:06}`` and the like. Raises ConfigurationError."""
    numbers = list(_NUMBER.finditer(text))
    if len(numbers) != 1:
        raise ConfigurationError(f"request_id_format {text!r} must hold {{number}} once, such as SR-{{year}}-{{number:06}}")
    match = numbers[0]
    before, after = text[: match.start()], text[match.end() :]
    plain = (before + after).replace("{year}", "")
    if not _ALLOWED.fullmatch(plain) or len(plain) > 32:
        raise ConfigurationError(
            f"request_id_format {text!r} may hold only letters, digits, - and _ beside {{year}} and {{number}}"
        )
    return IdFormat(before=before, after=after, width=int(match[1] or 1))


def format_id(format_text: str, number: int, *, at: datetime, time_zone: str) -> str:
    """The id with this number, for a report made at this moment."""
    shape, local = parse_format(format_text), at.astimezone(ZoneInfo(time_zone))
    return f"{shape.prefix(local)}{number:0{shape.width}}{shape.suffix(local)}"


def new_token() -> str:
    """Stands in for an id not yet given; 80 bits, so that nobody finds one by trying."""
    return "tk-" + "".join(secrets.choice(_TOKEN_ALPHABET) for _ in range(16))
