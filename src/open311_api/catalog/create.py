"""Bring a jurisdiction into being with all that a request of it needs."""

from __future__ import annotations

from sqlalchemy import insert, text

from open311_api.catalog.models import Department, DetailedStatus, Jurisdiction
from open311_api.catalog.types import DEFAULT_STATUSES
from open311_api.db.database import Session

TRIAGE_CODE = "triage"


def number_sequence(jurisdiction_key: int) -> str:
    """Name of the sequence that numbers this jurisdiction's requests: gaps are allowed, reuse is not."""
    return f"service_request_number_{jurisdiction_key}"


async def create_jurisdiction(session: Session, *, jurisdiction_id: str, name: str) -> int:
    """Write the jurisdiction with its triage department, default statuses and number sequence."""
    key: int = await session.value(
        insert(Jurisdiction).values(jurisdiction_id=jurisdiction_id, name=name).returning(Jurisdiction.jurisdiction_key)
    )
    await session.execute(
        insert(Department).values(jurisdiction_key=key, code=TRIAGE_CODE, name="Triage", triage=True, public=False)
    )
    for position, status in enumerate(DEFAULT_STATUSES):
        await session.execute(
            insert(DetailedStatus).values(
                jurisdiction_key=key,
                code=status.code,
                name=status.name,
                status=status.status,
                citysdk_word=status.citysdk_word,
                update_word=status.update_word,
                is_default=status.is_default,
                position=position,
            )
        )
    await session.execute(text(f"CREATE SEQUENCE {number_sequence(key)}"))
    return key
