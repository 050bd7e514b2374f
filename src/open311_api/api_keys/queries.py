"""Every SELECT over keys."""

from __future__ import annotations

from sqlalchemy import Text, and_, func, or_, select

from open311_api.api_keys.models import ApiKey, ApiKeySecret
from open311_api.api_keys.types import KeySummary
from open311_api.db.columns import parameter
from open311_api.db.database import Session
from open311_api.db.statements import Statement

LIVE_SECRET = Statement(
    select(ApiKey.api_key_key, ApiKey.name, ApiKey.scopes, ApiKey.jurisdiction_keys, ApiKeySecret.secret_hash)
    .join(ApiKeySecret, ApiKeySecret.api_key_key == ApiKey.api_key_key)
    .where(
        ApiKeySecret.key_id == parameter("key_id", Text),
        ApiKeySecret.revoked_at.is_(None),
        ApiKey.revoked_at.is_(None),
        or_(ApiKeySecret.not_after.is_(None), ApiKeySecret.not_after > func.now()),
    )
)
"""Parameter key_id: text. One row when that secret may be used now."""


async def list_keys(session: Session) -> list[KeySummary]:
    """All keys, newest first; two live ids stand side by side during a rotation."""
    live = and_(ApiKeySecret.revoked_at.is_(None), or_(ApiKeySecret.not_after.is_(None), ApiKeySecret.not_after > func.now()))
    rows = await session.fetch(
        select(
            ApiKey.api_key_key,
            ApiKey.name,
            ApiKey.scopes,
            ApiKey.jurisdiction_keys,
            ApiKey.created_at,
            ApiKey.last_used_at,
            ApiKey.revoked_at,
            func.array_agg(ApiKeySecret.key_id).filter(live).label("key_ids"),
            func.max(ApiKeySecret.not_after).filter(live).label("not_after"),
        )
        .join(ApiKeySecret, ApiKeySecret.api_key_key == ApiKey.api_key_key)
        .group_by(ApiKey.api_key_key)
        .order_by(ApiKey.api_key_key.desc())
    )
    return [
        KeySummary(
            key_ids=tuple(row["key_ids"] or ()),
            api_key_key=row["api_key_key"],
            name=row["name"],
            scopes=tuple(row["scopes"]),
            jurisdiction_keys=None if row["jurisdiction_keys"] is None else tuple(row["jurisdiction_keys"]),
            created_at=row["created_at"],
            last_used_at=row["last_used_at"],
            not_after=row["not_after"],
            revoked=row["revoked_at"] is not None or not row["key_ids"],
        )
        for row in rows
    ]


async def key_of(session: Session, key_id: str) -> int | None:
    """The key that owns this id, live or not."""
    found: int | None = await session.value(select(ApiKeySecret.api_key_key).where(ApiKeySecret.key_id == key_id))
    return found
