"""The shape of the downloads: GeoJSON features and the rows of GeoReport Bulk. See schemas.py."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, RootModel

from open311_api.georeport.schemas import Latitude, Longitude, element, root


class Point(BaseModel):
    """A place, longitude first as GeoJSON wants it."""

    type: Literal["Point"]
    coordinates: tuple[Longitude, Latitude]


class FeatureProperties(BaseModel):
    """The fields of a report but its place."""

    service_request_id: str
    status: Literal["open", "closed"]
    status_notes: str | None
    service_name: str
    service_code: str
    description: str | None
    agency_responsible: str | None
    service_notice: str | None
    requested_datetime: AwareDatetime
    updated_datetime: AwareDatetime
    expected_datetime: AwareDatetime | None
    address: str | None
    address_id: str | None
    zipcode: str | None
    media_url: str | None


class Feature(BaseModel):
    """One report on a map."""

    type: Literal["Feature"]
    id: str = Field(description="The service_request_id.")
    geometry: Point | None = Field(description="null for a report that has an address only.")
    properties: FeatureProperties


class FeatureCollection(BaseModel):
    """Reports for a map (RFC 7946)."""

    type: Literal["FeatureCollection"]
    features: list[Feature]


class BulkRequest(BaseModel):
    """One row of a bulk download."""

    model_config = element("request")
    service_request_id: str
    requested_datetime: AwareDatetime
    updated_datetime: AwareDatetime
    closed_date: AwareDatetime | None = Field(description="null until it is closed.")
    status_description: str = Field(description="The city's own word for where the report stands.")
    status_notes: str | None
    source: str = Field(description="How it came in: Phone, Website, Mobile App and others.")
    service_name: str
    service_subtype: str | None
    description: str | None
    agency_responsible: str | None
    address: str | None
    lat: Latitude | None
    long: Longitude | None


class BulkRequests(RootModel[list[BulkRequest]]):
    """Any number of rows."""

    model_config = root("service_requests")
