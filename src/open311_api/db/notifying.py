"""The one NOTIFY channel: a hint to look at version rows, never news in itself."""

from __future__ import annotations

CHANNEL = "open311"
