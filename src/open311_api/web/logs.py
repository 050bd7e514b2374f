"""Structured lines on standard error: one event, one line, never a key or personal data."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from open311_api.config import Settings

_KEYS = re.compile(r"o311_[a-z]+_[A-Za-z0-9]{8}_[A-Za-z0-9]{10,}")
_KEY_PARAMETER = re.compile(r"(api_key=)[^&\s]*", re.IGNORECASE)


def redact(text: str) -> str:
    """The text without anything that looks like a key."""
    return _KEY_PARAMETER.sub(r"\1…", _KEYS.sub("o311_…", text))


def _redacted(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str) and ("o311_" in value or "api_key" in value):
            event[name] = redact(value)
    return event


def configure_logs(settings: Settings) -> None:
    """Once for each process; libraries that use logging go the same way."""
    level = getattr(logging, settings.log_level.upper())
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redacted,
    ]
    if settings.log_format == "json":
        structlog.configure(
            processors=[*shared, structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event, default=str))],
            wrapper_class=structlog.make_filtering_bound_logger(level),
            logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
            cache_logger_on_first_use=True,
        )
    else:
        structlog.configure(
            processors=[*shared, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())],
            wrapper_class=structlog.make_filtering_bound_logger(level),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
            cache_logger_on_first_use=True,
        )
    logging.basicConfig(level=level, handlers=[_ToStructlog()], force=True)
    logging.getLogger("uvicorn.access").disabled = True


def access_log(settings: Settings) -> Callable[..., None] | None:
    """What writes the line of each answer: the same line structlog would make, for a sixth of its time. None: no lines."""
    if not settings.access_log or settings.log_level not in ("debug", "info"):
        return None
    if settings.log_format != "json":
        return lambda **values: structlog.get_logger("open311.access").info("answered", **values)
    out, options = sys.stderr.buffer, orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE

    def write(*, path: str, **values: object) -> None:
        shown = redact(path) if "o311_" in path or "api_key" in path else path
        line = {**values, "path": shown, "event": "answered", "level": "info", "timestamp": datetime.now(UTC)}
        out.write(orjson.dumps(line, option=options))
        out.flush()

    return write


class _ToStructlog(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(record.name)
        log.log(record.levelno, redact(record.getMessage()), exc_info=record.exc_info or None)
