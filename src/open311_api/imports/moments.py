"""Local times in the formats of one table, read into whole seconds since 1970 UTC."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

ISO = "ISO"
"""Instead of a format: whatever ISO 8601 allows, with or without a zone."""

_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "p": 2}
_DIRECTIVE = re.compile(r"%(.)")
_PART = re.compile(r"%.|.", re.DOTALL)
_WITHIN_HOUR = {f"{minute:02}:{second:02}": minute * 60 + second for minute in range(60) for second in range(60)}
_HOURS = {"H": {f"{hour:02}": hour * 3600 for hour in range(24)}, "I": {f"{hour:02}": hour % 12 * 3600 for hour in range(1, 13)}}
_ENDS = {"H": ("00:00:00", "23:59:59", 86_399), "I": ("12:00:00", "11:59:59", 43_199)}
"""First and last second of what one key stands for: a day, or half of one, and the seconds between them."""

_MOST_REMEMBERED = 100_000


def format_problem(text: str) -> str | None:
    """Why this cannot be a date format."""
    if text == ISO:
        return None
    found = set(_DIRECTIVE.findall(text))
    if unknown := found - {*_WIDTHS, *"fzybBj"}:
        return f"%{min(unknown)} is not a part of a date this importer reads"
    if not ({"Y", "y"} & found and (({"m", "b", "B"} & found and "d" in found) or "j" in found)):
        return "must hold a year, a month and a day, such as %Y-%m-%d %H:%M:%S, or be the word ISO"
    return None


class _Format:
    """One format with the days seen so far.

    Within a day on which no clock is moved, a time is the day's beginning plus hours, minutes and seconds: looking up
    the text without them replaces strptime, which costs more than all the rest of a row.
    """

    def __init__(self, text: str, zone: ZoneInfo) -> None:
        self._text = text
        self._zone = zone
        self.at, self.end, clock = (11, None, "H") if text == ISO else _layout(text)
        self.hours = _HOURS[clock]
        self._ends = _ENDS[clock]
        self.days: dict[str, int | None] = {}
        """By the text without the time of day; None when no such day can be read."""
        self.whole: dict[str, int | None] = {}
        """By the whole text, where it has no time of day, or not where it is looked for."""

    def slow(self, text: str, day: str) -> int | None:
        """Parse it, and remember the day when that allows the quick way from now on."""
        moment = self._tried(text)
        first, last, seconds = self._ends
        begins, ends = (self._tried(text[: self.at] + time + text[self.at + 8 :]) for time in (first, last))
        if begins is None or ends == begins + seconds:
            if len(self.days) > _MOST_REMEMBERED:
                self.days.clear()
            self.days[day] = begins
        return moment

    def looked_up(self, text: str) -> int | None:
        if text not in self.whole:
            if len(self.whole) > _MOST_REMEMBERED:
                self.whole.clear()
            self.whole[text] = self._tried(text)
        return self.whole[text]

    def _tried(self, text: str) -> int | None:
        try:
            moment = datetime.fromisoformat(text) if self._text == ISO else datetime.strptime(text, self._text)  # noqa: DTZ007 next
            if moment.tzinfo is None:
                # A time that the clocks show twice is the first of the two; one they leave out is counted on from before.
                moment = moment.replace(tzinfo=self._zone)
            return int(moment.timestamp() // 1)
        except (ValueError, OverflowError):
            return None


def _layout(text: str) -> tuple[int, int | None, str]:
    """Where the time of day begins, where a fraction at the end is cut off, and which clock it is.

    -1 for a format without ``%H:%M:%S`` at a fixed place: its texts are looked up whole, which is right for dates alone.
    """
    position, at, end, clock = 0, -1, None, "H"
    parts = _PART.findall(text)
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part in ("%H", "%I") and parts[index + 1 : index + 5] == [":", "%M", ":", "%S"]:
            at, clock = position, part[1]
        elif part == "%f" and last and at >= 0:
            end = position - 1  # with the point before it
        elif part[0] == "%" and part[1:] not in _WIDTHS and not (part == "%z" and last):
            return -1, None, "H"
        position += _WIDTHS[part[1]] if part[0] == "%" and part[1:] in _WIDTHS else 1
    return at, end, clock


class Moments:
    """Reads a text with the first format that fits."""

    def __init__(self, formats: tuple[str, ...], zone: ZoneInfo) -> None:
        self._formats = tuple(_Format(text, zone) for text in formats)

    def __call__(self, text: str) -> int:
        """Raises ValueError when no format fits."""
        for form in self._formats:
            at, end = form.at, form.end
            hour, within = form.hours.get(text[at : at + 2]), _WITHIN_HOUR.get(text[at + 3 : at + 8])
            if at < 0 or hour is None or within is None or text[at + 2] != ":" or (end and not text[end + 1 :].isdigit()):
                moment = form.looked_up(text)
            else:
                day = text[:at] + text[at + 8 : end]
                begins = form.days.get(day)
                if begins is not None:
                    return begins + hour + within
                moment = None if day in form.days else form.slow(text, day)
            if moment is not None:
                return moment
        raise ValueError(text)
