"""Stop a key, at once and for good."""

from __future__ import annotations

from sqlalchemy import func, update

from open311_api.api_keys.models import ApiKey, ApiKeySecret
from open311_api.api_keys.queries import key_of
from open311_api.db.database import Database
from open311_api.errors import NotFound


async def revoke_key(db: Database, key_id: str, *, only_this_secret: bool = False) -> None:
    """Revoke the holder with all its secrets, or only the secret with this id."""
    async with db.begin() as session:
        key = await key_of(session, key_id)
        if key is None:
            raise NotFound(f"no key has the id {key_id}; see: open311 keys list")
        if not only_this_secret:
            await session.execute(
                update(ApiKey).where(ApiKey.api_key_key == key, ApiKey.revoked_at.is_(None)).values(revoked_at=func.now())
            )
        secrets = update(ApiKeySecret).where(ApiKeySecret.api_key_key == key, ApiKeySecret.revoked_at.is_(None))
        if only_this_secret:
            secrets = secrets.where(ApiKeySecret.key_id == key_id)
        await session.execute(secrets.values(revoked_at=func.now()))
