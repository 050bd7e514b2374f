"""A stored city written as a city file with its GeoJSON; what is as usual is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import yaml

from open311_api.catalog.types import DEFAULT_STATUSES, Attribute, DetailedStatus, JurisdictionSettings
from open311_api.cities.city import City, CityAreaSet, CityDepartment, CityService
from open311_api.cities.document import AttributeTranslation, ServiceTranslation
from open311_api.cities.polygons import to_geojson

CITY_FILE = "city.yaml"


def write_city(city: City, folder: Path) -> list[Path]:
    """The paths written, the city file first."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Any] = {}
    document = _document(city, files)
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    paths = [folder / CITY_FILE, *(folder / name for name in files)]
    paths[0].write_text(text, encoding="utf-8")
    for path, data in zip(paths[1:], files.values(), strict=True):
        path.write_bytes(orjson.dumps(data) + b"\n")
    return paths


class _Dumper(yaml.SafeDumper):
    """No aliases, and quotes around every text that is not plainly a word or a sentence."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_PLAIN = re.compile(r"[A-Za-z]([A-Za-z0-9_ -]*[A-Za-z0-9_])?")
_WORDS_OF_YAML = frozenset(("yes", "no", "on", "off", "true", "false", "null", "y", "n"))


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML
    style = None if plain else "|" if "\n" in value else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def _document(city: City, files: dict[str, Any]) -> dict[str, Any]:
    place = city.jurisdiction
    usual = JurisdictionSettings()
    document: dict[str, Any] = {
        "version": 1,
        "jurisdiction": {
            "id": city.jurisdiction_id,
            "name": place.name,
            "time_zone": place.time_zone,
            "locale": place.locale,
            "request_id_format": place.request_id_format,
            **{name: value for name, value in place.settings if value != getattr(usual, name)},
        },
    }
    if place.boundary is not None:
        document["boundary"] = "boundary.geojson"
        files["boundary.geojson"] = _collection([_feature(place.boundary, {"name": place.name})])
    document["areas"] = [_area_set(area_set, files) for area_set in city.area_sets]
    document["departments"] = [_department(department) for department in city.departments]
    if city.statuses != DEFAULT_STATUSES:
        document["statuses"] = [_status(status) for status in city.statuses or ()]
    document["services"] = [_service(service) for service in city.services]
    return {key: value for key, value in document.items() if value not in ([], None)}


def _area_set(area_set: CityAreaSet, files: dict[str, Any]) -> dict[str, Any]:
    taken = {name for area in area_set.areas for name in area.properties}
    code, name, priority = (_free(word, taken) for word in ("code", "name", "priority"))
    file = f"areas-{len(files) + 1}-{re.sub('[^A-Za-z0-9-]+', '-', area_set.code)[:60]}.geojson"
    prioritized = any(area.priority for area in area_set.areas)
    files[file] = _collection(
        [
            _feature(
                area.geometry,
                {code: area.code, name: area.name, **({priority: area.priority} if prioritized else {}), **area.properties},
            )
            for area in area_set.areas
        ]
    )
    entry = {"code": area_set.code, "name": area_set.name, "file": file, "id_property": code, "name_property": name}
    return entry | ({"priority_property": priority} if prioritized else {})


def _free(word: str, taken: set[str]) -> str:
    """A property name that no area uses for something of its own."""
    while word in taken:
        word = f"area_{word}"
    return word


def _department(department: CityDepartment) -> dict[str, Any]:
    entry: dict[str, Any] = {"code": department.code, "name": department.name}
    if department.triage:
        entry["triage"] = True
    if department.public is department.triage:  # not as usual
        entry["public"] = department.public
    return entry | ({"contact": department.contact} if department.contact else {})


def _status(status: DetailedStatus) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "code": status.code,
        "name": status.name,
        "status": status.status,
        "citysdk_word": status.citysdk_word,
        "update_word": status.update_word,
    }
    if status.allowed_next is not None:
        entry["allowed_next"] = list(status.allowed_next)
    return entry | ({"default": True} if status.is_default else {})


def _service(service: CityService) -> dict[str, Any]:
    entry = {
        "code": service.code,
        "name": service.name,
        "description": service.description,
        "type": None if service.type == "realtime" else service.type,
        "keywords": list(service.keywords),
        "groups": list(service.groups),
        "department": service.department,
        "notice": service.notice,
        "description_required": service.description_required,
        "visibility": None if service.visibility == "public" else service.visibility,
        "ids_assigned_by": None if service.ids_assigned_by == "worker" else service.ids_assigned_by,
        "areas": list(service.areas),
        "attributes": _attributes(service.attributes),
        "translations": _translations(service.translations),
    }
    return _useful(entry)


def _attributes(attributes: tuple[Attribute, ...]) -> list[dict[str, Any]]:
    numbered = [attribute.order for attribute in attributes] != list(range(1, len(attributes) + 1))
    return [
        _useful(
            {
                "code": attribute.code,
                "datatype": attribute.datatype,
                "description": attribute.description,
                "order": attribute.order if numbered else None,
                "required": attribute.required,
                "datatype_description": attribute.datatype_description,
                "values": [{"key": value.key, "name": value.name} for value in attribute.values],
                "automated": attribute.automated,
                "translations": _translations(attribute.translations),
            }
        )
        | ({} if attribute.variable else {"variable": False})
        | ({"description": ""} if not attribute.description else {})
        for attribute in attributes
    ]


def _translations(translations: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """In the order of the models: the database keeps none."""
    order = [*AttributeTranslation.model_fields, *ServiceTranslation.model_fields]
    return {locale: {key: words[key] for key in sorted(words, key=order.index)} for locale, words in sorted(translations.items())}


def _useful(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value not in (None, False, "", [], {})}


def _feature(wkb: bytes, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": to_geojson(wkb)}


def _collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}
