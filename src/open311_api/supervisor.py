"""Spawns the processes of the server, restarts the dead with back-off, and stops them together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from types import FrameType

import structlog

from open311_api.errors import ConfigurationError

DRAIN_SECONDS = 20.0
_SHORTEST_BACKOFF, _LONGEST_BACKOFF = 0.2, 30.0
_HEALTHY_SECONDS = 30.0
"""A process that ran this long starts its back-off anew."""


def listen(host: str, port: int) -> socket.socket:
    """The socket all web processes accept from. Raises ConfigurationError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, port))
    except OSError as error:
        server.close()
        raise ConfigurationError(
            f"cannot listen on {host}:{port}: {error.strerror}; stop what uses the port, or choose another with --port"
        ) from error
    server.listen(1024)
    server.set_inheritable(True)
    return server


@dataclass(slots=True)
class _Child:
    name: str
    command: list[str]
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    backoff: float = _SHORTEST_BACKOFF
    not_before: float = 0.0


@dataclass
class Supervisor:
    """Web processes on one socket, and the worker if it is wanted."""

    web_workers: int
    with_worker: bool
    socket_fd: int
    children: list[_Child] = field(default_factory=list)
    stopping: bool = False

    def run(self) -> int:
        """Until SIGTERM or SIGINT; 0 when everything drained in time."""
        python = [sys.executable, "-m"]
        for number in range(self.web_workers):
            command = [*python, "open311_api.web_process", str(self.socket_fd)]
            self.children.append(_Child(f"web-{number + 1}", command, (self.socket_fd,)))
        if self.with_worker:
            self.children.append(_Child("worker", [*python, "open311_api.worker"]))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        while not self.stopping:
            for child in self.children:
                self._tend(child)
            time.sleep(0.1)
        return self._end()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _tend(self, child: _Child) -> None:
        log = structlog.get_logger("open311.supervisor")
        now = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            if now - child.started > _HEALTHY_SECONDS:
                child.backoff = _SHORTEST_BACKOFF
            log.warning("process_ended", name=child.name, exit_code=code, restart_in=child.backoff)
            child.process = None
            child.not_before = now + child.backoff
            child.backoff = min(_LONGEST_BACKOFF, child.backoff * 2)
        if now >= child.not_before:
            environment = {**os.environ, "OPEN311_SUPERVISED": str(os.getpid())}
            # A group of its own: Ctrl-C reaches the supervisor alone, which then stops everything in order.
            child.process = subprocess.Popen(child.command, pass_fds=child.pass_fds, env=environment, start_new_session=True)
            child.started = now

    def _end(self) -> int:
        living = [child.process for child in self.children if child.process is not None and child.process.poll() is None]
        for process in living:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + DRAIN_SECONDS
        clean = True
        for process in living:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                clean = False
        return 0 if clean else 1
