"""Keep the jurisdiction's own numbering clear of imported ids that look like its own."""

from __future__ import annotations

import re

from sqlalchemy import BigInteger, Text, cast, func, literal_column, select, table
from sqlalchemy.dialects.postgresql import REGCLASS

from open311_api.catalog.create import number_sequence
from open311_api.db.columns import parameter
from open311_api.db.database import Session
from open311_api.db.statements import Statement
from open311_api.imports import queries
from open311_api.service_requests.numbering import parse_format

_SET = Statement(select(func.setval(cast(parameter("sequence", Text), REGCLASS), parameter("number", BigInteger))))


def number_pattern(request_id_format: str) -> str:
    """A regular expression for PostgreSQL whose one group is the number."""
    form = parse_format(request_id_format)
    before, after = (re.escape(part).replace(r"\{year\}", "[0-9]{4}") for part in (form.before, form.after))
    return f"^{before}([0-9]{{1,18}}){after}$"


async def pass_imported_numbers(session: Session, jurisdiction_key: int, request_id_format: str) -> None:
    """Move the sequence past them. It does not come back when the transaction fails: a gap, and gaps are allowed."""
    highest = await session.value(queries.HIGHEST_NUMBER, {"pattern": number_pattern(request_id_format)})
    if highest is None:
        return
    name = number_sequence(jurisdiction_key)
    last = await session.value(select(literal_column("last_value")).select_from(table(name)))
    if highest > last:
        await session.value(_SET, {"sequence": name, "number": highest})
