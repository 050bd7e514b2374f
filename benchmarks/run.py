"""Floor and project in turns, on the same rows, over the same connections: CPU per answer and its ratio."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import uvloop

from benchmarks.client import Call, Load, drive, fetch
from benchmarks.generate import connect
from benchmarks.imports import Imported, measure_import
from benchmarks.pages import deep_pages
from benchmarks.place import JURISDICTION, Place
from benchmarks.processes import Cpu, Server, choose_port, floor_server, project_server, used
from benchmarks.works import ROOT, Data, Work, polls, post, read_data, reads

CONNECTIONS = 8
_HITS, _MISSES = "open311_fragment_cache_hits", "open311_fragment_cache_misses"


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one round, or of the best one."""

    server: float
    """Seconds of CPU for an answer."""
    database: float
    rate: float
    p50: float
    p99: float
    answers: int
    hits: float | None = None
    """Share of documents that came from the cache."""
    autovacuum: float = 0.0

    @property
    def total(self) -> float:
        return self.server + self.database


@dataclass(slots=True)
class Measured:
    """One line of the report."""

    name: str
    goal: float
    floor: Figures
    ours: Figures
    cold: float | None = None
    """The ratio with a cache that holds next to nothing."""
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.floor.total / self.ours.total


@dataclass(frozen=True, slots=True)
class Options:
    seconds: float
    rounds: int
    port: int
    cold: bool
    only: str = ""
    checks: int = 10
    """Answers whose bytes are compared before a work is measured."""
    pages: int = 1000
    writes: bool = True
    uvloop: bool = True
    """False: asyncio's own loop, slower and with no figures worth keeping, but it always closes at once."""
    imported: int = 100_000
    """Rows of the CSV that is imported; 0: none."""


@dataclass(slots=True)
class Report:
    rows: int
    measured: list[Measured] = field(default_factory=list)
    imported: Imported | None = None
    remarks: list[str] = field(default_factory=list)


def run(place: Place, rows: int, options: Options, *, tell: Callable[[str], None] = print) -> Report:
    """Everything, in about fifteen seconds for each work and round pair at the default length."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if options.uvloop else None) as runner:
        return runner.run(_Run(place, rows, options, tell).everything())


class _Run:
    def __init__(self, place: Place, rows: int, options: Options, tell: Callable[[str], None]) -> None:
        self.place = place
        self.options = options
        self.tell = tell
        self.report = Report(rows)
        self.connection: asyncpg.Connection
        self.data: Data
        self.seed = 0
        self.autovacuum = 0.0

    async def everything(self) -> Report:
        self.connection = await connect(self.place.url)
        await self.connection.execute("CREATE SEQUENCE IF NOT EXISTS benchmark_floor_number")
        key = self.place.open311("keys", "create", "--jurisdiction", JURISDICTION, "--scope", "requests:write", "--json")
        self.data = await read_data(self.connection, json.loads(key)["key"])
        port = self.options.port
        ports = (choose_port(port), choose_port(port + 1 if port else 0))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with floor_server(self.place, ports[0], folder) as floor:
                with project_server(self.place, ports[1], folder) as ours:
                    await self._with_cache(floor, ours)
                if self.options.cold:
                    with project_server(self.place, ports[1], folder, OPEN311_CACHE_MEBIBYTES="1") as ours:
                        await self._without_cache(floor, ours)
                with project_server(self.place, ports[1], folder) as ours:
                    if self.options.writes and self._wanted(post()):
                        await self._measure(post(), floor, ours)
                if self.options.imported and self.options.only in "import":
                    self.report.imported = found = await measure_import(self.place, self.options.imported, folder)
                    self.tell(f"import: {found.ratio:.2f} (goal 0.50)  COPY {found.copied:.1f} s  ours {found.imported:.1f} s")
        await self.connection.close()
        self._remark()
        return self.report

    def _remark(self) -> None:
        ratios = {line.name: line for line in self.report.measured}
        if "GET one, JSON" in ratios and "unchanged list" in ratios:
            against = ratios["GET one, JSON"].floor.total / ratios["unchanged list"].ours.total
            self.report.remarks.append(f"Unchanged list against the floor's GET one: **{against:.2f}** (goal 1.40).")
        if self.autovacuum > 0:
            self.report.remarks.append(f"Autovacuum used {self.autovacuum:.1f} s of CPU meanwhile, which is in no figure.")

    def _wanted(self, work: Work) -> bool:
        return self.options.only.lower() in work.name.lower()

    async def _with_cache(self, floor: Server, ours: Server) -> None:
        works = reads()
        if self._wanted(Work("unchanged", *[lambda r, d: Call("/")] * 2, 0)):  # type: ignore[arg-type]
            works += await polls(ours.port, floor.port, self.data)
        for work in works:
            if not self._wanted(work):
                continue
            if work.same_bytes:
                await self._compare(work, floor, ours)
            if work.warm:
                await self._warm(ours, work.warm)
            await self._measure(work, floor, ours)
        if self.options.pages and self.options.only in "deep pages":
            await self._deep(ours)

    async def _without_cache(self, floor: Server, ours: Server) -> None:
        for work in reads():
            known = next((line for line in self.report.measured if line.name == work.name), None)
            if known is not None and work.warm:
                known.cold = (await self._in_turns(work, floor, ours)).ratio

    async def _measure(self, work: Work, floor: Server, ours: Server) -> None:
        measured = await self._in_turns(work, floor, ours)
        self.report.measured.append(measured)
        hits = "" if measured.ours.hits is None else f", {measured.ours.hits:.0%} from the cache"
        floor_, ours_ = _micro(measured.floor), _micro(measured.ours)
        self.tell(f"{work.name:24} {measured.ratio:5.2f} (goal {work.goal:.2f})  floor {floor_}  ours {ours_}{hits}")

    async def _in_turns(self, work: Work, floor: Server, ours: Server) -> Measured:
        """A B A B, the best round of each: the machine may be shared."""
        best: dict[str, Figures] = {}
        for turn in range(self.options.rounds + 1):
            self.seed += 1
            for server in (floor, ours):
                figures = await self._round(work, server, self.options.seconds / (4 if turn == 0 else 1))
                if turn and (server.name not in best or figures.total < best[server.name].total):
                    best[server.name] = figures
        return Measured(work.name, work.goal, best["floor"], best["open311"])

    async def _round(self, work: Work, server: Server, seconds: float) -> Figures:
        hits, misses = (server.metric(_HITS), server.metric(_MISSES)) if server.name == "open311" else (0.0, 0.0)
        before = await used(server, self.connection)
        load = await drive(server.port, work.calls(server.name, self.data, self.seed), connections=CONNECTIONS, seconds=seconds)
        cpu = await used(server, self.connection) - before
        self.autovacuum += cpu.autovacuum
        if set(load.statuses) != {work.status}:
            raise SystemExit(f"{work.name}: {server.name} answered {load.statuses}, wanted {work.status}")
        if server.name == "open311":
            hits, misses = server.metric(_HITS) - hits, server.metric(_MISSES) - misses
        return _figures(load, cpu, hits / (hits + misses) if hits + misses else None)

    async def _compare(self, work: Work, floor: Server, ours: Server) -> None:
        """Byte for byte, or there is nothing to measure."""
        calls = zip(work.calls("floor", self.data, 7), work.calls("open311", self.data, 7), strict=True)
        for _, (left, right) in zip(range(self.options.checks), calls, strict=False):
            expected, found = await fetch(floor.port, left), await fetch(ours.port, right)
            if expected.body != found.body:
                kept = self.place.data_dir
                (kept / "floor.body").write_bytes(expected.body)
                (kept / "open311.body").write_bytes(found.body)
                raise SystemExit(f"{work.name}: {left.target} and {right.target} differ; see floor.body and open311.body in {kept}")

    async def _warm(self, ours: Server, format_: str) -> None:
        """Follow the pages through the rows that reads draw from."""
        target, left = (
            f"{ROOT}/requests.{format_}?jurisdiction_id={JURISDICTION}&page_size=1000&start_date=2000-01-01",
            len(self.data.ids),
        )
        while target and left > 0:
            answer = await fetch(ours.port, Call(target))
            target, left = following(answer.header("link")), left - 1000

    async def _deep(self, ours: Server) -> None:
        first, last, depth = await deep_pages(ours.port, self.options.pages)
        found = []
        for target in (first, last):
            call = Call(target)
            work = Work("deep pages", lambda _r, _d, c=call: c, lambda _r, _d, c=call: c, 0.5)  # type: ignore[misc]
            found.append([await self._round(work, ours, self.options.seconds / 2) for _ in range(self.options.rounds)])
        figures = [min(rounds, key=lambda one: one.total) for rounds in found]
        self.report.measured.append(
            Measured(f"page {depth:,} along next", 0.5, figures[0], figures[1], note="against the first page of the project")
        )
        self.tell(f"page {depth} against the first: {figures[0].total / figures[1].total:.2f}")


def following(link: str) -> str:
    """Path and query of ``next`` in a Link header, or nothing."""
    for part in link.split(", <"):
        if part.endswith('rel="next"'):
            address = part.lstrip("<").split(">", 1)[0]
            return "/" + address.split("/", 3)[3]
    return ""


def _figures(load: Load, cpu: Cpu, hits: float | None) -> Figures:
    count = load.answers
    return Figures(
        cpu.server / count, cpu.database / count, count / load.seconds, load.latency(0.5), load.latency(0.99), count, hits,
        cpu.autovacuum,
    )  # fmt: skip


def _micro(figures: Figures) -> str:
    return f"{figures.server * 1e6:6.0f} + {figures.database * 1e6:6.0f} µs"


if __name__ == "__main__":
    sys.exit("use: python -m benchmarks run")
