"""Domain values as the documents of the specification (contract 1.7 to 1.12 and 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.catalog.types import Attribute, Service
from open311_api.georeport.locales import translated
from open311_api.georeport.rendering import Items, number
from open311_api.service_requests.masking import masked_place
from open311_api.service_requests.moments import format_moment
from open311_api.service_requests.types import APPROVED, MASKED, HistoryItem, RequestRow, Submitted

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """How a client wants its documents."""

    locale: str
    extensions: bool


def service_document(service: Service, city: CitySnapshot, view: View) -> Document:
    groups = _groups(service, view.locale)
    document: Document = {
        "service_code": service.code,
        "service_name": translated(service.translations, view.locale, "name", service.name),
        "description": translated(service.translations, view.locale, "description", service.description),
        "metadata": service.has_definition,
        "type": service.type,
        "keywords": ",".join(service.keywords),
        "group": groups[0] if groups else "",
    }
    if view.extensions or city.jurisdiction.settings.fixmystreet_mode:
        document["groups"] = Items("group", groups)
    return document


def _groups(service: Service, locale: str) -> list[str]:
    for name in (locale, locale.split("-")[0]):
        found = service.translations.get(name, {}).get("groups")
        if isinstance(found, list) and len(found) == len(service.groups):
            return [str(group) for group in found]
    return list(service.groups)


def definition_document(service: Service, city: CitySnapshot, view: View) -> Document:
    with_automated = view.extensions or city.jurisdiction.settings.fixmystreet_mode
    return {
        "service_code": service.code,
        "attributes": Items("attribute", [_attribute(item, view.locale, with_automated) for item in service.attributes]),
    }


def _attribute(attribute: Attribute, locale: str, with_automated: bool) -> Document:
    words = attribute.translations
    help_text = translated(words, locale, "datatype_description", attribute.datatype_description or "")
    document: Document = {
        "variable": attribute.variable,
        "code": attribute.code,
        "datatype": attribute.datatype,
        "required": attribute.required and attribute.variable,
        "datatype_description": help_text or None,
        "order": attribute.order,
        "description": translated(words, locale, "description", attribute.description),
    }
    if attribute.is_list:
        names = _option_names(attribute, locale)
        document["values"] = Items(
            "value", [{"key": value.key, "name": names.get(value.key, value.name)} for value in attribute.values]
        )
    if with_automated and attribute.automated:
        document["automated"] = attribute.automated
    return document


def _option_names(attribute: Attribute, locale: str) -> dict[str, str]:
    for name in (locale, locale.split("-")[0]):
        found = attribute.translations.get(name, {}).get("values")
        if isinstance(found, dict):
            return {str(key): str(text) for key, text in found.items() if text}
    return {}


def request_document(row: RequestRow, city: CitySnapshot, view: View, history: list[HistoryItem] | None = None) -> Document:
    """The 17 fields in their order, then the extensions. Words and pictures of an unmoderated request stay back."""
    zone = city.jurisdiction.time_zone
    service = city.by_key[row.service_key]
    moderated = row.moderation == APPROVED
    masked = row.visibility == MASKED
    lat, long = _place(row, city)
    department = None if row.pending_strategies else city.departments[row.department_key].shown_name
    document: Document = {
        "service_request_id": row.service_request_id,
        "status": row.status,
        "status_notes": row.status_notes if moderated else None,
        "service_name": translated(service.translations, view.locale, "name", service.name),
        "service_code": service.code,
        "description": row.description if moderated else None,
        "agency_responsible": department,
        "service_notice": row.service_notice,
        "requested_datetime": format_moment(row.requested_datetime, zone),
        "updated_datetime": format_moment(row.updated_datetime, zone),
        "expected_datetime": _moment(row.expected_datetime, city),
        "address": None if masked else row.address,
        "address_id": None if masked else row.address_id,
        "zipcode": row.zipcode,
        "lat": number(lat),
        "long": number(long),
        "media_url": row.media_urls[0] if moderated and row.media_urls else None,
    }
    if view.extensions:
        document["attributes"] = Items("attribute", _answers(row, service) if moderated else [])
        document["notes"] = Items("note", [_note(item, city) for item in history or () if moderated])
        document["extended_attributes"] = _extended(row, city, moderated=moderated, masked=masked)
    return document


def _moment(moment: datetime | None, city: CitySnapshot) -> str | None:
    return None if moment is None else format_moment(moment, city.jurisdiction.time_zone)


def _place(row: RequestRow, city: CitySnapshot) -> tuple[float | None, float | None]:
    """Latitude and longitude as the public may know them."""
    if row.visibility != MASKED or row.lat is None or row.long is None:
        return row.lat, row.long
    return masked_place(lat=row.lat, long=row.long, grid_metres=city.jurisdiction.settings.masked_grid_metres)


def _answers(row: RequestRow, service: Service) -> list[Document]:
    """Of a masked request without what software filled in: closest_address, easting and the like tell the place."""
    hidden = {item.code for item in service.attributes if item.automated} if row.visibility == MASKED else set()
    return [
        {key: answer.get(key) for key in ("code", "label", "name", "value")}
        for answer in row.attribute_answers
        if answer.get("name") not in hidden
    ]


def _extended(row: RequestRow, city: CitySnapshot, *, moderated: bool, masked: bool) -> Document:
    status = city.statuses.get(row.detailed_status)
    document: Document = {
        "jurisdiction_id": city.jurisdiction.jurisdiction_id,
        "title": (row.title or derived_title(row.description)) if moderated else None,
        "channel": row.channel,
        "detailed_status": status.citysdk_word if status else row.detailed_status.upper(),
        "closed_datetime": _moment(row.closed_datetime, city),
        "service_object_type": None if masked else row.service_object_type,
        "service_object_id": None if masked else row.service_object_id,
        "duplicate": row.duplicate,
        "parent_service_request_id": row.parent_service_request_id,
        "media_urls": Items("media_url", row.media_urls if moderated else []),
    }
    if moderated and not masked:
        for name, value in row.extended_attributes.items():
            document.setdefault(name, _tree(value))
    return document


def _tree(value: object) -> object:
    """What an import or an operator kept, in values both formats can write."""
    if isinstance(value, dict):
        return {str(name): _tree(child) for name, child in value.items()}
    if isinstance(value, list):
        return Items("value", [_tree(child) for child in value])
    return number(value) if isinstance(value, float) else value


def derived_title(description: str | None) -> str | None:
    """The first line of the description, cut at a word."""
    if not description:
        return None
    line = description.split("\n", 1)[0].strip()
    if len(line) <= 80:
        return line
    return line[:80].rsplit(" ", 1)[0] + "…"


_NOTE_TYPES = {
    "service_request.created": ("submitted", "Submitted"),
    "service_request.imported": ("submitted", "Submitted"),
    "service_request.closed": ("closed", "Closed"),
    "service_request.reopened": ("opened", "Reopened"),
    "service_request.status_changed": ("activity", "Status changed"),
    "service_request.rerouted": ("activity", "Reassigned"),
    "service_request.merged": ("activity", "Merged"),
    "service_request.media_added": ("activity", "Picture added"),
    "service_request.note_added": ("activity", "Note"),
}


def _note(item: HistoryItem, city: CitySnapshot) -> Document:
    kind, summary = _NOTE_TYPES.get(item.type, ("activity", "Updated"))
    detailed = item.data.get("detailed_status", {}).get("to") if isinstance(item.data.get("detailed_status"), dict) else None
    status = city.statuses.get(detailed) if detailed else None
    return {
        "datetime": format_moment(item.at, city.jurisdiction.time_zone),
        "type": kind,
        "summary": f"{summary}: {status.name}" if status and kind != "submitted" else summary,
        "description": item.text,
    }


def submitted_document(submitted: Submitted, account_id: str | None) -> Document:
    """Exactly what contract 1.9 lists: the key that does not apply is left out, not null."""
    document: Document = {}
    if submitted.service_request_id is not None:
        document["service_request_id"] = submitted.service_request_id
    elif submitted.token is not None:
        document["token"] = submitted.token
    return {**document, "service_notice": submitted.service_notice, "account_id": account_id}


def token_document(token: str, service_request_id: str | None) -> Document:
    """Pending: the token alone. Never a null id, which clients take for an id."""
    return {"token": token} if service_request_id is None else {"service_request_id": service_request_id, "token": token}
