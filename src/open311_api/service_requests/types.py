"""Plain values of a service request, between text coming in and text going out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict

from open311_api.catalog.types import Service

PUBLIC, MASKED, PRIVATE = "public", "masked", "private"
APPROVED, PENDING, REJECTED = "approved", "pending", "rejected"


@dataclass(frozen=True, slots=True)
class Location:
    """WGS84 degrees, rounded to 7 decimals (about a centimetre)."""

    lat: float
    long: float


@dataclass(frozen=True, slots=True)
class ContactData:
    """Who reported. Kept sealed and apart, never shown."""

    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    device_id: str | None = None
    account_id: str | None = None

    def __bool__(self) -> bool:
        return any((self.email, self.phone, self.first_name, self.last_name, self.device_id, self.account_id))


class Answer(TypedDict):
    """One selected option or one typed answer, as shown under ``attributes`` (contract 4)."""

    name: str
    code: str | None
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Submission:
    """A report not yet accepted: checked, but not stored."""

    service: Service
    location: Location | None
    address: str | None
    address_id: str | None
    zipcode: str | None
    title: str | None
    description: str | None
    media_urls: tuple[str, ...]
    answers: tuple[Answer, ...]
    extra_answers: dict[str, Any]
    """Answers to questions the definition does not ask: kept, never shown to the public."""
    service_object_type: str | None
    service_object_id: str | None
    contact: ContactData
    channel: str
    references: dict[str, str] = field(default_factory=dict)
    """The client's own references by kind: client_request_id, fixmystreet_id."""
    by_staff: bool = False
    """Staff is told the id of a blackbox request too."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A caller's promise that equal keys mean the same submission."""

    key: str
    operation: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Submitted:
    """What the client is told: an id, or a token, or neither (contract 1.9)."""

    service_request_id: str | None
    token: str | None
    service_notice: str | None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request as read for a document."""

    request_key: int
    service_request_id: str
    version: int
    status: str
    status_notes: str | None
    service_key: int
    description: str | None
    department_key: int
    pending_strategies: list[str]
    service_notice: str | None
    requested_datetime: datetime
    updated_datetime: datetime
    expected_datetime: datetime | None
    address: str | None
    address_id: str | None
    zipcode: str | None
    lat: float | None
    long: float | None
    media_urls: list[str]
    visibility: str
    moderation: str
    title: str | None
    channel: str
    detailed_status: str
    closed_datetime: datetime | None
    attribute_answers: list[Answer]
    extended_attributes: dict[str, Any]
    service_object_type: str | None
    service_object_id: str | None
    duplicate: bool
    parent_service_request_id: str | None


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One public line of a request's story."""

    at: datetime
    type: str
    status: str | None
    text: str | None
    data: dict[str, Any]
