"""Column types used by several tables."""

from __future__ import annotations

from typing import TypeVar

from geoalchemy2 import Geometry
from sqlalchemy import DateTime, Text, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql.elements import BindParameter, ColumnElement
from sqlalchemy.types import TypeEngine

T = TypeVar("T")

Moment = DateTime(timezone=True)
"""An instant, aware UTC inside."""

IdText = Text(collation="C")
"""Identifiers compare by code point: the same order everywhere, and the fastest index."""

Json = JSONB(none_as_null=True)
TextList = ARRAY(Text)


def point_geometry() -> Geometry:
    return Geometry("POINT", srid=4326, spatial_index=False)


def area_geometry() -> Geometry:
    return Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)


def parameter(name: str, kind: TypeEngine[T] | type[TypeEngine[T]]) -> BindParameter[T]:
    """A named parameter whose value is given when the statement runs."""
    return bindparam(name, type_=kind, required=False, value=None)


def point_at(long: ColumnElement[float], lat: ColumnElement[float]) -> ColumnElement[object]:
    """WGS84 point from GeoReport's lat and long: the one place where the order is swapped to long first."""
    return func.ST_SetSRID(func.ST_MakePoint(long, lat), 4326)
