"""Temporary tables of one import: they live in its transaction and die with it, whatever ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.schema import CreateTable

from open311_api.db.columns import IdText, Json, TextList
from open311_api.db.database import Session

_metadata = MetaData()


def _temporary(name: str, *columns: Column[object]) -> Table:
    return Table(name, _metadata, *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")


ROW = _temporary(
    "import_row",
    Column("line", BigInteger),
    Column("content_hash", LargeBinary),
    Column("service_request_id", IdText),
    Column("channel", Text),
    Column("title", Text),
    Column("description", Text),
    Column("status_notes", Text),
    Column("address", Text),
    Column("zipcode", Text),
    Column("parent_id", IdText),
    Column("service_code", IdText),
    Column("department_code", IdText),
    Column("status", Text),
    Column("detailed_status", IdText),
    Column("duplicate", Boolean),
    Column("requested", BigInteger),
    Column("updated", BigInteger),
    Column("expected", BigInteger),
    Column("closed", BigInteger),
    Column("long", Double),
    Column("lat", Double),
    Column("media_urls", TextList),
    Column("extended_attributes", Json),
)
"""The rows of the file as Plan writes them, in the order of the file."""

KNOWN = _temporary(
    "import_known",
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("request_key", BigInteger),
    Column("same", Boolean),
)
"""Rows whose request is stored already; ``same`` is unknown for a request that no import made."""

SERVICE = _temporary(
    "import_service",
    Column("code", IdText, primary_key=True),
    Column("service_key", Integer),
    Column("visibility", Text),
    Column("department_key", Integer),
)

DEPARTMENT = _temporary("import_department", Column("code", IdText, primary_key=True), Column("department_key", Integer))


async def create(session: Session, *tables: Table) -> None:
    for table in tables:
        await session.execute(CreateTable(table))


async def analyze(session: Session, table: Table) -> None:
    """Nobody else does that for a temporary table, and the merge is planned by it."""
    await session.connection.execute(f"ANALYZE {table.name}")


async def copy_rows(session: Session, blocks: AsyncIterator[bytes]) -> None:
    await session.connection.copy_to_table(
        ROW.name, source=blocks, columns=[column.name for column in ROW.columns], format="text", null=""
    )
