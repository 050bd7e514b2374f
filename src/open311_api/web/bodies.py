"""The body of a call, read within its limits."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from open311_api.errors import Invalid, TooLarge, TooSlow
from open311_api.web.runtime import Runtime

_MOST_DISCARDED = 32 * 1024 * 1024


async def read_body(request: Request, runtime: Runtime) -> bytes:
    """At most the limit, in time, not compressed. Raises TooLarge, TooSlow or Invalid."""
    limit = runtime.settings.max_body_bytes
    announced = request.headers.get("content-length", "0")
    # Whoever asks first whether to send is told at once; whoever sends anyway must be read to the end, because
    # closing a connection with unread bytes destroys the answer on its way.
    if announced.isdigit() and int(announced) > (limit if "expect" in request.headers else _MOST_DISCARDED):
        raise TooLarge(f"the body is larger than {limit} bytes")
    parts, length = [], 0
    # The time for an answer starts when the question is there.
    answer_limit = request.scope.get("open311_time_limit")
    if answer_limit is not None:
        answer_limit.reschedule(None)
    try:
        async with asyncio.timeout(runtime.settings.request_seconds):
            async for part in request.stream():
                length += len(part)
                if length <= limit:
                    parts.append(part)
                elif length > _MOST_DISCARDED:
                    break
    except TimeoutError:
        raise TooSlow("the body did not arrive in time") from None
    except ClientDisconnect:
        raise Invalid.of("body", "the connection ended before the body did") from None
    if answer_limit is not None:
        answer_limit.reschedule(asyncio.get_running_loop().time() + runtime.settings.request_seconds)
    if length > limit:
        raise TooLarge(f"the body is larger than {limit} bytes")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Invalid.of("Content-Encoding", "Content-Encoding must be left out; the body may not be compressed")
    return b"".join(parts)
