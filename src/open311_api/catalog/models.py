"""Tables of the catalogue: jurisdictions, departments, services with their definitions, statuses, areas."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Identity, Index, Integer, SmallInteger, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from open311_api.db.base import Base
from open311_api.db.columns import IdText, Json, Moment, TextList, area_geometry

EMPTY_OBJECT = text("'{}'::jsonb")
EMPTY_LIST = text("'{}'::text[]")


class Jurisdiction(Base):
    """A city served."""

    __tablename__ = "jurisdiction"

    jurisdiction_key: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    jurisdiction_id: Mapped[str] = mapped_column(IdText, unique=True)
    name: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text, server_default="UTC")
    locale: Mapped[str] = mapped_column(Text, server_default="en")
    request_id_format: Mapped[str] = mapped_column(Text, server_default="SR-{year}-{number:06}")
    boundary: Mapped[WKBElement | None] = mapped_column(area_geometry())
    settings: Mapped[dict[str, Any]] = mapped_column(Json, server_default=EMPTY_OBJECT)
    catalog_version: Mapped[int] = mapped_column(BigInteger, server_default="1")
    catalog_changed_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Department(Base):
    """Who answers; its name is shown as agency_responsible unless it is not public."""

    __tablename__ = "department"
    __table_args__ = (
        ForeignKeyConstraint(["jurisdiction_key"], ["jurisdiction.jurisdiction_key"]),
        Index("uq_department_code", "jurisdiction_key", "code", unique=True),
        Index("uq_department_triage", "jurisdiction_key", unique=True, postgresql_where=text("triage")),
    )

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    department_key: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(IdText)
    name: Mapped[str] = mapped_column(Text)
    triage: Mapped[bool] = mapped_column(server_default="false")
    public: Mapped[bool] = mapped_column(server_default="true")
    active: Mapped[bool] = mapped_column(server_default="true")
    contact: Mapped[dict[str, Any]] = mapped_column(Json, server_default=EMPTY_OBJECT)


class Service(Base):
    """A kind of thing to report. Retired services stay, so that their requests keep a name."""

    __tablename__ = "service"
    __table_args__ = (
        ForeignKeyConstraint(["jurisdiction_key"], ["jurisdiction.jurisdiction_key"]),
        ForeignKeyConstraint(["jurisdiction_key", "department_key"], ["department.jurisdiction_key", "department.department_key"]),
        Index("uq_service_code", "jurisdiction_key", "code", unique=True),
        CheckConstraint("type IN ('realtime', 'batch', 'blackbox')", name="type"),
    )

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    service_key: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(IdText)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    type: Mapped[str] = mapped_column(Text, server_default="realtime")
    keywords: Mapped[list[str]] = mapped_column(TextList, server_default=EMPTY_LIST)
    groups: Mapped[list[str]] = mapped_column(TextList, server_default=EMPTY_LIST)
    position: Mapped[int] = mapped_column(Integer, server_default="0")
    active: Mapped[bool] = mapped_column(server_default="true")
    notice: Mapped[str | None] = mapped_column(Text)
    description_required: Mapped[bool] = mapped_column(server_default="false")
    visibility: Mapped[str] = mapped_column(Text, server_default="public")
    department_key: Mapped[int | None] = mapped_column(Integer)
    definition_version: Mapped[int | None] = mapped_column(Integer)
    translations: Mapped[dict[str, Any]] = mapped_column(Json, server_default=EMPTY_OBJECT)
    settings: Mapped[dict[str, Any]] = mapped_column(Json, server_default=EMPTY_OBJECT)


class ServiceDefinition(Base):
    """One version of a service's questions. Never changed: a request keeps the version it was filed under."""

    __tablename__ = "service_definition"
    __table_args__ = (
        ForeignKeyConstraint(["jurisdiction_key", "service_key"], ["service.jurisdiction_key", "service.service_key"]),
    )

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    service_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    attributes: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class DetailedStatus(Base):
    """A status finer than open or closed, with its word in each dialect and what may follow it."""

    __tablename__ = "detailed_status"
    __table_args__ = (
        ForeignKeyConstraint(["jurisdiction_key"], ["jurisdiction.jurisdiction_key"]),
        CheckConstraint("status IN ('open', 'closed')", name="status"),
        Index("uq_detailed_status_default", "jurisdiction_key", "status", unique=True, postgresql_where=text("is_default")),
    )

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    citysdk_word: Mapped[str] = mapped_column(Text)
    update_word: Mapped[str] = mapped_column(Text)
    allowed_next: Mapped[list[str] | None] = mapped_column(TextList)
    is_default: Mapped[bool] = mapped_column(server_default="false")
    position: Mapped[int] = mapped_column(SmallInteger, server_default="0")


class AreaSet(Base):
    """A layer of areas, such as districts; its versions replace each other whole."""

    __tablename__ = "area_set"
    __table_args__ = (
        ForeignKeyConstraint(["jurisdiction_key"], ["jurisdiction.jurisdiction_key"]),
        Index("uq_area_set_code", "jurisdiction_key", "code", unique=True),
    )

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    area_set_key: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(IdText)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="0")
    changed_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Area(Base):
    """A named polygon of one version of an area set."""

    __tablename__ = "area"
    __table_args__ = (
        ForeignKeyConstraint(["jurisdiction_key", "area_set_key"], ["area_set.jurisdiction_key", "area_set.area_set_key"]),
        Index("ix_area_geometry", "geometry", postgresql_using="gist"),
    )

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    area_set_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    priority: Mapped[int] = mapped_column(Integer, server_default="0")
    geometry: Mapped[WKBElement] = mapped_column(area_geometry())
    properties: Mapped[dict[str, Any]] = mapped_column(Json, server_default=EMPTY_OBJECT)


class ServiceArea(Base):
    """A service is offered only in the areas named here; without any, everywhere in the jurisdiction."""

    __tablename__ = "service_area"
    __table_args__ = (
        ForeignKeyConstraint(["jurisdiction_key", "service_key"], ["service.jurisdiction_key", "service.service_key"]),
        ForeignKeyConstraint(["jurisdiction_key", "area_set_key"], ["area_set.jurisdiction_key", "area_set.area_set_key"]),
    )

    jurisdiction_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    service_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    area_set_key: Mapped[int] = mapped_column(Integer, primary_key=True)
    area_code: Mapped[str] = mapped_column(IdText, primary_key=True)
