"""Tables of events: facts without personal data, and the positions under which readers follow them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, Integer, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from open311_api.db.base import Base
from open311_api.db.columns import IdText, Json, Moment


class Event(Base):
    """One committed verb. ``position`` is given after the commit (publish.py); imported history keeps none of its own."""

    __tablename__ = "event"
    __table_args__ = (
        Index("uq_event_sequence", "jurisdiction_key", "request_key", "sequence", unique=True),
        Index("ix_event_position", "jurisdiction_key", "position", postgresql_where=text("position IS NOT NULL")),
        Index("ix_event_unpublished", "event_key", postgresql_where=text("position IS NULL AND import_key IS NULL")),
        Index("ix_event_import", "jurisdiction_key", "import_key", "event_key", postgresql_where=text("import_key IS NOT NULL")),
    )

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    event_key: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    type: Mapped[str] = mapped_column(IdText)
    occurred_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_timestamp())
    request_key: Mapped[int | None] = mapped_column(BigInteger)
    sequence: Mapped[int | None] = mapped_column(Integer)
    service_key: Mapped[int | None] = mapped_column(Integer)
    department_key: Mapped[int | None] = mapped_column(Integer)
    status: Mapped[str | None] = mapped_column(Text)
    api_key_key: Mapped[int | None] = mapped_column(BigInteger)
    import_key: Mapped[int | None] = mapped_column(BigInteger)
    position: Mapped[int | None] = mapped_column(BigInteger)
    data: Mapped[dict[str, Any]] = mapped_column(Json)


class FeedPosition(Base):
    """The last position given in a jurisdiction: one small row that readers and caches compare with."""

    __tablename__ = "feed_position"
    __table_args__ = {"postgresql_with": {"fillfactor": "50"}}  # noqa: RUF012 read by SQLAlchemy once

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger, server_default="0")
    published_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class ImportRun(Base):
    """One import: its events share the position that was given to the run as a whole."""

    __tablename__ = "import_run"
    __table_args__ = (Index("ix_import_run_unpublished", "import_key", postgresql_where=text("position IS NULL")),)

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    import_key: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    counts: Mapped[dict[str, Any]] = mapped_column(Json, server_default=text("'{}'::jsonb"))
    position: Mapped[int | None] = mapped_column(BigInteger)
