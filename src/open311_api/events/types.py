"""Names of what can happen, and the one advisory lock of those who order it."""

from __future__ import annotations

CREATED = "service_request.created"
IMPORTED = "service_request.imported"
CLOSED = "service_request.closed"
REOPENED = "service_request.reopened"
STATUS_CHANGED = "service_request.status_changed"
UPDATED = "service_request.updated"
MERGED = "service_request.merged"
REROUTED = "service_request.rerouted"
NOTE_ADDED = "service_request.note_added"

SERVICE_CREATED = "service.created"
SERVICE_UPDATED = "service.updated"
SERVICE_DELETED = "service.deleted"

PUBLISH_LOCK = 0x0311_0001
"""Advisory lock of the one process that gives positions."""
