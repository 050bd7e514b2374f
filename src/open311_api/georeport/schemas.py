"""The shape of every answer, for the OpenAPI document and for tests; nothing is validated with these while serving.

Each model says how its JSON looks; the ``xml`` hints say how the same values are wrapped in XML (contract 1.3).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, RootModel

Datatype = Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
ServiceType = Literal["realtime", "batch", "blackbox"]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


def _named(name: str, **hints: bool) -> Any:
    """How an element is called in XML."""
    return Field(json_schema_extra={"xml": {"name": name, **hints}})


def _left_out(description: str) -> Any:
    """A field that is there or not, but never null."""
    return Field(default=None, description=description)


def element(name: str) -> ConfigDict:
    """An object and its element in XML."""
    return ConfigDict(json_schema_extra={"xml": {"name": name}})


def root(name: str, **more: JsonValue) -> ConfigDict:
    """A list whose XML form is one element around its members."""
    return ConfigDict(json_schema_extra={"xml": {"name": name, "wrapped": True}, **more})


Groups = Annotated[list[Annotated[str, _named("group")]], _named("groups", wrapped=True)]
MediaUrls = Annotated[list[Annotated[str, _named("media_url")]], _named("media_urls", wrapped=True)]
Formats = Annotated[list[Annotated[str, _named("format")]], _named("formats", wrapped=True)]


class Problem(BaseModel):
    """One thing that went wrong."""

    model_config = element("error")
    code: int = Field(description="The HTTP status, as a number.")
    description: str = Field(description="One sentence for a person; names the parameter, and for 404 the value.")


class Errors(RootModel[list[Problem]]):
    """Everything that went wrong: always a list, one item for each problem."""

    model_config = root("errors")


class Service(BaseModel):
    """One kind of thing residents can report."""

    model_config = element("service")
    service_code: str = Field(description="Identifies the service in its jurisdiction. Text, even where it looks like a number.")
    service_name: str = Field(description="What residents call it.")
    description: str = Field(description="A short explanation; empty when there is none.")
    metadata: bool = Field(description="true: the service asks questions of its own; read its definition before reporting.")
    type: ServiceType = Field(description="realtime: a report gets its id at once. batch: a token first. blackbox: neither.")
    keywords: str = Field(description="Words to search for, separated by commas; empty when there are none.")
    group: str = Field(description="The category it is shown under; empty when there is none.")
    groups: Groups = Field(default_factory=list, description="All its categories; only with `extensions=true`.")


class Services(RootModel[list[Service]]):
    """What can be reported, in the order the city chose."""

    model_config = root("services")


class AttributeValue(BaseModel):
    """One allowed answer of a list question."""

    model_config = element("value")
    key: str = Field(description="What to send.")
    name: str = Field(description="What to show.")


class ServiceAttribute(BaseModel):
    """One question, or one piece of information to show, of a service."""

    model_config = element("attribute")
    variable: bool = Field(description="false: text to show to the resident, without an answer.")
    code: str = Field(description="Answers are sent as `attribute[code]`.")
    datatype: Datatype = Field(description="What kind of answer is expected.")
    required: bool = Field(description="true: a report without an answer is refused.")
    datatype_description: str | None = Field(description="Help about the expected answer.")
    order: int = Field(ge=1, description="1 is asked first.")
    description: str = Field(description="The question, or the information.")
    values: Annotated[list[AttributeValue], _named("values", wrapped=True)] = Field(
        default_factory=list, description="The allowed answers; only for the two list datatypes."
    )
    automated: Literal["hidden_field", "server_set"] = _left_out(
        "Filled in by software, not by a person; only with `extensions=true`."
    )


class ServiceDefinition(BaseModel):
    """The questions of one service."""

    model_config = element("service_definition")
    service_code: str = Field(description="The service these questions belong to.")
    attributes: Annotated[list[ServiceAttribute], _named("attributes", wrapped=True)] = Field(
        description="In the order they are asked; empty when the service asks nothing."
    )


class AttributeAnswer(BaseModel):
    """One answer to a question of the service; several for a question that takes several."""

    model_config = element("attribute")
    code: str | None = Field(description="Key of the chosen option; null for a free answer.")
    label: str | None = Field(description="The question as it was asked.")
    name: str | None = Field(description="Code of the question.")
    value: str | None = Field(description="The answer as it is shown.")


class Note(BaseModel):
    """One public step in the life of a report."""

    model_config = element("note")
    datetime: AwareDatetime = Field(description="When it happened.")
    type: str = Field(description="submitted, opened, activity or closed.")
    summary: str = Field(description="What happened, in a few words.")
    description: str | None = Field(description="What was said about it.")


class ExtendedAttributes(BaseModel):
    """What the specification has no field for. Operators may add names of their own."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"xml": {"name": "extended_attributes"}})
    jurisdiction_id: str
    title: str | None = Field(description="Given by the resident, or the first words of the description.")
    channel: str = Field(description="How the report came in: app, web, phone, e-mail, walk-in, api and others.")
    detailed_status: str = Field(description="Finer than open and closed, such as RECEIVED or IN_PROCESS.")
    closed_datetime: AwareDatetime | None
    service_object_type: str | None
    service_object_id: str | None
    duplicate: bool = Field(description="true: somebody reported the same before.")
    parent_service_request_id: str | None = Field(description="The report this one is a duplicate of.")
    media_urls: MediaUrls
    distance: float = _left_out("Metres from the point asked for; only with lat, long and radius.")


class ServiceRequest(BaseModel):
    """A report and where it stands. What is not known is null; personal data is never shown."""

    model_config = element("request")
    service_request_id: str = Field(description="Identifies the report; never used again for another.")
    status: Literal["open", "closed"] = Field(description="open: being worked on. closed: done.")
    status_notes: str | None = Field(description="Why the status is as it is.")
    service_name: str
    service_code: str
    description: str | None = Field(description="What was reported; may have line breaks, has no HTML.")
    agency_responsible: str | None = Field(description="Who takes care of it.")
    service_notice: str | None = Field(description="What will happen next.")
    requested_datetime: AwareDatetime = Field(description="When it was reported.")
    updated_datetime: AwareDatetime = Field(description="The last public change; at closing, the time of closing.")
    expected_datetime: AwareDatetime | None = Field(description="When it should be done.")
    address: str | None = Field(description="Where, in words.")
    address_id: str | None = Field(description="Key in the city's address register.")
    zipcode: str | None = Field(description="Text: a postal code may begin with a zero.")
    lat: Latitude | None = Field(description="WGS84; null together with long.")
    long: Longitude | None = Field(description="WGS84; null together with lat.")
    media_url: str | None = Field(description="The first public picture, as an absolute address.")
    attributes: Annotated[list[AttributeAnswer], _named("attributes", wrapped=True)] = Field(
        default_factory=list, description="Answers to the questions of the service; only with `extensions=true`."
    )
    notes: Annotated[list[Note], _named("notes", wrapped=True)] = Field(
        default_factory=list, description="Its public history, oldest first; only with `extensions=true`."
    )
    extended_attributes: ExtendedAttributes = _left_out("Everything else; only with `extensions=true`.")


class ServiceRequests(RootModel[list[ServiceRequest]]):
    """Reports, newest first unless asked otherwise. A single report is a list of one, too."""

    model_config = root("service_requests")


class Submitted(BaseModel):
    """What became of a new report. The id or the token is left out where it does not apply."""

    model_config = element("request")
    service_request_id: str = _left_out("For a realtime service.")
    token: str = _left_out("For a batch service: ask `tokens` for the id later.")
    service_notice: str | None = Field(description="What will happen next.")
    account_id: str | None = Field(description="As it was sent.")


class SubmittedRequests(RootModel[list[Submitted]]):
    """Always exactly one item."""

    model_config = root("service_requests", minItems=1, maxItems=1)


class TokenAnswer(BaseModel):
    """The id a token stands for; without service_request_id while there is none yet."""

    model_config = element("request")
    service_request_id: str = _left_out("Left out until the report has its id.")
    token: str


class TokenAnswers(RootModel[list[TokenAnswer]]):
    """Always exactly one item."""

    model_config = root("service_requests", minItems=1, maxItems=1)


class Endpoint(BaseModel):
    """One API root."""

    model_config = element("endpoint")
    specification: str = Field(description="Names the interface; `http://wiki.open311.org/GeoReport_v2` for this one.")
    url: str = Field(description="Absolute, without a trailing slash: add `/services.json` and so on.")
    changeset: AwareDatetime = Field(description="When its service list last changed.")
    type: Literal["production", "test"] = Field(description="test: reports are not acted upon.")
    formats: Formats = Field(description="Media types it answers in.")


class Discovery(BaseModel):
    """What this server speaks, and where."""

    model_config = element("discovery")
    changeset: AwareDatetime = Field(description="When anything here last changed: read the service list again when it grows.")
    contact: str = Field(description="How to reach the operator.")
    key_service: str = Field(description="How to get an API key.")
    endpoints: Annotated[list[Endpoint], _named("endpoints", wrapped=True)]


class Coverage(BaseModel):
    """Whether a place can be reported about."""

    model_config = element("coverage")
    result: bool = Field(description="true: the place lies inside the jurisdiction.")
