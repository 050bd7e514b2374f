"""What one process holds while it runs, handed to every endpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request

from open311_api.catalog.snapshot import Catalog
from open311_api.config import Settings
from open311_api.db.database import Database
from open311_api.db.sealing import Sealer
from open311_api.events.publish import Publisher
from open311_api.web.callers import Callers
from open311_api.web.pulse import Pulse
from open311_api.web.rate_limits import RateLimits

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Runtime:
    settings: Settings
    db: Database
    catalog: Catalog
    pulse: Pulse
    publisher: Publisher
    sealer: Sealer
    callers: Callers
    limits: RateLimits
    clock: Clock = utc_now


def runtime_of(request: Request) -> Runtime:
    runtime = request.scope["app"].state.runtime
    assert isinstance(runtime, Runtime)
    return runtime
