"""HTTP/1.1 by hand, for what a client library would never send."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class RawAnswer:
    """What came back on the socket; status 0 when the server closed without a word."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float
    closed: bool
    """The server ended the connection after it."""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def connect(url: str, *, timeout: float = 10) -> socket.socket:
    parts = urlsplit(url)
    assert parts.hostname is not None
    return socket.create_connection((parts.hostname, parts.port or 80), timeout=timeout)


def send(url: str, *pieces: bytes, pause: float = 0, timeout: float = 10) -> RawAnswer:
    """Send the pieces one after the other and read one answer."""
    with connect(url, timeout=timeout) as stream:
        started = time.monotonic()
        for number, piece in enumerate(pieces):
            if number and pause:
                time.sleep(pause)
            try:
                stream.sendall(piece)
            except OSError:
                break  # the server had enough and closed: its answer may still be there
        return read_answer(stream, started=started)


def read_answer(stream: socket.socket, *, started: float | None = None) -> RawAnswer:
    """One answer with its whole body."""
    started = time.monotonic() if started is None else started
    received = b""
    closed = False
    while b"\r\n\r\n" not in received and not closed:
        received, closed = _more(stream, received)
    seconds = time.monotonic() - started
    head, _, body = received.partition(b"\r\n\r\n")
    if not head:
        return RawAnswer(0, {}, b"", seconds, closed)
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    status = int(lines[0].split(" ")[1])
    length = int(headers.get("content-length", 0))
    while len(body) < length and not closed:
        body, closed = _more(stream, body)
    if headers.get("connection", "").lower() == "close" and not closed:
        body, closed = _more(stream, body)
    return RawAnswer(status, headers, body[:length], seconds, closed)


def _more(stream: socket.socket, received: bytes) -> tuple[bytes, bool]:
    try:
        piece = stream.recv(65536)
    except ConnectionResetError:
        return received, True
    return received + piece, not piece


def request(method: str, target: str, headers: Iterable[tuple[str, str]] = (), body: bytes | None = None) -> bytes:
    """A whole request; Content-Length is added when there is a body and the headers do not say it."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 311.example"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None and not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")
