"""The servers under test as processes, and the CPU time that they and their database sessions used."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from benchmarks.place import JURISDICTION, Place

TICK = os.sysconf("SC_CLK_TCK")


def choose_port(wanted: int) -> int:
    """The port, or a free one for 0. Refuses one that is taken: another server would answer in place of ours."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise SystemExit(f"port {wanted} is taken ({error.strerror}); choose others with --port") from None
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers, and how to find its sessions in the database."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    application_name: str
    log: Path

    def metric(self, name: str) -> float:
        """A value of /metrics; 0 where there is none."""
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(f"{name} "):
                    return float(line.rsplit(" ", 1)[1])
        return 0.0


@contextmanager
def floor_server(place: Place, port: int, folder: Path) -> Iterator[Server]:
    command = [sys.executable, "-m", "benchmarks.floor", place.url, JURISDICTION, str(port)]
    with _running("floor", command, place, port, folder, "benchmark floor", "/poll") as server:
        yield server


@contextmanager
def project_server(place: Place, port: int, folder: Path, **settings: str) -> Iterator[Server]:
    """``open311 serve`` as shipped; limits count as shipped, too, but are too high to be reached."""
    command = [sys.executable, "-m", "open311_api.cli", "serve", "--port", str(port)]
    limits = {"OPEN311_RATE_ANONYMOUS": "1000000000", "OPEN311_RATE_KEY": "1000000000"}
    with _running("open311", command, place, port, folder, "open311", "/health/ready", **limits, **settings) as server:
        yield server


@contextmanager
def _running(
    name: str, command: list[str], place: Place, port: int, folder: Path, application_name: str, ready: str, **settings: str
) -> Iterator[Server]:
    log = folder / f"{name}-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=place.environment(**settings), stdout=output, stderr=output)
    try:
        _wait(process, f"http://127.0.0.1:{port}{ready}", log)
        yield Server(name, port, process, application_name, log)
    finally:
        process.terminate()
        try:
            process.wait(25)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.05)
    raise SystemExit(f"the server did not become ready:\n{log.read_text(errors='replace')[-4000:]}")


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds of CPU time."""

    server: float
    database: float
    autovacuum: float

    def __sub__(self, before: Cpu) -> Cpu:
        return Cpu(self.server - before.server, self.database - before.database, self.autovacuum - before.autovacuum)


async def used(server: Server, connection: asyncpg.Connection) -> Cpu:
    """CPU of the server's processes; of its sessions and PostgreSQL's helpers; and, apart, of autovacuum."""
    rows = await connection.fetch("SELECT pid, backend_type, application_name FROM pg_stat_activity")
    database = autovacuum = 0.0
    for row in rows:
        kind: str = row["backend_type"] or ""
        if kind.startswith("autovacuum"):
            autovacuum += seconds_of(row["pid"])
        elif kind != "client backend" or (row["application_name"] or "").removesuffix(" listen") == server.application_name:
            database += seconds_of(row["pid"])
    return Cpu(sum(seconds_of(pid) for pid in tree(server.process.pid)), database, autovacuum)


def tree(top: int) -> list[int]:
    found, waiting = [], [top]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                waiting += [int(child) for child in task.read_text().split()]
    return found


def seconds_of(pid: int) -> float:
    """Of all threads, by the nanosecond where the kernel tells it. Children that ended are not in it."""
    total = 0.0
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):
            nanoseconds = int((task / "schedstat").read_text().split()[0])
            total += nanoseconds / 1e9
    if total:
        return total
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK
    return 0.0
