"""Tables of service requests, their public and private notes, and the personal data kept apart from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from open311_api.db.base import Base
from open311_api.db.columns import IdText, Json, Moment, TextList, point_geometry

_NEWEST_FIRST = ("requested_datetime DESC", "service_request_id DESC NULLS LAST")
_FRAGMENT_KEY = ["version", "listed", "status"]
"""With these in the index, a page of a list is found without touching the table; documents come from the cache."""


class ServiceRequest(Base):
    """Every field of GeoReport v2 and what routing, the back office and the caches need."""

    __tablename__ = "service_request"
    __table_args__ = (
        ForeignKeyConstraint(["jurisdiction_key"], ["jurisdiction.jurisdiction_key"]),
        ForeignKeyConstraint(["jurisdiction_key", "service_key"], ["service.jurisdiction_key", "service.service_key"]),
        ForeignKeyConstraint(
            ["jurisdiction_key", "department_key"],
            ["department.jurisdiction_key", "department.department_key"],
            ondelete="RESTRICT",
        ),
        ForeignKeyConstraint(["jurisdiction_key", "detailed_status"], ["detailed_status.jurisdiction_key", "detailed_status.code"]),
        CheckConstraint("status IN ('open', 'closed')", name="status"),
        CheckConstraint("visibility IN ('public', 'masked', 'private')", name="visibility"),
        CheckConstraint("moderation IN ('approved', 'pending', 'rejected')", name="moderation"),
        Index(
            "uq_service_request_id",
            "jurisdiction_key",
            "service_request_id",
            unique=True,
            postgresql_include=["version", "listed"],
        ),
        Index("uq_service_request_token", "jurisdiction_key", "token", unique=True, postgresql_where=text("token IS NOT NULL")),
        Index(
            "ix_service_request_requested",
            "jurisdiction_key",
            *(text(column) for column in _NEWEST_FIRST),
            postgresql_include=_FRAGMENT_KEY,
        ),
        Index(
            "ix_service_request_service",
            "jurisdiction_key",
            "service_key",
            *(text(column) for column in _NEWEST_FIRST),
            postgresql_include=_FRAGMENT_KEY,
        ),
        Index(
            "ix_service_request_department",
            "jurisdiction_key",
            "department_key",
            *(text(column) for column in _NEWEST_FIRST),
            postgresql_include=_FRAGMENT_KEY,
        ),
        Index(
            "ix_service_request_open",
            "jurisdiction_key",
            *(text(column) for column in _NEWEST_FIRST),
            postgresql_include=["version", "listed", "service_key", "department_key"],
            postgresql_where=text("status = 'open'"),
        ),
        Index(
            "ix_service_request_updated",
            "jurisdiction_key",
            text("updated_datetime DESC"),
            text("service_request_id DESC NULLS LAST"),
            postgresql_include=_FRAGMENT_KEY,
        ),
        Index(
            "ix_service_request_unnumbered",
            "jurisdiction_key",
            "request_key",
            postgresql_where=text("service_request_id IS NULL"),
        ),
        Index("ix_service_request_location", "location", postgresql_using="gist"),
        Index("ix_service_request_search", "search", postgresql_using="gin"),
        Index(
            "ix_service_request_trigram",
            literal_column("(coalesce(title, '') || ' ' || coalesce(address, ''))").label("words"),
            postgresql_using="gin",
            postgresql_ops={"words": "gin_trgm_ops"},
        ),
        Index(
            "ix_service_request_parent",
            "jurisdiction_key",
            "parent_request_key",
            postgresql_where=text("parent_request_key IS NOT NULL"),
        ),
        Index(
            "ix_service_request_object",
            "jurisdiction_key",
            "service_object_type",
            "service_object_id",
            postgresql_where=text("service_object_id IS NOT NULL"),
        ),
    )

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    request_key: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    service_request_id: Mapped[str | None] = mapped_column(IdText)
    token: Mapped[str | None] = mapped_column(IdText)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    service_key: Mapped[int] = mapped_column(Integer)
    definition_version: Mapped[int | None] = mapped_column(Integer)
    department_key: Mapped[int] = mapped_column(Integer)
    pending_strategies: Mapped[list[str]] = mapped_column(TextList, server_default=text("'{}'::text[]"))
    status: Mapped[str] = mapped_column(Text, server_default="open")
    detailed_status: Mapped[str] = mapped_column(IdText)
    status_notes: Mapped[str | None] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(Text, server_default="public")
    moderation: Mapped[str] = mapped_column(Text, server_default="approved")
    listed: Mapped[bool] = mapped_column(
        Computed("service_request_id IS NOT NULL AND visibility <> 'private' AND moderation = 'approved'", persisted=True)
    )
    channel: Mapped[str] = mapped_column(Text, server_default="api")
    title: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    service_notice: Mapped[str | None] = mapped_column(Text)
    requested_datetime: Mapped[datetime] = mapped_column(Moment)
    updated_datetime: Mapped[datetime] = mapped_column(Moment)
    expected_datetime: Mapped[datetime | None] = mapped_column(Moment)
    closed_datetime: Mapped[datetime | None] = mapped_column(Moment)
    address: Mapped[str | None] = mapped_column(Text)
    address_id: Mapped[str | None] = mapped_column(Text)
    zipcode: Mapped[str | None] = mapped_column(Text)
    location: Mapped[WKBElement | None] = mapped_column(point_geometry())
    media_urls: Mapped[list[str]] = mapped_column(TextList, server_default=text("'{}'::text[]"))
    attribute_answers: Mapped[list[dict[str, Any]]] = mapped_column(Json, server_default=text("'[]'::jsonb"))
    extended_attributes: Mapped[dict[str, Any]] = mapped_column(Json, server_default=text("'{}'::jsonb"))
    extra_answers: Mapped[dict[str, Any]] = mapped_column(Json, server_default=text("'{}'::jsonb"))
    service_object_type: Mapped[str | None] = mapped_column(Text)
    service_object_id: Mapped[str | None] = mapped_column(Text)
    duplicate: Mapped[bool] = mapped_column(server_default="false")
    parent_request_key: Mapped[int | None] = mapped_column(BigInteger)
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    api_key_key: Mapped[int | None] = mapped_column(BigInteger)
    content_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    search: Mapped[str] = mapped_column(
        TSVECTOR,
        Computed(
            "to_tsvector('open311'::regconfig, coalesce(title, '') || ' ' || coalesce(description, '') || ' ' || "
            "coalesce(address, '') || ' ' || coalesce(service_request_id, ''))",
            persisted=True,
        ),
    )


class Contact(Base):
    """Personal data of who reported: sealed, and deleted as a row when it must go."""

    __tablename__ = "contact"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_key", "request_key"],
            ["service_request.jurisdiction_key", "service_request.request_key"],
            ondelete="CASCADE",
        ),
        Index("ix_contact_email_hash", "email_hash", postgresql_where=text("email_hash IS NOT NULL")),
        Index("ix_contact_phone_hash", "phone_hash", postgresql_where=text("phone_hash IS NOT NULL")),
    )

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    request_key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    email_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Note(Base):
    """Words that went with a change; a public one is shown on GeoReport, a private one only to staff."""

    __tablename__ = "note"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_key", "request_key"],
            ["service_request.jurisdiction_key", "service_request.request_key"],
            ondelete="CASCADE",
        ),
    )

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    request_key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True)
    public: Mapped[bool] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class ClientReference(Base):
    """A reference of the client's own (client_request_id, fixmystreet_id): a repeat finds the first request."""

    __tablename__ = "client_reference"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_key", "request_key"],
            ["service_request.jurisdiction_key", "service_request.request_key"],
            ondelete="CASCADE",
        ),
        Index("ix_client_reference_request_key", "jurisdiction_key", "request_key"),
    )

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    api_key_key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    service_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(IdText, primary_key=True)
    reference: Mapped[str] = mapped_column(IdText, primary_key=True)
    request_key: Mapped[int] = mapped_column(BigInteger)
