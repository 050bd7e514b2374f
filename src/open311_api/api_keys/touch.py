"""Remember, coarsely, when a key was last used."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BigInteger, any_, func, or_, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from open311_api.api_keys.models import ApiKey
from open311_api.db.columns import parameter
from open311_api.db.database import Database
from open311_api.db.statements import Statement

_TOUCH = Statement(
    update(ApiKey)
    .where(
        ApiKey.api_key_key == any_(parameter("keys", ARRAY(BigInteger))),
        or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < func.now() - text("interval '1 hour'")),
    )
    .values(last_used_at=func.now())
)


async def touch_keys(db: Database, keys: Iterable[int]) -> None:
    """At most one write an hour for a key, however busy it is."""
    async with db.begin() as session:
        await session.execute(_TOUCH, {"keys": sorted(keys)})
