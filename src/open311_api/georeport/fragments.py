"""Rendered documents kept in the process: a list of a thousand is mostly copied, not made."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Any

_OVERHEAD = 300
"""Bytes that an entry costs beside its text, roughly."""

_Documents = OrderedDict[str, tuple[int, bytes]]
_NOTHING: _Documents = OrderedDict()


class FragmentCache:
    """Bounded in bytes; a hit costs one look-up, and what came first goes first.

    A variant is everything but the request that a rendered document depends on. An entry counts only at its version.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._bytes = 0
        self._variants: OrderedDict[Hashable, _Documents] = OrderedDict()
        """The one that was written last stands last: old catalogue versions are forgotten before anything else."""
        self.hits = 0
        self.misses = 0

    def knows(self, variant: Hashable, service_request_id: str) -> bool:
        """Whether some version is here: worth asking the database for the version alone."""
        return service_request_id in self._variants.get(variant, ())

    def get(self, variant: Hashable, service_request_id: str, version: int) -> bytes | None:
        return self.get_many(variant, ((service_request_id, version),))[0]

    def get_many(self, variant: Hashable, wanted: Iterable[tuple[Any, ...]]) -> list[bytes | None]:
        """In the order of the rows, which begin with id and version; None for what is not here."""
        kept = self._variants.get(variant) or _NOTHING
        found = [entry[1] if (entry := kept.get(row[0])) is not None and entry[0] == row[1] else None for row in wanted]
        missing = found.count(None)
        self.misses += missing
        self.hits += len(found) - missing
        return found

    def put(self, variant: Hashable, service_request_id: str, version: int, fragment: bytes) -> None:
        kept = self._variants.setdefault(variant, OrderedDict())
        self._variants.move_to_end(variant)
        before = kept.pop(service_request_id, None)
        self._bytes += len(fragment) + _OVERHEAD - (len(before[1]) + _OVERHEAD if before else 0)
        kept[service_request_id] = (version, fragment)
        while self._bytes > self._limit:
            self._forget_one()

    def _forget_one(self) -> None:
        variant, kept = next(iter(self._variants.items()))
        _, (_, fragment) = kept.popitem(last=False)
        self._bytes -= len(fragment) + _OVERHEAD
        if not kept:
            del self._variants[variant]
