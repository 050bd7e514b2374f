"""Who calls: the key of a request, where it may stand, and when it was last used."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from starlette.datastructures import Headers

from open311_api.api_keys.touch import touch_keys
from open311_api.api_keys.types import KEY_PATTERN, Caller
from open311_api.api_keys.verify import REFUSED, verify_key
from open311_api.db.database import Database
from open311_api.errors import KeyRefused, Unavailable

_REMEMBER_SECONDS = 5.0
_MOST_REMEMBERED = 10_000
_TOUCH_SECONDS = 60.0


def header_key(headers: Headers) -> str | None:
    """``Authorization: Bearer``, then ``X-Api-Key`` (contract 1.6)."""
    authorization = headers.get("authorization", "")
    if authorization[:7].lower() == "bearer ":
        return authorization[7:].strip() or None
    return headers.get("x-api-key", "").strip() or None


class Callers:
    """Verifies keys; remembers nothing that could let a revoked key write."""

    def __init__(self, db: Database, *, refuse_demo: bool) -> None:
        self._db = db
        self._refuse_demo = refuse_demo
        self._known: dict[str, tuple[float, Caller | None]] = {}
        self._used: set[int] = set()

    async def verify(self, text: str | None) -> Caller:
        """Asks the database each time. Raises KeyRefused."""
        if not text:
            raise KeyRefused(REFUSED)
        async with self._db.read() as session:
            caller = await verify_key(session, text, refuse_demo=self._refuse_demo)
        self._used.add(caller.api_key_key)
        return caller

    async def recognise(self, text: str) -> Caller | None:
        """For counting reads only: an answer may be five seconds old, and a wrong key is simply nobody."""
        if KEY_PATTERN.fullmatch(text) is None:
            return None
        now = time.monotonic()
        known = self._known.get(text)
        if known is not None and now - known[0] < _REMEMBER_SECONDS:
            return known[1]
        caller = None
        try:
            caller = await self.verify(text)
        except KeyRefused:
            pass
        except Unavailable:
            return None
        if len(self._known) > _MOST_REMEMBERED:
            self._known.clear()
        self._known[text] = (now, caller)
        return caller

    async def run(self) -> None:
        """Until cancelled: write, coarsely, which keys were used."""
        while True:
            await asyncio.sleep(_TOUCH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        used, self._used = self._used, set()
        if used:
            with suppress(Unavailable):
                await touch_keys(self._db, used)
