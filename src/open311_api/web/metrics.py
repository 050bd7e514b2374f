"""Prometheus metrics of one process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters are looked up once for each route and status, because this runs for every answer."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "open311_answers", "Answers by route and status", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram("open311_answer_seconds", "Time to answer", ["route"], buckets=_SECONDS, registry=self.registry)
        self.version_age = Gauge("open311_version_age_seconds", "Age of what is known of the versions", registry=self.registry)
        self.cache_hits = Gauge("open311_fragment_cache_hits", "Documents copied from the cache", registry=self.registry)
        self.cache_misses = Gauge("open311_fragment_cache_misses", "Documents made", registry=self.registry)
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method if method in _METHODS else "other", route, status)
        pair = self._known.get(key)
        if pair is None:
            pair = (self._answers.labels(key[0], route, str(status)), self._seconds.labels(route))
            self._known[key] = pair
        pair[0].inc()
        pair[1].observe(seconds)

    def text(self) -> bytes:
        return generate_latest(self.registry)


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
