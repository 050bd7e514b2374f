"""uvicorn's HTTP protocol with two limits it lacks: time and size of a request's head."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from httptools import HttpParserInvalidMethodError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 80 * 1024
"""Address and headers together, before anything is parsed; the exact limits are checked by the middleware."""


def _refusal(status_line: bytes, text: bytes) -> bytes:
    """An answer of the protocol itself, before it is known what was asked for: plain text."""
    head = b"HTTP/1.1 %b\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
    return head % (status_line, len(text)) + text


_TOO_LARGE = _refusal(b"431 Request Header Fields Too Large", b"the request header is too large\n")
_UNKNOWN_METHOD = _refusal(b"501 Not Implemented", b"the method is not known\n")


def guarded_protocol(seconds: float) -> type[GuardedProtocol]:
    """The protocol with this time for a request's head."""
    return type("GuardedProtocol", (GuardedProtocol,), {"head_seconds": seconds})


class GuardedProtocol(HttpToolsProtocol):
    """A client that sends its headers byte by byte, or without end, is let go."""

    head_seconds = 15.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._reading_head = True
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._reading_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and self._head_bytes > len(data):
                if self._refuses():
                    self.transport.write(_TOO_LARGE)
                    self.transport.close()
                return
        super().data_received(data)
        # Most heads arrive whole: only one that goes on needs the timer.
        if self._reading_head and self._head_bytes and self._head_timer is None:
            self._start_timer()

    def send_400_response(self, msg: str) -> None:
        """Called while the parser's error is handled, and again for what still arrives."""
        if self._refuses():
            if isinstance(sys.exception(), HttpParserInvalidMethodError):
                self.transport.write(_UNKNOWN_METHOD)
                self.transport.close()
            else:
                super().send_400_response(msg)

    def _refuses(self) -> bool:
        """Whether a refusal may be written now: it must never be taken for the answer to the request before."""
        if self.transport.is_closing():
            return False
        cycle = self.cycle
        if cycle is None or cycle.response_complete or (cycle.more_body and not self.pipeline):
            return True
        if cycle.more_body:
            self.transport.close()
        cycle.keep_alive = False  # the answers that are due are given, then the connection ends
        self.flow.pause_reading()
        return False

    def on_headers_complete(self) -> None:
        self._reading_head, self._head_bytes = False, 0
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._reading_head, self._head_bytes = True, 0

    def _start_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self.transport.close)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
