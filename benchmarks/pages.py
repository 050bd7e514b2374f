"""Walk along ``Link`` next, as a client does that reads everything."""

from __future__ import annotations

from benchmarks.client import Call, fetch
from benchmarks.place import JURISDICTION

PAGE = 50


async def deep_pages(port: int, depth: int) -> tuple[str, str, int]:
    """Targets of the first page and of the page this many ``next`` later, or of the last but one; and its number."""
    from benchmarks.run import following

    first = target = f"/open311/v2/requests.json?jurisdiction_id={JURISDICTION}&page_size={PAGE}&start_date=2000-01-01"
    for number in range(1, depth + 1):
        after = following((await fetch(port, Call(target))).header("link"))
        if not after:
            return first, target, number
        target = after
    return first, target, depth + 1
