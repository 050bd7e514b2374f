"""Rendered documents kept in the process: a list of a thousand is mostly copied, not made."""

from __future__ import annotations

from collections.abc import Hashable

_OVERHEAD = 200
"""Bytes that an entry costs beside its text, roughly."""


class FragmentCache:
    """Bounded in bytes; two generations, so that a hit costs one look-up and forgetting costs nothing.

    A variant is everything but the request that a rendered document depends on. An entry counts only at its version.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._half = limit_bytes // 2
        self._young: dict[Hashable, dict[str, tuple[int, bytes]]] = {}
        self._old: dict[Hashable, dict[str, tuple[int, bytes]]] = {}
        self._bytes = 0
        self.hits = 0
        self.misses = 0

    def knows(self, variant: Hashable, service_request_id: str) -> bool:
        """Whether some version is here: worth asking the database for the version alone."""
        return service_request_id in self._young.get(variant, ()) or service_request_id in self._old.get(variant, ())

    def get(self, variant: Hashable, service_request_id: str, version: int) -> bytes | None:
        young = self._young.get(variant)
        if young is not None and (found := young.get(service_request_id)) is not None and found[0] == version:
            self.hits += 1
            return found[1]
        old = self._old.get(variant)
        if old is not None and (found := old.pop(service_request_id, None)) is not None and found[0] == version:
            self.hits += 1
            self.put(variant, service_request_id, version, found[1])
            return found[1]
        self.misses += 1
        return None

    def put(self, variant: Hashable, service_request_id: str, version: int, fragment: bytes) -> None:
        size = len(fragment) + _OVERHEAD
        if self._bytes + size > self._half:
            self._old, self._young, self._bytes = self._young, {}, 0
        self._young.setdefault(variant, {})[service_request_id] = (version, fragment)
        self._bytes += size
