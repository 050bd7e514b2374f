"""What the back office takes: unknown fields are refused, text is tidied, everything has a limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from open311_api.catalog.types import CHANNELS
from open311_api.management.schemas import Place
from open311_api.service_requests.answers import MAXIMUM_ATTRIBUTES, MAXIMUM_LENGTH
from open311_api.service_requests.checking import EMAIL, LONGEST_NOTE, MAXIMUM_DESCRIPTION, TEXT_LIMITS, clean

_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
LARGEST_VERSION = 2**31 - 1


def _tidy(value: object) -> object:
    """As GeoReport does it: line feeds only, no control characters, empty means nothing."""
    if not isinstance(value, str):
        return value
    if "\0" in value:
        raise ValueError("it holds a NUL character; send text only")
    return clean(value) or None


def _one_line(value: object) -> object:
    tidy = _tidy(value)
    return " ".join(tidy.split("\n")) if isinstance(tidy, str) else tidy


def _sensible(moment: datetime) -> datetime:
    if not _EARLIEST <= moment <= _LATEST:
        raise ValueError("it must lie between the years 1900 and 2200")
    return moment


def _with_plus(value: object) -> object:
    """In an address, the plus of an offset arrives as a blank."""
    return f"{value[:-6]}+{value[-5:]}" if isinstance(value, str) and len(value) > 6 and value[-6] == " " else value


Moment = Annotated[AwareDatetime, AfterValidator(_sensible), BeforeValidator(_with_plus)]
Address = Annotated[Annotated[str, Field(max_length=TEXT_LIMITS["address_string"])] | None, BeforeValidator(_one_line)]
AddressId = Annotated[Annotated[str, Field(max_length=TEXT_LIMITS["address_id"])] | None, BeforeValidator(_one_line)]
Zipcode = Annotated[Annotated[str, Field(max_length=TEXT_LIMITS["zipcode"])] | None, BeforeValidator(_one_line)]
Title = Annotated[Annotated[str, Field(max_length=TEXT_LIMITS["title"])] | None, BeforeValidator(_one_line)]
Description = Annotated[Annotated[str, Field(max_length=MAXIMUM_DESCRIPTION)] | None, BeforeValidator(_tidy)]
NoteText = Annotated[Annotated[str, Field(max_length=LONGEST_NOTE)] | None, BeforeValidator(_tidy)]


def _without_null(schema: dict[str, Any]) -> None:
    """Absent or a value: there is nothing to empty."""
    schema.pop("default", None)
    schema.update(next(option for option in schema.pop("anyOf") if option.get("type") != "null"))


Code = Annotated[str, Field(min_length=1, max_length=200)]


class RequestChange(BaseModel):
    """What is left out stays as it is; null empties a text."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"status": "closed", "status_notes": "The branch was taken away.", "private_note": "Invoice 17 is on its way."},
                {"department": "parks", "version": 3},
            ]
        },
    )

    status: Literal["open", "closed"] | None = Field(
        None, json_schema_extra=_without_null, description="Picks the default of that side."
    )
    detailed_status: Code | None = Field(
        None, json_schema_extra=_without_null, description="Exactly this one of `/api/v1/statuses`."
    )
    status_notes: NoteText = Field(None, description="Shown to the public beside the status.")
    department: Code | None = Field(None, json_schema_extra=_without_null, description="A code of `/api/v1/departments`.")
    title: Title = None
    description: Description = None
    address: Address = None
    address_id: AddressId = None
    zipcode: Zipcode = None
    visibility: Literal["public", "masked", "private"] | None = Field(None, json_schema_extra=_without_null)
    moderation: Literal["approved", "pending", "rejected"] | None = Field(None, json_schema_extra=_without_null)
    priority: Annotated[int, Field(strict=True, ge=-100, le=100)] | None = Field(
        None, json_schema_extra=_without_null, description="0 is ordinary; more is more urgent."
    )
    expected_datetime: Moment | None = None
    public_note: NoteText = Field(None, description="Becomes part of the history that everybody sees.")
    private_note: NoteText = Field(None, description="Becomes part of the history that only staff sees.")
    version: Annotated[int, Field(strict=True, ge=1, le=LARGEST_VERSION)] | None = Field(
        None,
        json_schema_extra=_without_null,
        description="The version you read: refused with 409 if the request has changed since.",
    )

    @field_validator("status", "detailed_status", "department", "visibility", "moderation", "priority", "version", mode="before")
    @classmethod
    def _never_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("it cannot be emptied; leave it out to keep it as it is")
        return value


def _address_of_mail(value: str | None) -> str | None:
    if value is not None and not EMAIL.fullmatch(value):
        raise ValueError("it must be an address such as name@mail.example; leave it out if there is none")
    return value


class NewContact(BaseModel):
    """Who reported. Kept encrypted, never shown to the public."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: Annotated[
        Annotated[str, Field(max_length=TEXT_LIMITS["email"])] | None, AfterValidator(_address_of_mail), BeforeValidator(_tidy)
    ] = Field(None, examples=["ann@mail.example"])
    phone: Annotated[Annotated[str, Field(max_length=TEXT_LIMITS["phone"])] | None, BeforeValidator(_one_line)] = None
    first_name: Annotated[Annotated[str, Field(max_length=TEXT_LIMITS["first_name"])] | None, BeforeValidator(_one_line)] = None
    last_name: Annotated[Annotated[str, Field(max_length=TEXT_LIMITS["last_name"])] | None, BeforeValidator(_one_line)] = None


AttributeText = Annotated[str, Field(max_length=MAXIMUM_LENGTH)]
AttributeWhole = Annotated[int, Field(strict=True)]
AttributeNumber = Annotated[float, Field(strict=True, allow_inf_nan=False)]
AttributeAnswer = (
    AttributeText | AttributeWhole | AttributeNumber | Annotated[list[AttributeText], Field(max_length=MAXIMUM_ATTRIBUTES)]
)


class NewRequest(BaseModel):
    """A report taken down for somebody else. It needs a place: location, address or address_id."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "service_code": "tree-down",
                    "location": {"lat": 52.1, "long": 5.05},
                    "channel": "phone",
                    "description": "A branch lies on the path.",
                    "contact": {"first_name": "Ann", "phone": "+31 20 555 0100"},
                }
            ]
        },
    )

    service_code: Code = Field(description="A code of `/api/v1/services`.")
    channel: Literal[CHANNELS] = Field("staff", description="How it reached the city.")  # type: ignore[valid-type]
    location: Place | None = Field(None, description="Outside the city it is kept all the same, and goes to triage.")
    address: Address = None
    address_id: AddressId = None
    zipcode: Zipcode = None
    title: Title = None
    description: Description = None
    department: Code | None = Field(None, description="A code of `/api/v1/departments`; without it, the service decides.")
    contact: NewContact | None = None
    attributes: Annotated[dict[Annotated[str, Field(max_length=200)], AttributeAnswer], Field(max_length=MAXIMUM_ATTRIBUTES)] = (
        Field(
            default_factory=dict,
            description="Answers by the code of the question; a list where several options are chosen.",
            examples=[{"fault": "dark", "hazard": ["wires"]}],
        )
    )
