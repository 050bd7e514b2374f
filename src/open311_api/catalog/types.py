"""Plain values of the catalogue, as the rest of the house sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

DATATYPES = ("string", "number", "datetime", "text", "singlevaluelist", "multivaluelist")
LIST_DATATYPES = ("singlevaluelist", "multivaluelist")
SERVICE_TYPES = ("realtime", "batch", "blackbox")
CHANNELS = ("api", "app", "web", "phone", "walk-in", "mail", "e-mail", "chat", "sensor", "social-media", "staff", "other")


class JurisdictionSettings(BaseModel):
    """What an operator may choose for one city; kept as JSON in ``jurisdiction.settings``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contact: str = Field("", description="discovery: how to reach the provider")
    key_service: str = Field("", description="discovery: how to get an API key")
    endpoint_type: Literal["production", "test"] = "production"
    post_status: Literal[200, 201] = Field(201, description="200 for brittle clients that know no other success")
    maximum_span_days: int | None = Field(None, ge=1, description="longest start_date to end_date; unset: no limit")
    fixmystreet_mode: bool = Field(False, description="always emit groups and automated, which FixMyStreet cannot ask for")
    masked_grid_metres: int = Field(200, ge=10, le=10_000, description="grid on which masked locations are shown")
    reopen_days: int | None = Field(None, ge=0, description="how long after closing a request may be reopened; unset: always")
    csv_formula_guard: bool = Field(False, description="put an apostrophe before CSV cells a spreadsheet would calculate")


@dataclass(frozen=True, slots=True)
class AttributeValue:
    """One allowed answer of a list attribute."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """One question of a service definition (contract 1.8)."""

    code: str
    datatype: str
    description: str
    order: int
    variable: bool = True
    required: bool = False
    datatype_description: str | None = None
    values: tuple[AttributeValue, ...] = ()
    automated: str | None = None
    translations: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By locale: description, datatype_description, and values as {key: name}."""

    @property
    def is_list(self) -> bool:
        return self.datatype in LIST_DATATYPES

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Attribute:
        values = tuple(AttributeValue(key=value["key"], name=value["name"]) for value in data.get("values", ()))
        return cls(**{**data, "values": values})

    def to_json(self) -> dict[str, Any]:
        """As kept in ``service_definition.attributes``: every key present, values in their order."""
        return {
            "code": self.code,
            "datatype": self.datatype,
            "description": self.description,
            "order": self.order,
            "variable": self.variable,
            "required": self.required,
            "datatype_description": self.datatype_description,
            "values": [{"key": value.key, "name": value.name} for value in self.values],
            "automated": self.automated,
            "translations": self.translations,
        }


@dataclass(frozen=True, slots=True)
class Department:
    department_key: int
    code: str
    name: str
    triage: bool = False
    public: bool = True
    active: bool = True

    @property
    def shown_name(self) -> str | None:
        """agency_responsible; a desk that only sorts reports is never named."""
        return self.name if self.public else None


@dataclass(frozen=True, slots=True)
class DetailedStatus:
    code: str
    name: str
    status: str
    citysdk_word: str
    update_word: str
    allowed_next: tuple[str, ...] | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    service_key: int
    code: str
    name: str
    description: str
    type: str
    keywords: tuple[str, ...]
    groups: tuple[str, ...]
    active: bool
    notice: str | None
    description_required: bool
    visibility: str
    department_key: int | None
    definition_version: int | None
    attributes: tuple[Attribute, ...] = ()
    translations: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By locale: name, description, groups, notice."""
    area_limited: bool = False
    """Offered only in some areas."""

    @property
    def has_definition(self) -> bool:
        """On the wire: metadata."""
        return bool(self.attributes)


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    jurisdiction_key: int
    jurisdiction_id: str
    name: str
    time_zone: ZoneInfo
    locale: str
    request_id_format: str
    settings: JurisdictionSettings
    catalog_version: int
    catalog_changed_at: datetime


# The set every jurisdiction is born with; a city may change it in its city file.
DEFAULT_STATUSES = (
    DetailedStatus("received", "Received", "open", "RECEIVED", "open", is_default=True),
    DetailedStatus("in_process", "In process", "open", "IN_PROCESS", "in_progress"),
    DetailedStatus("on_hold", "On hold", "open", "IN_PROCESS", "investigating"),
    DetailedStatus("planned", "Planned", "open", "IN_PROCESS", "planned"),
    DetailedStatus("referred", "Referred", "open", "IN_PROCESS", "internal_referral"),
    DetailedStatus("fixed", "Fixed", "closed", "PROCESSED", "fixed", is_default=True),
    DetailedStatus("duplicate", "Duplicate", "closed", "PROCESSED", "duplicate"),
    DetailedStatus("not_ours", "Not ours", "closed", "REJECTED", "not_councils_responsibility"),
    DetailedStatus("no_action", "No action", "closed", "PROCESSED", "no_further_action"),
    DetailedStatus("cancelled", "Cancelled", "closed", "REJECTED", "cancelled"),
)
