"""Forget answers whose Idempotency-Key has lost its life."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, tuple_

from open311_api.api_keys.models import IdempotencyRecord
from open311_api.db.columns import Moment, parameter
from open311_api.db.database import Database
from open311_api.db.statements import Statement

_BATCH = 1000
_KEY = (IdempotencyRecord.api_key_key, IdempotencyRecord.operation, IdempotencyRecord.idempotency_key)
_FORGET = Statement(
    delete(IdempotencyRecord).where(
        tuple_(*_KEY).in_(
            select(*_KEY)
            .where(IdempotencyRecord.created_at < parameter("before", Moment))
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        )
    )
)


async def forget_old_answers(db: Database, *, before: datetime) -> int:
    """In small transactions, so that no client waits for it. Says how many."""
    total = 0
    while True:
        async with db.begin() as session:
            count = await session.execute(_FORGET, {"before": before})
        total += count
        if count < _BATCH:
            return total
