"""Query and form text as it came in: many values for a name, empty the same as absent (contract 1.2 and 2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import parse_qsl

from open311_api.errors import Invalid, TooLarge

MAXIMUM_FIELDS = 1000
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Parameters:
    """Names in lower case (not attribute codes); values in the order they came."""

    __slots__ = ("_values",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(_normal(name), []).append(value)

    @classmethod
    def of_query(cls, query: bytes) -> Parameters:
        """Lenient about stray percent signs, strict about UTF-8. Raises Invalid. Not to be changed: pollers share it."""
        return _parsed_again(query) if len(query) <= _SHORT else cls._parsed(query)

    @classmethod
    def _parsed(cls, query: bytes) -> Parameters:
        try:
            found = cls(parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAXIMUM_FIELDS))
        except UnicodeDecodeError as error:
            raise Invalid.of("query", "the query string is not valid UTF-8; percent-encode text as UTF-8") from error
        except ValueError as error:
            raise Invalid.of("query", f"the query string has more than {MAXIMUM_FIELDS} parameters") from error
        if b"%00" in query:
            names = ", ".join(name.replace("\0", "") for name, values in found.normal() if "\0" in name + "".join(values))
            raise Invalid.of("query", f"{names[:80]} holds a NUL character; send text only")
        return found

    @classmethod
    def of_form(cls, body: bytes) -> Parameters:
        """application/x-www-form-urlencoded, UTF-8 whatever the label says. Raises Invalid or TooLarge."""
        if _BAD_ESCAPE.search(body):
            raise Invalid.of("body", "the body has a percent sign that starts no escape; write it as %25")
        if body.count(b"&") >= MAXIMUM_FIELDS:
            raise TooLarge(f"the body has more than {MAXIMUM_FIELDS} fields")
        try:
            pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")
        except UnicodeDecodeError as error:
            raise Invalid.of("body", "the body is not valid UTF-8") from error
        return cls(pairs)

    def names(self) -> Iterable[str]:
        return self._values.keys()

    def add_missing(self, other: Parameters) -> None:
        """Take from ``other`` what is absent or empty here."""
        for name, values in other._values.items():
            if not any(self._values.get(name, ())):
                self._values[name] = values

    def normal(self) -> list[tuple[str, list[str]]]:
        """Equal for queries that differ only in the order of their parameters."""
        return sorted(self._values.items())

    def raw(self, name: str) -> list[str]:
        """Every value as it came, empty ones too."""
        return self._values.get(name, [])

    def all(self, *names: str) -> list[str]:
        """Every value that is not empty, of all these names."""
        return [value for name in names for value in self._values.get(name, ()) if value.strip()]

    def text(self, *names: str) -> str | None:
        """The value of the first of these names that has one. Raises Invalid when it came twice, differently."""
        for name in names:
            values = self._values.get(name)
            if not values:
                continue
            found = [stripped for value in values if (stripped := value.strip())]
            if not found:
                continue
            if len(found) > 1 and any(value != found[0] for value in found):
                raise Invalid.of(name, f"{name} was sent twice with different values; send it once")
            return found[0]
        return None

    def items(self, *names: str) -> tuple[str, ...]:
        """Comma-separated and repeated values together; blanks, empty items and duplicates dropped."""
        found = (item.strip() for value in self.all(*names) for item in value.split(","))
        return tuple(dict.fromkeys(item for item in found if item))


_SHORT = 1000
"""Bytes of a query that is worth remembering."""


@lru_cache(maxsize=500)
def _parsed_again(query: bytes) -> Parameters:
    """A poller asks the same question again and again."""
    return Parameters._parsed(query)


def _normal(name: str) -> str:
    """Lower case, except for what stands in brackets."""
    bracket = name.find("[")
    if bracket < 0:
        return name.strip().lower()
    head = name[:bracket].strip().lower()
    return head + name[bracket:] if head == "attribute" else head + name[bracket:].lower()


def flag(text: str | None, *, name: str) -> bool | None:
    """true/1/yes and false/0/no in any case. Raises Invalid."""
    if text is None:
        return None
    word = text.lower()
    if word in ("true", "1", "yes"):
        return True
    if word in ("false", "0", "no"):
        return False
    raise Invalid.of(name, f"{name} must be true or false, not {text[:40]!r}")


def decimal_number(text: str, *, name: str, low: float, high: float) -> float:
    """Decimal degrees or metres with a dot. Raises Invalid."""
    if not _DECIMAL.fullmatch(text):
        hint = "; use a dot as decimal sign" if "," in text else ""
        raise Invalid.of(name, f"{name} must be a decimal number, not {text[:40]!r}{hint}")
    value = float(text)
    if not low <= value <= high:
        raise Invalid.of(name, f"{name} must be between {low:g} and {high:g}")
    return value


_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
