"""Scopes, and what the rest of the house knows about a caller."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from dataclasses import dataclass
from datetime import datetime

SCOPES = (
    "requests:write",
    "requests:read_private",
    "requests:manage",
    "catalog:manage",
    "routing:read",
    "routing:write",
    "webhooks:manage",
    "events:read",
    "keys:manage",
    "admin",
)

_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 8
_SECRET_LENGTH = 43  # 256 bits in base 62: a fast hash is enough for a secret nobody can guess
KEY_PATTERN = re.compile(r"o311_([a-z]+)_([A-Za-z0-9]{8})_([A-Za-z0-9]{43})")

DEMO = "demo"
"""Kind of the keys that the demo city prints for everybody to see."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified key: who calls, what for, and where."""

    api_key_key: int
    name: str
    scopes: frozenset[str]
    jurisdiction_keys: frozenset[int] | None
    """None: every jurisdiction of the server."""

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes

    def serves(self, jurisdiction_key: int) -> bool:
        return self.jurisdiction_keys is None or jurisdiction_key in self.jurisdiction_keys


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made; ``text`` is shown once and kept nowhere."""

    api_key_key: int
    key_id: str
    text: str


@dataclass(frozen=True, slots=True)
class KeySummary:
    """What may be shown of a key afterwards."""

    key_ids: tuple[str, ...]
    api_key_key: int
    name: str
    scopes: tuple[str, ...]
    jurisdiction_keys: tuple[int, ...] | None
    created_at: datetime
    last_used_at: datetime | None
    not_after: datetime | None
    revoked: bool


def new_secret(kind: str = "live") -> tuple[str, str, bytes]:
    """Key id, whole text, and the hash to keep."""
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    text = f"o311_{kind}_{key_id}_{secret}"
    return key_id, text, hash_key(text)


def hash_key(text: str) -> bytes:
    """Of the whole text, so that no part of it, its kind included, can be written differently."""
    return hashlib.sha256(text.encode()).digest()
