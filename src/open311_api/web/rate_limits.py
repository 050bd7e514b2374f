"""How often somebody may call, counted in the process: never a write for a request."""

from __future__ import annotations

import time
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from open311_api.config import Settings

WINDOW_SECONDS = 60
_MOST_BUCKETS = 50_000
BAD_KEYS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    allowed: bool
    quota: int
    remaining: int
    reset_seconds: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """draft-ietf-httpapi-ratelimit-headers, as structured fields."""
        return [
            (b"ratelimit-policy", b'"minute";q=%d;w=60' % self.quota),
            (b"ratelimit", b'"minute";r=%d;t=%d' % (self.remaining, self.reset_seconds)),
        ]


class _Buckets:
    """Token buckets that fill evenly over a minute; the oldest half goes when there are too many."""

    __slots__ = ("_levels", "quota")

    def __init__(self, quota: int) -> None:
        self.quota = quota
        self._levels: dict[object, tuple[float, float]] = {}

    def level(self, key: object, now: float) -> float:
        level, at = self._levels.get(key, (float(self.quota), now))
        return min(float(self.quota), level + (now - at) * self.quota / WINDOW_SECONDS)

    def take(self, key: object, now: float) -> Verdict:
        level = self.level(key, now)
        allowed = level >= 1
        if allowed:
            level -= 1
        if key not in self._levels and len(self._levels) >= _MOST_BUCKETS:
            for old in list(self._levels)[: _MOST_BUCKETS // 2]:
                del self._levels[old]
        self._levels[key] = (level, now)
        wait = 1 if level >= 1 else int((1 - level) * WINDOW_SECONDS / self.quota) + 1
        return Verdict(allowed, self.quota, int(level), wait)


class RateLimits:
    """One bucket for an address without a key, one for each key, one for the wrong keys of an address."""

    def __init__(self, settings: Settings) -> None:
        self._addresses = _Buckets(settings.rate_anonymous)
        self._keys = _Buckets(settings.rate_key)
        self._failures = _Buckets(BAD_KEYS_PER_MINUTE)
        self._loopback_counts = settings.rate_limit_loopback

    def address(self, client: str) -> Verdict | None:
        """None: this address is not counted."""
        network = _network(client)
        return None if network is None and not self._loopback_counts else self._addresses.take(network, time.monotonic())

    def key(self, api_key_key: int) -> Verdict:
        return self._keys.take(api_key_key, time.monotonic())

    def failed_key(self, client: str) -> None:
        network = _network(client)
        if network is not None or self._loopback_counts:
            self._failures.take(network, time.monotonic())

    def too_many_failures(self, client: str) -> bool:
        network = _network(client)
        if network is None and not self._loopback_counts:
            return False
        return self._failures.level(network, time.monotonic()) < 1


_NETWORKS: dict[str, object] = {}


def _network(client: str) -> object:
    """An IPv4 address by itself, IPv6 by its /64; None for loopback."""
    if client in _NETWORKS:
        return _NETWORKS[client]
    try:
        address = ip_address(client)
    except ValueError:
        found: object = client
    else:
        found = None if address.is_loopback else address if address.version == 4 else ip_network((address, 64), strict=False)
    if len(_NETWORKS) > _MOST_BUCKETS:
        _NETWORKS.clear()
    _NETWORKS[client] = found
    return found
