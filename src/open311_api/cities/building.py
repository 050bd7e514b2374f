"""A checked city file becomes a city of plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from open311_api.catalog.types import Attribute, AttributeValue, DetailedStatus, JurisdictionSettings
from open311_api.cities.city import City, CityArea, CityAreaSet, CityDepartment, CityJurisdiction, CityService
from open311_api.cities.document import AttributeEntry, CityFile, JurisdictionEntry, ServiceEntry


def build_city(file: CityFile, boundary: bytes | None, areas: Mapping[str, tuple[CityArea, ...]]) -> City:
    return City(
        jurisdiction_id=file.jurisdiction.id,
        jurisdiction=_jurisdiction(file.jurisdiction, boundary),
        departments=tuple(
            CityDepartment(
                code=entry.code,
                name=entry.name,
                public=not entry.triage if entry.public is None else entry.public,
                triage=entry.triage,
                contact=dict(entry.contact),
            )
            for entry in sorted(file.departments, key=lambda entry: entry.code)
        ),
        statuses=None
        if file.statuses is None
        else tuple(
            DetailedStatus(
                code=entry.code,
                name=entry.name,
                status=entry.status,
                citysdk_word=entry.citysdk_word,
                update_word=entry.update_word,
                allowed_next=None if entry.allowed_next is None else tuple(entry.allowed_next),
                is_default=entry.default,
            )
            for entry in file.statuses
        ),
        area_sets=tuple(
            CityAreaSet(entry.code, entry.name, areas[entry.code]) for entry in sorted(file.areas, key=lambda entry: entry.code)
        ),
        services=tuple(_service(entry) for entry in file.services),
    )


def _jurisdiction(entry: JurisdictionEntry, boundary: bytes | None) -> CityJurisdiction:
    return CityJurisdiction(
        name=entry.name,
        time_zone=entry.time_zone,
        locale=entry.locale,
        request_id_format=entry.request_id_format,
        settings=JurisdictionSettings(**{name: getattr(entry, name) for name in JurisdictionSettings.model_fields}),
        boundary=boundary,
    )


def _service(entry: ServiceEntry) -> CityService:
    return CityService(
        code=entry.code,
        name=entry.name,
        description=entry.description,
        type=entry.type,
        keywords=tuple(entry.keywords),
        groups=tuple(entry.groups) if entry.groups is not None else (entry.group,) if entry.group else (),
        department=entry.department,
        notice=entry.notice or None,
        description_required=entry.description_required,
        visibility=entry.visibility,
        ids_assigned_by=entry.ids_assigned_by,
        areas=tuple(sorted(set(entry.areas))),
        attributes=build_attributes(entry.attributes),
        translations={locale: words for locale, given in entry.translations.items() if (words := _translation(given.model_dump()))},
    )


def build_attributes(entries: list[AttributeEntry]) -> tuple[Attribute, ...]:
    """In the order of the wire: by ``order``, or as listed."""
    attributes = [
        Attribute(
            code=entry.code,
            datatype=entry.datatype,
            description=entry.description,
            order=entry.order or number,
            variable=entry.variable,
            required=entry.required,
            datatype_description=entry.datatype_description,
            values=tuple(AttributeValue(value.key, value.name) for value in entry.values),
            automated=entry.automated,
            translations={
                locale: words for locale, given in entry.translations.items() if (words := _translation(given.model_dump()))
            },
        )
        for number, entry in enumerate(entries, start=1)
    ]
    return tuple(sorted(attributes, key=lambda attribute: attribute.order))


def _translation(words: dict[str, Any]) -> dict[str, Any]:
    """What was translated; one group is a list of one."""
    group = words.pop("group", None)
    if group:
        words["groups"] = [group]
    return {key: value for key, value in words.items() if value}
