"""Tables of API keys and of the answers they were given under an Idempotency-Key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, LargeBinary, SmallInteger, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from open311_api.db.base import Base
from open311_api.db.columns import IdText, Json, Moment, TextList


class ApiKey(Base):
    """A holder with scopes and jurisdictions; survives the rotation of its secret."""

    __tablename__ = "api_key"

    api_key_key: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(TextList)
    jurisdiction_keys: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)


class ApiKeySecret(Base):
    """One live or retired secret of a key; only its hash is kept."""

    __tablename__ = "api_key_secret"
    __table_args__ = (Index("ix_api_key_secret_api_key_key", "api_key_key"),)

    key_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    api_key_key: Mapped[int] = mapped_column(ForeignKey("api_key.api_key_key"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    not_after: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class IdempotencyRecord(Base):
    """The answer given under an Idempotency-Key, written in the transaction of its effect."""

    __tablename__ = "idempotency_record"
    __table_args__ = (Index("ix_idempotency_record_created_at", "created_at"),)

    api_key_key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    operation: Mapped[str] = mapped_column(IdText, primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(IdText, primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status_code: Mapped[int] = mapped_column(SmallInteger)
    answer: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
