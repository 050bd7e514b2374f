"""Encrypting what must not be readable in a dump: personal data and secrets of subscriptions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from open311_api.config import Settings
from open311_api.errors import ConfigurationError

KEY_BYTES = 32
_NONCE_BYTES = 12


class Sealer:
    """AES-256-GCM under named keys: the first writes, all read. A sealed value starts with ``id:``."""

    def __init__(self, keys: Iterable[tuple[str, bytes]]) -> None:
        self._keys = dict(keys)
        if not self._keys:
            raise ConfigurationError("OPEN311_SECRET_KEYS names no key; write it as id:base64 of 32 random bytes")
        self._first = next(iter(self._keys))

    @classmethod
    def parse(cls, text: str) -> Sealer:
        """From the text of OPEN311_SECRET_KEYS."""
        keys = []
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, separator, encoded = part.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except ValueError as error:
                raise ConfigurationError(f"key {name!r} in OPEN311_SECRET_KEYS is not base64") from error
            if not separator or not name.isalnum() or len(name) > 16 or len(key) != KEY_BYTES:
                raise ConfigurationError(
                    "OPEN311_SECRET_KEYS must be id:base64,… with ids of letters and digits and keys of 32 bytes; "
                    "make one with: open311 secret-key"
                )
            keys.append((name, key))
        return cls(keys)

    @staticmethod
    def make(name: str = "k1") -> str:
        """A new key, as it is written in OPEN311_SECRET_KEYS."""
        return f"{name}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"

    def seal(self, plain: bytes, *, bound_to: str) -> bytes:
        """``bound_to`` says where the value belongs; it opens nowhere else."""
        nonce = os.urandom(_NONCE_BYTES)
        box = AESGCM(self._keys[self._first]).encrypt(nonce, plain, bound_to.encode())
        return self._first.encode() + b":" + nonce + box

    def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        name, _, rest = sealed.partition(b":")
        key = self._keys.get(name.decode("ascii", "replace"))
        if key is None:
            raise ConfigurationError(f"no key {name.decode('ascii', 'replace')!r} in OPEN311_SECRET_KEYS; add the retired key back")
        try:
            return AESGCM(key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], bound_to.encode())
        except InvalidTag as error:
            raise ConfigurationError("a sealed value does not open: it was changed, or its key was replaced") from error

    def fingerprint(self, text: str, *, purpose: str) -> bytes:
        """Keyed hash under the writing key, for finding equal values without storing them."""
        return self._fingerprint(self._first, text, purpose)

    def fingerprints(self, text: str, *, purpose: str) -> list[bytes]:
        """The same under every key: what a search must compare with after a rotation."""
        return [self._fingerprint(name, text, purpose) for name in self._keys]

    def _fingerprint(self, name: str, text: str, purpose: str) -> bytes:
        key = hmac.digest(self._keys[name], b"open311 fingerprint " + purpose.encode(), hashlib.sha256)
        return hmac.digest(key, text.encode(), hashlib.sha256)


def secret_keys(settings: Settings) -> str:
    """OPEN311_SECRET_KEYS; in development a key made once and kept, for its owner only, in the data folder."""
    if settings.secret_keys:
        return settings.secret_keys
    if settings.env == "production":
        raise ConfigurationError("OPEN311_SECRET_KEYS is not set; make a key with: open311 secret-key")
    path = settings.data_dir / "secret-keys"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".secret-keys-{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(Sealer.make() + "\n")
        # A link fails when another process was first, and then its key counts.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
        return path.read_text().strip()
