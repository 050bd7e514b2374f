"""Make a key, or a second secret for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, insert, update

from open311_api.api_keys.models import ApiKey, ApiKeySecret
from open311_api.api_keys.queries import key_of
from open311_api.api_keys.types import SCOPES, NewKey, new_secret
from open311_api.db.database import Database
from open311_api.errors import Invalid, NotFound


async def create_key(
    db: Database,
    *,
    name: str,
    scopes: Sequence[str],
    jurisdiction_keys: Sequence[int] | None,
    not_after: datetime | None = None,
    kind: str = "live",
) -> NewKey:
    """A new key; without jurisdictions it serves all of them."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise Invalid.of(
            "scope", f"scope must be one or more of {', '.join(SCOPES)}" + (f", not {', '.join(unknown)}" if unknown else "")
        )
    key_id, text, digest = new_secret(kind)
    async with db.begin() as session:
        key: int = await session.value(
            insert(ApiKey)
            .values(
                name=name,
                scopes=sorted(set(scopes)),
                jurisdiction_keys=None if jurisdiction_keys is None else sorted(set(jurisdiction_keys)),
            )
            .returning(ApiKey.api_key_key)
        )
        await session.execute(insert(ApiKeySecret).values(key_id=key_id, api_key_key=key, secret_hash=digest, not_after=not_after))
    return NewKey(api_key_key=key, key_id=key_id, text=text)


async def rotate_key(db: Database, key_id: str, *, grace: timedelta) -> NewKey:
    """A second secret for the same holder; the ones before it work until ``grace`` has passed."""
    new_id, text, digest = new_secret()
    async with db.begin() as session:
        key = await key_of(session, key_id)
        if key is None:
            raise NotFound(f"no key has the id {key_id}; see: open311 keys list")
        ends = func.now() + grace
        await session.execute(
            update(ApiKeySecret)
            .where(ApiKeySecret.api_key_key == key, ApiKeySecret.revoked_at.is_(None))
            .values(not_after=func.least(func.coalesce(ApiKeySecret.not_after, ends), ends))
        )
        await session.execute(insert(ApiKeySecret).values(key_id=new_id, api_key_key=key, secret_hash=digest))
    return NewKey(api_key_key=key, key_id=new_id, text=text)
