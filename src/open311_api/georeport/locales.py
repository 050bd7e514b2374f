"""Which language an answer is in (contract 4, Language)."""

from __future__ import annotations

import re

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.georeport.parameters import Parameters

_TAG = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")


def offered_locales(city: CitySnapshot) -> frozenset[str]:
    """Every language that something in the catalogue is translated into, and the jurisdiction's own."""
    found = city.rendered.get("locales")
    if found is None:
        names = {locale for service in city.content.services for locale in service.translations}
        names |= {locale for service in city.content.services for item in service.attributes for locale in item.translations}
        found = frozenset({name.replace("_", "-").lower() for name in names} | {city.jurisdiction.locale.lower()})
        city.rendered["locales"] = found
    assert isinstance(found, frozenset)
    return found


def choose_locale(parameters: Parameters, accept_language: str | None, city: CitySnapshot) -> str:
    """From the query, else from Accept-Language, else the jurisdiction's; always one that is offered."""
    offered = offered_locales(city)
    asked = parameters.text("locale", "langcode")
    if asked is not None:
        return _match(asked, offered) or city.jurisdiction.locale
    if accept_language and len(offered) > 1:
        for tag in _by_preference(accept_language):
            if found := _match(tag, offered):
                return found
    return city.jurisdiction.locale


def _match(tag: str, offered: frozenset[str]) -> str | None:
    """``fi``, ``fi_FI`` and ``fi-FI`` all find ``fi``."""
    if not _TAG.fullmatch(tag):
        return None
    wanted = tag.replace("_", "-").lower()
    if wanted in offered:
        return wanted
    language = wanted.split("-")[0]
    return next((name for name in sorted(offered) if name.split("-")[0] == language), None)


def _by_preference(header: str) -> list[str]:
    weighted = []
    for index, part in enumerate(header.split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            weighted.append((-weight, index, tag.strip()))
    return [tag for _, _, tag in sorted(weighted)]


def translated(translations: dict[str, dict[str, object]], locale: str, field: str, default: str) -> str:
    """The text in this language, or as the city wrote it."""
    if not translations:
        return default
    for name in (locale, locale.replace("-", "_"), locale.split("-")[0]):
        found = translations.get(name, {}).get(field)
        if isinstance(found, str) and found:
            return found
    return default
