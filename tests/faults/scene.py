"""What faults are made with: a server, its processes, its ledger, and a PostgreSQL of its own to break."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from bad_input.hostile import make_key, set_up_city
from open311_api.config import Settings
from open311_api.db.cluster import Cluster, ensure_cluster, stop_cluster
from open311_api.db.migrate import migrate
from servers import Server, environment, running_server

CITY = Path(__file__).parents[1] / "bad_input" / "holeburg" / "city.yaml"
LEDGER = Path(__file__).with_name("ledger.py")


def seconds(short: float) -> float:
    """Length of a load: a few seconds, or OPEN311_FAULT_SECONDS."""
    return float(os.environ.get("OPEN311_FAULT_SECONDS", short))


@dataclass
class Scene:
    """A running server on a database, and the ledger's file."""

    server: Server
    key: str
    env: dict[str, str]
    database_url: str
    book: Path
    ledgers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def children(self, name: str = "") -> list[int]:
        """Process ids of the supervisor's children whose command holds this word."""
        return children_of(self.server.process.pid, name)

    def web(self) -> int:
        (pid,) = self.children("open311_api.web_process")
        return pid

    def start_ledger(self, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(LEDGER), "send", "--url", self.server.url, "--api-key", self.key]
        self.ledgers.append(subprocess.Popen([*command, "--file", str(self.book), *options]))
        return self.ledgers[-1]

    def ledger(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.book.read_text().splitlines()] if self.book.exists() else []

    def accepted(self) -> int:
        return sum(line.get("status") == 201 for line in self.ledger())

    def check(self) -> dict[str, Any]:
        """The comparison of the ledger's own process, once the publisher had its second; raises when anything is wrong."""
        command = [sys.executable, str(LEDGER), "check", "--database", self.database_url, "--file", str(self.book)]
        deadline = time.monotonic() + 5
        while True:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert done.stdout, done.stderr
            found: dict[str, Any] = json.loads(done.stdout)
            late = len(found["wrong"]) == 1 and "no position" in found["wrong"][0]
            if not late or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        assert found["wrong"] == [], found
        return found

    def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        async def run() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.database_url)
            try:
                rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
                return rows
            finally:
                await connection.close()

        return asyncio.run(run())

    @contextmanager
    def holding(self, *statements: str) -> Iterator[None]:
        """A transaction of somebody else that has run these statements and does not end before the block does."""
        with asyncio.Runner() as runner:
            connection = runner.run(asyncpg.connect(self.database_url))
            try:
                for statement in ("BEGIN", *statements):
                    runner.run(connection.execute(statement))
                yield
            finally:
                runner.run(connection.close())

    def wait_for(self, statement: str, *, timeout: float = 10) -> None:
        """Until the statement answers true."""
        wait_until(lambda: bool(self.sql(statement)[0][0]), statement, timeout=timeout)

    def wait_until_ready(self, *, timeout: float = 15) -> None:
        def ready() -> bool:
            with contextlib.suppress(Exception):
                return self.server.client.get("/health/ready", timeout=3).status_code == 200
            return False

        wait_until(ready, "ready", timeout=timeout)


def wait_until(true: Any, what: str, *, timeout: float = 10) -> float:
    """Poll; says how many seconds it took."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < timeout, f"waited {timeout} s for: {what}"
        time.sleep(0.02)
    return time.monotonic() - started


def children_of(pid: int, name: str = "") -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed if name in _command(int(child))]


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in ("Z", "X")
    return False


@contextmanager
def scene(database_url: str, *, worker: bool = True, **settings: str) -> Iterator[Scene]:
    """A server with Holeburg loaded. The server may be dead when the block ends."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = environment(database_url, folder, **settings)
        set_up_city(env, CITY)
        key = make_key(env, "holeburg.example")
        with running_server(database_url, folder, worker=worker, **settings) as server:
            made = Scene(server, key, env, database_url, folder / f"ledger-{uuid.uuid4().hex[:8]}.jsonl")
            try:
                yield made
            finally:
                for ledger in made.ledgers:
                    ledger.kill()
                    ledger.wait()


@dataclass
class OwnCluster:
    """A durable PostgreSQL that only this test uses."""

    settings: Settings
    url: str

    def restart_fast(self) -> None:
        stop_cluster(self.settings)
        self.start()

    def start(self) -> Cluster:
        return ensure_cluster(self.settings, durable=True)

    def stop(self) -> None:
        stop_cluster(self.settings)

    def kill(self) -> None:
        """SIGKILL for the postmaster and all its children: the power is gone."""
        pid = int(next(self.settings.data_dir.resolve().rglob("postmaster.pid")).read_text().split("\n")[0])
        os.kill(pid, signal.SIGSTOP)
        for child in [*children_of(pid), pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


@contextmanager
def own_cluster() -> Iterator[OwnCluster]:
    """Made anew, migrated; stopped and removed at the end. Not in pytest's folder, which PostgreSQL's user cannot reach."""
    folder = Path(tempfile.mkdtemp(prefix="open311-fault-"))
    folder.chmod(0o755)
    settings = Settings(data_dir=folder)
    try:
        cluster = ensure_cluster(settings, durable=True)
        migrate(cluster.url)
        yield OwnCluster(settings, cluster.url)
    finally:
        stop_cluster(settings)
        shutil.rmtree(folder, ignore_errors=True)
