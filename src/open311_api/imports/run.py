"""Import one file: read and stage it, then merge it, all in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import asyncpg
from sqlalchemy import func, insert, literal, select, update

from open311_api.catalog.create import create_jurisdiction
from open311_api.catalog.models import Jurisdiction
from open311_api.catalog.save import mark_changed
from open311_api.catalog.types import DetailedStatus
from open311_api.db.database import Database, Session
from open311_api.errors import JurisdictionNotFound, Unavailable
from open311_api.events.models import ImportRun
from open311_api.imports import queries, staging
from open311_api.imports.catalogue import Prepared, prepare_catalogue
from open311_api.imports.errors import REPORTED_HERE, Rejected
from open311_api.imports.mapping import Mapping
from open311_api.imports.merge import FORGET_REPEATS, NUMBER_EQUALS, Merged, merge
from open311_api.imports.numbers import pass_imported_numbers
from open311_api.imports.rejects import Rejects
from open311_api.imports.result import ImportResult
from open311_api.imports.rows import Plan
from open311_api.imports.tables import Row, Table

BLOCK = 4_000
"""Rows that are read, projected and sent together."""

IMPORT_LOCK = 0x0311
"""First half of the advisory lock that lets one import at a time into a jurisdiction."""

_ATTEMPTS = 3

_SETTINGS = """
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL work_mem = '64MB';
SET LOCAL client_connection_check_interval = '1s'
"""
"""A killed import is noticed within a second."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to import, where to, and how."""

    path: Path
    jurisdiction_id: str
    mapping: Mapping
    rejects: Path
    dry_run: bool = False
    create_as: str | None = None
    """Name of a jurisdiction to make when there is none with this id."""


class Progress:
    """Hears how far an import is; this one does not tell anybody."""

    def waiting(self) -> None:
        """Another import into this jurisdiction runs."""

    def reading(self, *, position: int, size: int, rows: int) -> None: ...

    def merging(self, done: int, rows: int) -> None: ...


class _Undo(Exception):
    """Ends the transaction of a dry run."""


async def import_file(db: Database, order: Order, progress: Progress | None = None) -> ImportResult:
    """All of the file or nothing, whatever happens on the way; safe to repeat."""
    started = perf_counter()
    wanted = order.mapping.columns()
    with (
        Table(order.path, delimiter=order.mapping.delimiter, wanted=wanted) as table,
        Rejects(order.rejects, table.columns) as rejects,
    ):
        work = _Import(order, table, rejects, progress or Progress())
        try:
            async with db.begin() as session:
                await work.run(session)
                if order.dry_run:
                    raise _Undo
        except _Undo:
            pass
    work.result.seconds = perf_counter() - started
    return work.result


class _Import:
    """One run in its transaction."""

    def __init__(self, order: Order, table: Table, rejects: Rejects, progress: Progress) -> None:
        self.order = order
        self.table = table
        self.rejects = rejects
        self.progress = progress
        self.result = ImportResult(order.path.name, order.jurisdiction_id, dry_run=order.dry_run, reasons=rejects.reasons)
        if not table.is_json:
            self.result.unused_columns = sorted(set(table.header) - set(order.mapping.columns()) - {""})

    async def run(self, session: Session) -> None:
        started = perf_counter()
        await session.connection.execute(_SETTINGS)
        key, id_format, created = await self._jurisdiction(session)
        await self._take_turn(session, key)
        plan = await self._plan(session, key)
        await staging.create(session, staging.ROW, staging.SERVICE, staging.DEPARTMENT)
        run_key = await session.value(
            insert(ImportRun).values(jurisdiction_key=key, source=self.order.path.name).returning(ImportRun.import_key)
        )
        await staging.copy_rows(session, self._blocks(plan))
        self.result.read_seconds = perf_counter() - started
        await staging.analyze(session, staging.ROW)
        if plan.makes_ids:
            self.result.equal_rows = await session.execute(NUMBER_EQUALS)
        else:
            self.result.repeated = await session.execute(FORGET_REPEATS)
        prepared = await prepare_catalogue(session, key, plan.services.found, plan.departments.found)
        if not self.order.dry_run:
            await pass_imported_numbers(session, key, id_format)
        values = {
            "jurisdiction_key": key,
            "triage_key": prepared.triage_key,
            "import_key": run_key,
            "source": self.order.path.name,
        }
        merged = await self._merge(session, values)
        await self._conclude(session, plan, prepared, merged)
        await self._finish_run(session, key, run_key, empty=not (merged.stored or merged.updated))
        if created or prepared.services or prepared.departments:
            await mark_changed(session, key)

    async def _jurisdiction(self, session: Session) -> tuple[int, str, bool]:
        name = {"jurisdiction_id": self.order.jurisdiction_id}
        found = await session.row(queries.JURISDICTION, name)
        created = found is None
        if found is None:
            if self.order.create_as is None:
                raise JurisdictionNotFound(
                    f"there is no jurisdiction {self.order.jurisdiction_id!r}: load its city file with 'open311 city load', "
                    "or give its name with --create to begin with what this table says"
                )
            key = await create_jurisdiction(session, jurisdiction_id=self.order.jurisdiction_id, name=self.order.create_as)
            await session.execute(
                update(Jurisdiction).where(Jurisdiction.jurisdiction_key == key).values(time_zone=self.order.mapping.time_zone)
            )
            found = await session.row(queries.JURISDICTION, name)
            assert found is not None
        return found["jurisdiction_key"], found["request_id_format"], created

    async def _take_turn(self, session: Session, key: int) -> None:
        if not await session.value(select(func.pg_try_advisory_xact_lock(literal(IMPORT_LOCK), literal(key)))):
            self.progress.waiting()
            await session.value(select(func.pg_advisory_xact_lock(literal(IMPORT_LOCK), literal(key))))

    async def _plan(self, session: Session, key: int) -> Plan:
        rows = await session.fetch(queries.DETAILED_STATUSES, {"jurisdiction_key": key})
        names = ("code", "name", "status", "citysdk_word", "update_word", "is_default")
        known = [DetailedStatus(**{name: row[name] for name in names}) for row in rows]
        return Plan(self.order.mapping, self.table, known, self.rejects.refuse)

    async def _blocks(self, plan: Plan) -> AsyncIterator[bytes]:
        """The next block is made while the one before is sent."""
        coming = asyncio.create_task(asyncio.to_thread(self._block, plan))
        try:
            while (block := await coming) is not None:
                coming = asyncio.create_task(asyncio.to_thread(self._block, plan))
                if block:
                    yield block
                self.progress.reading(position=self.table.position, size=self.table.size, rows=self.result.read)
        finally:
            coming.cancel()

    def _block(self, plan: Plan) -> bytes | None:
        rows = list(islice(self.table.rows, BLOCK))
        if not rows:
            return None
        self.result.read += len(rows)
        return plan.lines(rows)

    async def _merge(self, session: Session, values: dict[str, Any]) -> Merged:
        """A report that takes one of these ids at this moment makes the attempt fail; the next one sees it."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with session.connection.transaction():
                    return await merge(session, values, self.progress.merging)
            except asyncpg.UniqueViolationError:
                if attempt == _ATTEMPTS:
                    raise Unavailable("reports keep taking ids of this file; try again later") from None
        raise AssertionError

    async def _conclude(self, session: Session, plan: Plan, prepared: Prepared, merged: Merged) -> None:
        result = self.result
        for line, request_id in merged.reported_here:
            self.rejects.refuse(Row(line, []), Rejected(REPORTED_HERE, request_id))
        result.stored, result.updated, result.unchanged = merged.stored, merged.updated, merged.unchanged
        result.new_services, result.new_departments = prepared.services, prepared.departments
        result.without_place = await session.value(queries.WITHOUT_PLACE)
        result.unusable_places, result.unlikely_closings = plan.places.unusable, plan.lives.unlikely
        result.unknown_statuses, result.replaced_statuses = plan.lives.statuses.unknown, plan.lives.statuses.replaced
        result.rejects = self.rejects.path
        assert result.accounted == result.read, f"{result.accounted} of {result.read} rows accounted for"

    async def _finish_run(self, session: Session, key: int, run_key: int, *, empty: bool) -> None:
        """A run that changed nothing takes the position of now: it has nothing to publish, and no cache need notice it."""
        position = await session.value(queries.FEED_POSITION, {"jurisdiction_key": key}) if empty else None
        await session.execute(
            update(ImportRun)
            .where(ImportRun.jurisdiction_key == key, ImportRun.import_key == run_key)
            .values(finished_at=func.clock_timestamp(), counts=self.result.counts(), position=position)
        )
