"""What can go wrong with a whole import, and with one row of it."""

from __future__ import annotations

from collections.abc import Sequence

from open311_api.errors import Open311Error


class InvalidMapping(Open311Error):
    """The mapping document cannot be used; lists every problem with its line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class UnreadableTable(Open311Error):
    """The file is not a table this mapping can be used on; nothing was stored."""


class Rejected(Exception):
    """One row cannot be stored. ``reason`` is one of a few, to be counted; ``detail`` is about this row."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(reason)


WRONG_WIDTH = "cells do not match the header"
NOT_UTF8 = "bytes that are not UTF-8"
NOT_AN_OBJECT = "not an object"
TOO_LONG = "longer than a request may be"
NO_ID = "no id"
BAD_ID = "unusable id"
NO_TIME = "no opening time"
BAD_TIME = "a time that cannot be read"
NO_CATEGORY = "no category"
REPORTED_HERE = "id of a request that was reported here"
