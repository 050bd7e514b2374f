"""The models of a city file, section by section."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, PrivateAttr, model_validator

from open311_api.catalog.types import JurisdictionSettings
from open311_api.cities.findings import NodePath
from open311_api.cities.words import Code, JurisdictionId, Line, Locale, Name, RequestIdFormat, Text, TimeZone

T = TypeVar("T", bound="Entry")


class Entry(BaseModel):
    """A part of the file that knows where it stands."""

    model_config = ConfigDict(extra="forbid")
    _path: NodePath = PrivateAttr(())

    @model_validator(mode="wrap")
    @classmethod
    def _keep_path(cls: type[T], value: Any, handler: ModelWrapValidatorHandler[T]) -> T:
        entry = handler(value)
        entry._path = getattr(value, "path", ())
        return entry

    @property
    def path(self) -> NodePath:
        return self._path


class JurisdictionEntry(Entry, JurisdictionSettings):
    """Who and where; every setting of ``JurisdictionSettings`` may stand here too."""

    id: JurisdictionId
    name: Name
    time_zone: TimeZone = "UTC"
    locale: Locale = "en"
    request_id_format: RequestIdFormat = "SR-{year}-{number:06}"


class DepartmentEntry(Entry):
    code: Code
    name: Name
    public: bool | None = Field(None, description="shown as agency_responsible; default: yes, but not for triage")
    triage: bool = Field(False, description="receives what nobody else answers; at most one")
    contact: dict[str, Line] = Field(default_factory=dict, description="for staff: email, phone, …")


class AreaSetEntry(Entry):
    code: Code
    name: Name
    file: Name = Field(description="GeoJSON file beside this one")
    id_property: Name = "id"
    name_property: Name = "name"
    priority_property: Name | None = Field(None, description="whole number; the higher one wins where areas overlap")


class ValueEntry(Entry):
    key: Code
    name: Name


class AttributeTranslation(Entry):
    description: Text | None = None
    datatype_description: Text | None = None
    values: dict[str, Name] = Field(default_factory=dict, description="key of the value: name")


class AttributeEntry(Entry):
    code: Code
    datatype: Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
    description: Text
    order: int | None = Field(None, ge=1, le=10_000, description="default: its place in the list")
    variable: bool = True
    required: bool = False
    datatype_description: Text | None = None
    values: list[ValueEntry] = Field(default_factory=list, max_length=2000)
    automated: Literal["hidden_field", "server_set"] | None = None
    translations: dict[Locale, AttributeTranslation] = Field(default_factory=dict)


class ServiceTranslation(Entry):
    name: Name | None = None
    description: Text | None = None
    group: Name | None = None
    groups: list[Name] | None = None


class ServiceEntry(Entry):
    code: Code
    name: Name
    description: Text = ""
    type: Literal["realtime", "batch", "blackbox"] = "realtime"
    keywords: list[Name] = Field(default_factory=list, max_length=100)
    group: Name | None = None
    groups: list[Name] | None = Field(None, max_length=20)
    department: Code | None = None
    notice: Text | None = Field(None, description="service_notice of the answer to a report")
    description_required: bool = False
    visibility: Literal["public", "masked", "private"] = "public"
    ids_assigned_by: Literal["worker", "back_office"] = Field("worker", description="of a batch service: who turns tokens into ids")
    areas: list[Name] = Field(default_factory=list, description="set/area; empty: everywhere")
    attributes: list[AttributeEntry] = Field(default_factory=list, max_length=500)
    translations: dict[Locale, ServiceTranslation] = Field(default_factory=dict)


UPDATE_WORDS = [
    "open",
    "closed",
    "fixed",
    "in_progress",
    "planned",
    "action_scheduled",
    "investigating",
    "duplicate",
    "not_councils_responsibility",
    "no_further_action",
    "internal_referral",
    "for_triage",
    "cancelled",
]


class StatusEntry(Entry):
    """A detailed status; the words are those of CitySDK and of the updates resource (contract 4 and 5.1)."""

    code: Code
    name: Name
    status: Literal["open", "closed"]
    citysdk_word: Name
    update_word: Name
    allowed_next: list[Code] | None = Field(None, description="codes that may follow; default: all")
    default: bool = Field(False, description="taken for a plain open or closed; one on each side")


class CityFile(Entry):
    SECTIONS: ClassVar = ("departments", "areas", "services", "statuses")

    version: Literal[1]
    jurisdiction: JurisdictionEntry
    boundary: Any = Field(None, description="GeoJSON file beside this one, or a GeoJSON geometry")
    departments: list[DepartmentEntry] = Field(default_factory=list)
    areas: list[AreaSetEntry] = Field(default_factory=list)
    services: list[ServiceEntry] = Field(default_factory=list)
    statuses: list[StatusEntry] | None = None
