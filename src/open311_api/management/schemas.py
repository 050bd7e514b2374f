"""What the back office answers with."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo


def _one_of(*words: str) -> FieldInfo:
    """Told in the document; what is stored is not judged again on its way out."""
    found: FieldInfo = Field(json_schema_extra={"enum": list(words)})
    return found


Status = Annotated[str, _one_of("open", "closed")]
Visibility = Annotated[str, _one_of("public", "masked", "private")]
Moderation = Annotated[str, _one_of("approved", "pending", "rejected")]
ServiceType = Annotated[str, _one_of("realtime", "batch", "blackbox")]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True)


class Place(BaseModel):
    """WGS84, decimal degrees."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, examples=[52.1])]
    long: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, examples=[5.05])]


class DepartmentName(_Document):
    """Who takes care of it."""

    code: str = Field(examples=["parks"])
    name: str = Field(examples=["Parks"])


class AnswerView(_Document):
    """One answer to a question of the service."""

    name: str = Field(description="Code of the question.", examples=["fault"])
    code: str | None = Field(description="Key of the chosen option, where the question has options.", examples=["dark"])
    label: str = Field(examples=["What is wrong?"])
    value: str = Field(examples=["Completely dark"])


class ContactView(_Document):
    """Who reported. Shown with `include=contact` only."""

    email: str | None = Field(examples=["ann@mail.example"])
    phone: str | None
    first_name: str | None
    last_name: str | None
    device_id: str | None
    account_id: str | None


class StaffRequest(_Document):
    """A request with everything the city knows about it."""

    service_request_id: str | None = Field(description="Null while a batch request waits for its id.", examples=["SR-2026-000107"])
    token: str | None = Field(description="What a batch service answered first.")
    jurisdiction_id: str = Field(examples=["demo.city"])
    version: int = Field(description="Grows by one with every change; the ETag holds the same.", examples=[3])
    status: Status
    detailed_status: str = Field(description="One of the codes of `/api/v1/statuses`.", examples=["in_process"])
    status_notes: str | None
    service_code: str = Field(examples=["tree-down"])
    service_name: str = Field(examples=["Fallen tree or branch"])
    department: DepartmentName
    pending_strategies: list[str] = Field(description="What routing still waits for; empty when the department is settled.")
    priority: int
    visibility: Visibility
    moderation: Moderation
    channel: str = Field(examples=["phone"])
    title: str | None
    description: str | None
    address: str | None
    address_id: str | None
    zipcode: str | None
    location: Place | None
    media_urls: list[str]
    service_object_type: str | None
    service_object_id: str | None
    service_notice: str | None
    attributes: list[AnswerView]
    extra_answers: dict[str, Any] = Field(description="What was answered beside the questions of the service.")
    extended_attributes: dict[str, Any] = Field(description="What an import kept beside the known fields.")
    requested_datetime: datetime
    updated_datetime: datetime = Field(description="The last change the public can see.")
    expected_datetime: datetime | None
    closed_datetime: datetime | None
    duplicate: bool
    parent_service_request_id: str | None
    contact: ContactView | None = Field(
        None, description="Only with `include=contact`; null where nobody said. Left out otherwise."
    )


class RequestCreated(_Document):
    """What to tell the caller."""

    service_request_id: str | None = Field(description="Null for a batch service, until it has one.", examples=["SR-2026-000107"])
    token: str | None = Field(description="Stands for the id of a batch request.")
    service_notice: str | None


class RequestPage(_Document):
    """Requests, newest first."""

    items: list[StaffRequest]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null at the end.")


class HistoryEntry(_Document):
    """One thing that happened."""

    sequence: int = Field(description="The version of the request after it.", examples=[2])
    at: datetime
    type: str = Field(examples=["service_request.closed"])
    author: str | None = Field(description="Name of the key; null where nobody in particular did it.", examples=["Front desk"])
    summary: str = Field(examples=["Front desk closed it as “Fixed” and left a public note."])
    status: Status | None = Field(description="After it.")
    changes: dict[str, Any] = Field(
        description="What changed, for programs.", examples=[{"detailed_status": {"from": "received", "to": "fixed"}}]
    )
    public_note: str | None
    private_note: str | None


class RequestHistory(_Document):
    """A request's story, oldest first."""

    service_request_id: str = Field(examples=["SR-2026-000107"])
    items: list[HistoryEntry]


class ServiceView(_Document):
    """A kind of thing that can be reported."""

    service_code: str = Field(examples=["tree-down"])
    service_name: str = Field(examples=["Fallen tree or branch"])
    description: str
    type: ServiceType
    groups: list[str]
    keywords: list[str]
    active: bool
    visibility: Visibility
    description_required: bool
    department: DepartmentName | None = Field(description="Where its reports go first; null: to triage.")
    service_notice: str | None
    attributes: list[dict[str, Any]] = Field(description="The questions of its definition, in order.")


class DepartmentView(_Document):
    """A part of the city that answers reports."""

    code: str = Field(examples=["parks"])
    name: str = Field(examples=["Parks"])
    triage: bool = Field(description="The desk for what nobody else answers; every city has one.")
    public: bool = Field(description="Whether the public sees its name.")
    active: bool


class StatusView(_Document):
    """A detailed status."""

    code: str = Field(examples=["in_process"])
    name: str = Field(examples=["In process"])
    status: Status = Field(description="What the public sees.")
    default: bool = Field(description="Chosen when only `status` is changed.")
    allowed_next: list[str] | None = Field(description="What may follow; null: anything.")
    citysdk_status: str
    update_status: str


class JurisdictionView(_Document):
    """A city that this key serves."""

    jurisdiction_id: str = Field(examples=["demo.city"])
    name: str = Field(examples=["Demo City"])
    time_zone: str = Field(examples=["Europe/Amsterdam"])
    locale: str = Field(examples=["en"])
    catalog_version: int
    catalog_changed_at: datetime


class CatalogServices(_Document):
    """Every service, retired ones too."""

    items: list[ServiceView]


class CatalogDepartments(_Document):
    items: list[DepartmentView]


class CatalogStatuses(_Document):
    items: list[StatusView]


class CatalogJurisdictions(_Document):
    items: list[JurisdictionView]
