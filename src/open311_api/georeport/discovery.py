"""The service discovery document (contract 3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.georeport.documents import Document
from open311_api.georeport.rendering import Items

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
BULK_SPECIFICATION = "http://wiki.open311.org/GeoReport_Bulk_v1"


def discovery_document(cities: Sequence[CitySnapshot], *, public_url: str, several: bool) -> Document:
    """One entry for each jurisdiction: its own root where the server serves several."""
    newest = max((city.jurisdiction.catalog_changed_at for city in cities), default=datetime(2020, 1, 1, tzinfo=UTC))
    first = cities[0].jurisdiction.settings if cities else None
    endpoints = [entry for city in cities for entry in _endpoints(city, public_url, several=several)]
    return {
        "changeset": _changeset(newest),
        "contact": (first.contact if first else "") or f"The operator of {public_url}",
        "key_service": (first.key_service if first else "") or f"Ask the operator of {public_url}",
        "endpoints": Items("endpoint", endpoints or [_entry(SPECIFICATION, f"{public_url}/open311/v2", newest, "production")]),
    }


def root_url(city: CitySnapshot, public_url: str, *, several: bool) -> str:
    """API root without a trailing slash."""
    if not several:
        return f"{public_url}/open311/v2"
    return f"{public_url}/{quote(city.jurisdiction.jurisdiction_id, safe='')}/open311/v2"


def _endpoints(city: CitySnapshot, public_url: str, *, several: bool) -> list[Document]:
    changed, kind = city.jurisdiction.catalog_changed_at, city.jurisdiction.settings.endpoint_type
    return [_entry(SPECIFICATION, root_url(city, public_url, several=several), changed, kind)]


def _entry(specification: str, url: str, changed: datetime, kind: str) -> Document:
    return {
        "specification": specification,
        "url": url,
        "changeset": _changeset(changed),
        "type": kind,
        "formats": Items("format", ["text/xml", "application/json"]),
    }


def _changeset(moment: datetime) -> str:
    """Sortable, and parsed by old validators (A-29)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def discovery_page(document: Document) -> str:
    """The same for a person."""
    rows = "".join(
        f"<tr><td><a href='{escape(item['url'])}/services.xml'>{escape(item['url'])}</a></td>"
        f"<td>{escape(item['type'])}</td><td>{escape(item['changeset'])}</td></tr>"
        for item in document["endpoints"]
    )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Open311 GeoReport v2</title>"
        "<style>body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:48rem;padding:0 1rem}"
        "td,th{padding:.3rem 1rem .3rem 0;text-align:left}</style>"
        f"<h1>Open311 GeoReport v2</h1><p>{escape(document['contact'])}<br>{escape(document['key_service'])}</p>"
        f"<table><tr><th>API root<th>Type<th>Changed</tr>{rows}</table>"
        "<p><a href='/discovery.xml'>discovery.xml</a> · <a href='/discovery.json'>discovery.json</a> · "
        "<a href='/docs'>documentation</a></p>"
        "</html>"
    )
