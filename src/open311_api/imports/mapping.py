"""The mapping document: how the columns of one city's table become the fields of a service request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, field_validator

from open311_api.catalog.types import CHANNELS
from open311_api.imports.moments import format_problem
from open311_api.imports.sources import Column, First, Joined, SourceField, column_names, parse_source

_EXTENDED_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
RESERVED = frozenset(
    {
        "title",
        "detailed_status",
        "media_urls",
        "service_object_id",
        "service_object_type",
        "channel",
        "closed_datetime",
        "duplicate",
        "parent_service_request_id",
        "jurisdiction_id",
        "distance",
    }
)
"""Extended attributes that the server writes itself."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not a time zone; write a name such as America/Chicago") from None
    return value


def _date_format(value: str) -> str:
    if problem := format_problem(value):
        raise ValueError(problem)
    return value


def _channel(value: str) -> str:
    if value not in CHANNELS:
        raise ValueError(f"must be one of {', '.join(CHANNELS)}")
    return value


def _short(key: str) -> BeforeValidator:
    """Lets a part that needs only one thing be written as that thing."""
    return BeforeValidator(lambda value: value if isinstance(value, dict) and key in value else {key: value})


Channel = Annotated[str, AfterValidator(_channel)]
Side = Literal["open", "closed"]


class IdRule(_Part):
    """The source's own id of a request. ``absent: make`` makes ids for a table without the column, from its rows."""

    columns: SourceField
    absent: Literal["refuse", "make"] = "refuse"


class StatusWord(_Part):
    """What one word of the source means. A detailed status that the city does not know becomes its side's default."""

    status: Side
    detailed: str | None = None
    duplicate: bool = False


class StatusRule(_Part):
    """Words are compared without regard to case; one that is not listed counts as closed when there is a closing time."""

    columns: SourceField
    words: dict[str, Annotated[StatusWord, _short("status")]] = Field(min_length=1)


class ServiceRule(_Part):
    """The code is made from ``code``, or from the name where there is none; unknown services are created."""

    name: SourceField
    code: SourceField | None = None
    group: SourceField | None = None
    otherwise: str | None = None
    """Name of the service for rows without a category; without it they are rejected."""


class DepartmentRule(_Part):
    """Unknown departments are created; a row without one goes to its service's department, or to triage."""

    code: SourceField
    name: SourceField | None = None
    names: dict[str, str] = {}
    """Names for codes, where the table has only codes."""


class LatLong(_Part):
    lat: SourceField
    long: SourceField


class PointText(_Part):
    """``(lat, long)``, WKT, or EWKB in hexadecimal: told apart by how the text begins."""

    point: SourceField


class Projected(_Part):
    x: SourceField
    y: SourceField
    crs: str

    @field_validator("crs")
    @classmethod
    def _known(cls, value: str) -> str:
        from pyproj import CRS
        from pyproj.exceptions import CRSError

        if not re.fullmatch(r"(EPSG|ESRI):[0-9]{4,6}", value):
            raise ValueError("must be a code such as EPSG:2263 or ESRI:102696")
        try:
            CRS(value)
        except CRSError:
            raise ValueError(f"{value} is not a known coordinate reference system") from None
        return value


def _kind_of_place(value: Any) -> str | None:
    for key in ("lat", "point", "x"):
        if isinstance(value, dict) and key in value:
            return key
    return None


_WHICH_PLACE = Discriminator(
    _kind_of_place, custom_error_type="place", custom_error_message="must have lat and long, or point, or x, y and crs"
)
Place = Annotated[
    Annotated[LatLong, Tag("lat")] | Annotated[PointText, Tag("point")] | Annotated[Projected, Tag("x")], _WHICH_PLACE
]


class ZipRule(_Part):
    """A code that a spreadsheet took for a number gets its zeros back: 2121.0 with five digits is 02121."""

    columns: SourceField
    digits: int = Field(5, ge=0, le=10)


class ChannelRule(_Part):
    columns: SourceField
    words: dict[str, Channel]
    otherwise: Channel = "other"


def _extended(value: Any) -> Any:
    """A list of columns keeps their names; a mapping gives others."""
    if isinstance(value, list):
        sources = [parse_source(item) for item in value]
        if not all(isinstance(source, Column) for source in sources):
            raise ValueError("a list may hold only column names; write key: … for anything else")
        value = {source.name: source for source in sources if isinstance(source, Column)}
    if isinstance(value, dict):
        for name in value:
            if not _EXTENDED_NAME.fullmatch(str(name)):
                raise ValueError(f"{name!r} cannot be an element of XML: begin with a letter, then letters, digits and _")
            if name in RESERVED:
                raise ValueError(f"{name} is written by the server itself; choose another name")
    return value


class Mapping(_Part):
    """The whole document. Field names are those of GeoReport, with _datetime left out."""

    version: Literal["1"]
    name: str = Field(min_length=1, max_length=200)
    time_zone: Annotated[str, AfterValidator(_zone)]
    dates: tuple[Annotated[str, AfterValidator(_date_format)], ...] = Field(min_length=1)
    delimiter: str = Field(",", min_length=1, max_length=1)
    missing: frozenset[str] = frozenset()
    """Words that stand for nothing, besides empty and blank cells."""
    id: Annotated[IdRule, _short("columns")] | None = None
    requested: SourceField
    updated: SourceField | None = None
    closed: SourceField | None = None
    expected: SourceField | None = None
    status: StatusRule
    service: ServiceRule
    department: DepartmentRule | None = None
    places: tuple[Place, ...] = ()
    address: SourceField | None = None
    zipcode: Annotated[ZipRule, _short("columns")] | None = None
    title: SourceField | None = None
    description: SourceField | None = None
    status_notes: SourceField | None = None
    channel: ChannelRule | None = None
    duplicate: SourceField | None = None
    """A column that says yes, besides what the words of the status say."""
    parent: SourceField | None = None
    """The id of the request this one repeats."""
    media: tuple[SourceField, ...] = ()
    extended: Annotated[dict[str, SourceField], BeforeValidator(_extended)] = {}

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def columns(self) -> list[str]:
        """Plain names of every column the mapping knows."""
        return sorted(set(_columns_in(self)))


def _columns_in(part: Any) -> Iterator[str]:
    if isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _columns_in(getattr(part, name))
    elif isinstance(part, dict):
        for value in part.values():
            yield from _columns_in(value)
    elif isinstance(part, tuple):
        for value in part:
            yield from _columns_in(value)
    elif isinstance(part, Column | First | Joined):
        yield from column_names(part)
