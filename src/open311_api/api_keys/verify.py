"""From the text a client sent to the caller it stands for."""

from __future__ import annotations

import hmac

from open311_api.api_keys.queries import LIVE_SECRET
from open311_api.api_keys.types import DEMO, KEY_PATTERN, Caller, hash_key
from open311_api.db.database import Session
from open311_api.errors import KeyRefused

REFUSED = "api_key is missing or not valid"
"""One sentence for every way a key can fail: which one it was is nobody's business."""


async def verify_key(session: Session, text: str, *, refuse_demo: bool = False) -> Caller:
    """Look the key up each time, so that a revoked key stops at once. Raises KeyRefused."""
    match = KEY_PATTERN.fullmatch(text)
    if match is None or (refuse_demo and match[1] == DEMO):
        raise KeyRefused(REFUSED)
    row = await session.row(LIVE_SECRET, {"key_id": match[2]})
    # The comparison takes the same time for an unknown id as for a wrong secret.
    expected: bytes = row["secret_hash"] if row is not None else bytes(32)
    if not hmac.compare_digest(expected, hash_key(text)) or row is None:
        raise KeyRefused(REFUSED)
    keys = row["jurisdiction_keys"]
    return Caller(
        api_key_key=row["api_key_key"],
        name=row["name"],
        scopes=frozenset(row["scopes"]),
        jurisdiction_keys=None if keys is None else frozenset(keys),
    )
