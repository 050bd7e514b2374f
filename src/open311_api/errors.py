"""The family of errors the domain raises; each face turns them into answers of its own kind."""

from __future__ import annotations

from dataclasses import dataclass


class Open311Error(Exception):
    """Base of every error this project raises on purpose; its text may be shown to a person."""


class NotFound(Open311Error):
    """Something named by the caller does not exist, or not for this caller."""


class JurisdictionNotFound(NotFound):
    """No jurisdiction has this id."""


class JurisdictionMissing(Open311Error):
    """Several jurisdictions are served and the caller named none."""


class ServiceNotFound(NotFound):
    """No active service has this code."""


class ServiceRequestNotFound(NotFound):
    """No service request has this id, or the caller may not see it."""


class TokenNotFound(NotFound):
    """No service request was promised under this token."""


class KeyRefused(Open311Error):
    """The API key is missing, unknown, revoked, expired, foreign, or lacks the scope."""


class ScopeMissing(KeyRefused):
    """The key is valid, but not for this."""


class Unreadable(Open311Error):
    """What the caller sent cannot even be read."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with what the caller sent."""

    field: str
    message: str
    """A whole sentence that names the field and the remedy, for a person."""


class Invalid(Open311Error):
    """What the caller sent cannot be used; lists every problem found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in problems))

    @classmethod
    def of(cls, field: str, message: str) -> Invalid:
        return cls([Problem(field, message)])


class TooLarge(Open311Error):
    """The body, or a part of it, is larger than the limit the message names."""


class TooSlow(Open311Error):
    """The request did not arrive in time."""


class RateLimited(Open311Error):
    """Too many calls; trying again after this many seconds is right."""

    def __init__(self, after_seconds: int) -> None:
        self.after_seconds = after_seconds
        super().__init__(f"too many requests; try again in {after_seconds} seconds")


class IdempotencyConflict(Open311Error):
    """A key of an earlier submission came back with a different body."""


class Unavailable(Open311Error):
    """The server cannot do this at the moment; trying again later is right."""

    def __init__(self, message: str = "the service is not available at the moment, try again shortly", *, after_seconds: int = 1):
        self.after_seconds = after_seconds
        super().__init__(message)


class Conflict(Open311Error):
    """What the caller wants contradicts the present state; ``current`` shows that state."""

    def __init__(self, message: str, *, current: dict[str, object] | None = None) -> None:
        self.current = current or {}
        super().__init__(message)


class StaleVersion(Conflict):
    """Somebody else changed it since the caller read it."""


class PreconditionFailed(StaleVersion):
    """The same, where the caller asked for it by ``If-Match``."""


class Contended(Unavailable):
    """The database undid a transaction because of others beside it: nothing happened, and at once again is right."""


class ConfigurationError(Open311Error):
    """The installation is set up in a way that cannot work; the text says how to mend it."""
