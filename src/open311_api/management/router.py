"""The routes of the back office. The longer addresses come first: an id may hold a slash."""

from __future__ import annotations

from fastapi import APIRouter

from open311_api.management import catalogue, changing, creating, history, listing, reading

router = APIRouter(prefix="/api/v1")
for part in (catalogue, listing, creating, history, reading, changing):
    router.include_router(part.router)
