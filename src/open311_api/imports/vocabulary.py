"""Words of the source into words of this server: statuses, codes, zip codes, channels, addresses of media."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from open311_api.catalog.types import DetailedStatus
from open311_api.imports.mapping import ChannelRule, StatusRule, StatusWord

_LONGEST_CODE = 64
_MOST_REMEMBERED = 50_000
_URL = re.compile(r"https?://[^\s|;\"<>]+")


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def make_code(text: str) -> str:
    """A code of letters, digits and hyphens, the same for spellings that differ only in case and punctuation."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if slug and len(slug) <= _LONGEST_CODE:
        return slug
    digest = hashlib.blake2b(_folded(text).encode(), digest_size=5).hexdigest()
    return f"{slug[: _LONGEST_CODE - 11].strip('-')}-{digest}".strip("-")


def tidy_name(text: str) -> str:
    """A name as people read it: ``Sidewalk_Cleaning`` and ``REFUSE,`` are how systems write theirs."""
    return " ".join(text.replace("_", " ").split()).strip(" ,-")


@dataclass(frozen=True, slots=True)
class StatusMeaning:
    status: str
    detailed: str
    duplicate: bool


class Statuses:
    """What the words of the source mean in this jurisdiction."""

    def __init__(self, rule: StatusRule, known: Sequence[DetailedStatus]) -> None:
        self._sides = {status.code: status.status for status in known}
        self._defaults = {status.status: status.code for status in known if status.is_default}
        self._words = {_folded(word): self._meaning(meant) for word, meant in rule.words.items()}
        self._seen: dict[str, StatusMeaning | None] = {}
        self.replaced = sorted({word.detailed for word in rule.words.values() if word.detailed and self._is_foreign(word)})
        """Detailed statuses of the mapping that this jurisdiction does not have."""
        self.unknown: dict[str, int] = {}
        """Words that the mapping does not list, with their rows."""

    def __call__(self, text: str, *, closed: bool) -> StatusMeaning:
        """An unlisted word, or none, is judged by whether there is a closing time."""
        if text in self._seen:
            meaning = self._seen[text]
        else:
            meaning = self._words.get(_folded(text))
            if len(self._seen) < _MOST_REMEMBERED:
                self._seen[text] = meaning
        if meaning is not None:
            return meaning
        if text and (text in self.unknown or len(self.unknown) < 100):
            self.unknown[text] = self.unknown.get(text, 0) + 1
        return self._meaning(StatusWord(status="closed" if closed else "open"))

    def _is_foreign(self, word: StatusWord) -> bool:
        return self._sides.get(word.detailed or "") != word.status

    def _meaning(self, word: StatusWord) -> StatusMeaning:
        detailed = self._defaults[word.status] if self._is_foreign(word) else word.detailed or ""
        return StatusMeaning(word.status, detailed, word.duplicate)


class ZipCodes:
    """Codes as a letter carrier writes them."""

    def __init__(self, digits: int) -> None:
        self._digits = digits
        self._seen: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        code = self._seen.get(text)
        if code is None:
            code = text.removesuffix(".0") if text.removesuffix(".0").isdigit() else text
            if code.isdigit() and len(code) < self._digits:
                code = code.zfill(self._digits)
            if len(self._seen) < _MOST_REMEMBERED:
                self._seen[text] = code
        return code


class Channels:
    """How the report came in."""

    def __init__(self, rule: ChannelRule | None) -> None:
        self._otherwise = rule.otherwise if rule else "other"
        self._words = {_folded(word): channel for word, channel in rule.words.items()} if rule else {}
        self._seen: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        channel = self._seen.get(text)
        if channel is None:
            channel = self._words.get(_folded(text), self._otherwise)
            if len(self._seen) < _MOST_REMEMBERED:
                self._seen[text] = channel
        return channel


def media_urls(texts: Sequence[str]) -> list[str]:
    """Every address in the texts once; what is not a web address is left out."""
    return list(dict.fromkeys(url.replace("\\", "%5C") for text in texts for url in _URL.findall(text)))
