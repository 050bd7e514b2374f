"""The form of a new report, as a Submission (contract 1.9)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.catalog.types import Service
from open311_api.errors import Invalid, ServiceNotFound
from open311_api.georeport.answers import sent_answers
from open311_api.georeport.parameters import Parameters, decimal_number
from open311_api.service_requests.answers import check_answers
from open311_api.service_requests.checking import EMAIL, MAXIMUM_DESCRIPTION, TEXT_LIMITS, Problems, clean
from open311_api.service_requests.types import Answer, ContactData, Location, Submission

MAXIMUM_MEDIA = 20
MAXIMUM_URL = 2048


def requested_service(parameters: Parameters, city: CitySnapshot) -> Service:
    """Raises Invalid when missing or absurd, ServiceNotFound when unknown or retired: before all other checks."""
    code = parameters.text("service_code")
    if code is None:
        raise Invalid.of("service_code", "service_code was not provided")
    if len(code) > 200 or not code.isprintable():
        raise Invalid.of("service_code", "service_code must be one of the codes in the service list")
    service = city.by_code.get(code)
    if service is None or not service.active:
        raise ServiceNotFound(f"service_code {code} was not found")
    return service


def submission(parameters: Parameters, city: CitySnapshot, service: Service, *, device_header: str | None) -> Submission:
    """Check everything and report every problem at once. Raises Invalid."""
    problems = Problems()
    _refuse_nul(parameters, problems)
    texts = {name: _text(problems, parameters, name, *aliases) for name, *aliases in TEXT_NAMES}
    if texts["device_id"] is None and device_header:
        texts["device_id"] = clean(device_header)[: TEXT_LIMITS["device_id"]]
    if texts["email"] and not EMAIL.fullmatch(texts["email"]):
        problems.add("email", "email must be an address such as name@mail.example; leave it out if there is none")
    location = None
    with problems:
        location = _location(parameters, city, service)
    if not problems.found and not (location or texts["address_string"] or texts["address_id"]):
        problems.add("lat", "a location was not provided; send lat and long, or address_string, or address_id")
    if (texts["service_object_type"] is None) != (texts["service_object_id"] is None):
        missing = "service_object_type" if texts["service_object_type"] is None else "service_object_id"
        problems.add(missing, f"{missing} was not provided; service_object_type and service_object_id go together")
    description = _description(problems, parameters, service)
    media_urls: tuple[str, ...] = ()
    with problems:
        media_urls = _media_urls(parameters)
    sent: dict[str, list[str]] = {}
    with problems:
        sent = sent_answers(parameters)
    answers: tuple[Answer, ...] = ()
    extra: dict[str, Any] = {}
    with problems:
        answers, extra = check_answers(service, sent, city.jurisdiction.time_zone)
    references = {
        "client_request_id": texts["client_request_id"],
        "fixmystreet_id": next(iter(sent.get("fixmystreet_id", ())), None),
    }
    problems.raise_if_any()
    return Submission(
        service=service,
        location=location,
        address=texts["address_string"],
        address_id=texts["address_id"],
        zipcode=texts["zipcode"],
        title=texts["title"] or next(iter(sent.get("title", ())), None),
        description=description,
        media_urls=media_urls,
        answers=answers,
        extra_answers=extra,
        service_object_type=texts["service_object_type"],
        service_object_id=texts["service_object_id"],
        contact=ContactData(**{name: texts[name] for name in ContactData.__slots__}),
        channel="app" if texts["device_id"] else "api",
        references={kind: value[:255] for kind, value in references.items() if value},
    )


# Name, and the other names clients use for it (contract 2.2).
TEXT_NAMES = (
    ("address_string", "address"),
    ("address_id",),
    ("zipcode", "zip_code"),
    ("title",),
    ("service_object_type",),
    ("service_object_id",),
    ("email",),
    ("phone",),
    ("first_name",),
    ("last_name",),
    ("device_id", "deviceid"),
    ("account_id",),
    ("client_request_id",),
)


def _refuse_nul(parameters: Parameters, problems: Problems) -> None:
    """Other control characters are dropped; a NUL is never an accident of typing."""
    for name in parameters.names():
        if any("\0" in value for value in parameters.raw(name)) or "\0" in name:
            shown = name.replace("\0", "")[:80]
            problems.add(shown, f"{shown} holds a NUL character; send text only")


def _text(problems: Problems, parameters: Parameters, name: str, *aliases: str) -> str | None:
    with problems:
        value = parameters.text(name, *aliases)
        if value is None:
            return None
        value = clean(value)
        if "\n" in value:
            if name == "email":
                raise Invalid.of(name, "email must be one line")
            value = " ".join(value.split("\n"))
        if len(value) > TEXT_LIMITS[name]:
            raise Invalid.of(name, f"{name} has {len(value)} characters; at most {TEXT_LIMITS[name]} are accepted")
        return value or None
    return None


def _description(problems: Problems, parameters: Parameters, service: Service) -> str | None:
    text = None
    with problems:
        text = clean(parameters.text("description") or "") or None
    if text is None and service.description_required:
        problems.add("description", "description is required for this service; say what is wrong")
    if text is not None and len(text) > MAXIMUM_DESCRIPTION:
        problems.add("description", f"description has {len(text)} characters; at most {MAXIMUM_DESCRIPTION} are accepted")
    return text


def _location(parameters: Parameters, city: CitySnapshot, service: Service) -> Location | None:
    problems = Problems()
    texts: dict[str, str | None] = {"lat": None, "long": None}
    with problems:
        texts["lat"] = parameters.text("lat")
    with problems:
        texts["long"] = parameters.text("long", "lng", "lon")
    values = {}
    for name, limit in (("lat", 90.0), ("long", 180.0)):
        text = texts[name]
        if text is not None:
            with problems:
                values[name] = decimal_number(text, name=name, low=-limit, high=limit)
    problems.raise_if_any()
    if not values:
        return None
    if len(values) == 1:
        missing = "long" if "lat" in values else "lat"
        raise Invalid.of(missing, f"{missing} was not provided; lat and long go together")
    # Adding zero turns a negative zero into a plain one.
    place = Location(lat=round(values["lat"], 7) + 0.0, long=round(values["long"], 7) + 0.0)
    if not city.covers(lat=place.lat, long=place.long):
        hint = " (are they swapped?)" if _swapped(place, city) else ""
        raise Invalid.of("lat", f"lat and long lie outside {city.jurisdiction.name}{hint}")
    if not city.offered_at(service, lat=place.lat, long=place.long):
        raise Invalid.of("lat", f"lat and long lie outside the areas where {service.name} is offered")
    return place


def _swapped(place: Location, city: CitySnapshot) -> bool:
    return abs(place.long) <= 90 and city.covers(lat=place.long, long=place.lat)


def _media_urls(parameters: Parameters) -> tuple[str, ...]:
    if parameters.all("media", "media[]"):
        raise Invalid.of("media", "media as a file or text is not accepted by this server; send media_url instead")
    found = tuple(dict.fromkeys(clean(value) for value in parameters.all("media_url", "media_url[]")))
    if len(found) > MAXIMUM_MEDIA:
        raise Invalid.of("media_url", f"media_url was sent {len(found)} times; at most {MAXIMUM_MEDIA} are accepted")
    for url in found:
        try:
            parts = urlsplit(url)
            fine = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)
        except ValueError:
            fine = False
        if not fine or len(url) > MAXIMUM_URL:
            raise Invalid.of(
                "media_url", f"media_url must be an absolute http or https address of at most {MAXIMUM_URL} characters"
            )
    return found
