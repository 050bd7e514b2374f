"""Load from one process: kept connections, one request at a time on each, on uvloop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

_LENGTH, _END, _ETAG = b"content-length: ", b"\r\n\r\n", b"etag: "


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request."""

    target: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] = ()

    def encode(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1", "host: 127.0.0.1", *(f"{name}: {value}" for name, value in self.headers)]
        body = urlencode(self.form).encode()
        if self.form:
            lines += ["content-type: application/x-www-form-urlencoded", f"content-length: {len(body)}"]
        return "\r\n".join(lines).encode() + _END + body


@dataclass(slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            found, _, value = line.partition(": ")
            if found.lower() == name:
                return value
        return ""


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.missing = -1
        self.head = b""
        self.waiting: asyncio.Future[Answer] | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.waiting

    def data_received(self, data: bytes) -> None:
        if self.missing < 0:
            data = b"".join((*self.parts, data))
            self.parts = []
            end = data.find(_END)
            if end < 0:
                self.parts = [data]
                return
            self.head, data = data[:end], data[end + 4 :]
            place = self.head.lower().find(_LENGTH)
            self.missing = int(self.head[place + len(_LENGTH) :].split(b"\r", 1)[0]) if place >= 0 else 0
        self.parts.append(data)
        self.missing -= len(data)
        if self.missing <= 0 and self.waiting is not None:
            answer = Answer(int(self.head[9:12]), self.head, b"".join(self.parts))
            self.parts, self.missing = [], -1
            waiting, self.waiting = self.waiting, None
            waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(ConnectionError("the server closed the connection"))


async def fetch(port: int, call: Call) -> Answer:
    """One answer on a connection of its own."""
    transport, connection = await asyncio.get_running_loop().create_connection(_Connection, "127.0.0.1", port)
    try:
        return await connection.ask(call.encode())
    finally:
        transport.close()


@dataclass(slots=True)
class Load:
    """What a round saw."""

    answers: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    bytes: int = 0

    def latency(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


async def drive(port: int, calls: Iterator[Call], *, connections: int, seconds: float, most: int | None = None) -> Load:
    """Ask until the time is over or ``most`` answers came; every answer that was begun is waited for."""
    load = Load()
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    encoded = _encoded(calls)

    async def one() -> None:
        transport, connection = await loop.create_connection(_Connection, "127.0.0.1", port)
        while time.perf_counter() - started < seconds and (most is None or load.answers < most):
            before = time.perf_counter()
            answer = await connection.ask(encoded())
            load.latencies.append(time.perf_counter() - before)
            load.answers += 1
            load.bytes += len(answer.body)
            load.statuses[answer.status] = load.statuses.get(answer.status, 0) + 1
        transport.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    load.seconds = time.perf_counter() - started
    return load


def _encoded(calls: Iterator[Call]) -> Callable[[], bytes]:
    """The same target costs its text once."""
    known: dict[Call, bytes] = {}

    def following() -> bytes:
        call = next(calls)
        if call.form:
            return call.encode()
        if call not in known:
            if len(known) > 1000:
                known.clear()
            known[call] = call.encode()
        return known[call]

    return following
