"""The server as shipped, in processes of its own, spoken to over a socket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """``open311 serve`` on a port of its own."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    client: httpx.Client

    @property
    def base(self) -> str:
        return f"{self.url}/open311/v2"

    def log_text(self) -> str:
        return self.log.read_text(errors="replace")


def environment(database_url: str, data_dir: Path, **settings: str) -> dict[str, str]:
    """Variables of a server under test: nothing is inherited but what programs need to run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPEN311_")}
    defaults = {"OPEN311_DATABASE_URL": database_url, "OPEN311_DATA_DIR": str(data_dir), "OPEN311_RATE_LIMIT_LOOPBACK": "false"}
    return {**kept, **defaults, **settings}


def open311(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [sys.executable, "-m", "open311_api.cli", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


@contextmanager
def running_server(database_url: str, folder: Path, *, worker: bool = True, **settings: str) -> Iterator[Server]:
    """Started and ready; stopped with SIGTERM at the end. ``settings`` are OPEN311_* variables."""
    port = free_port()
    log = folder / f"server-{port}.log"
    env = environment(database_url, folder, **settings)
    command = [sys.executable, "-m", "open311_api.cli", "serve", "--port", str(port)] + ([] if worker else ["--no-worker"])
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=url, timeout=20) as client:
        try:
            _wait_until_ready(client, process, log)
            yield Server(url, process, log, client)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(25)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"the server did not become ready:\n{log.read_text(errors='replace')[-4000:]}")
