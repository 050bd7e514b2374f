"""A client that writes down what it wants and what it was told, and afterwards compares with the database.

A program of its own, so that nothing that happens to the server or to the tests can touch its memory:

    python ledger.py send --url http://… --api-key … --file F --seconds 5
    python ledger.py check --database postgresql://… --file F

Every line is on disk before the next step is taken. An intent with an Idempotency-Key is sent until it is answered;
one without is sent once, and when no answer comes nobody may say whether it counts.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import sys
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
import httpx

ATTEMPT_SECONDS = 15.0
GRACE_SECONDS = 30.0
"""How long after the end of the load an intent may still be retried."""


class Book:
    """Lines of JSON, each synced before ``write`` returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        self._lock = threading.Lock()

    def write(self, **line: Any) -> None:
        with self._lock:
            self._file.write(json.dumps({"at": time.time(), **line}).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())


def read_book(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def send(arguments: argparse.Namespace) -> int:
    book = Book(arguments.file)
    end = time.monotonic() + arguments.seconds
    threads = [threading.Thread(target=_client, args=(arguments, book, end)) for _ in range(arguments.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 0


def _client(arguments: argparse.Namespace, book: Book, end: float) -> None:
    with httpx.Client(timeout=ATTEMPT_SECONDS) as http:
        for number in itertools.count(1):
            intent = uuid.uuid4().hex
            key = intent if random.random() < arguments.with_key else None
            book.write(step="intent", intent=intent, key=key)
            _pursue(arguments, book, http, intent, key, give_up=end + GRACE_SECONDS)
            if time.monotonic() > end or number == arguments.intents:
                return
            time.sleep(arguments.pause)


def _pursue(arguments: argparse.Namespace, book: Book, http: httpx.Client, intent: str, key: str | None, *, give_up: float) -> None:
    fields = {**json.loads(arguments.fields), "api_key": arguments.api_key, "description": f"{arguments.file.stem} {intent}"}
    headers = {"Idempotency-Key": key} if key else {}
    while True:
        started = time.monotonic()
        try:
            answer = http.post(f"{arguments.url}/open311/v2/requests.json", data=fields, headers=headers)
        except httpx.TransportError as error:
            book.write(step="nothing", intent=intent, error=type(error).__name__, seconds=time.monotonic() - started)
            wait = 0.05
        else:
            told = answer.text if answer.status_code < 300 else answer.text[:200]
            book.write(
                step="answer",
                intent=intent,
                status=answer.status_code,
                told=told,
                retry_after=answer.headers.get("retry-after"),
                seconds=time.monotonic() - started,
            )
            if answer.status_code < 500 and answer.status_code != 429:
                return
            wait = 0.1
        if key is None or time.monotonic() > give_up or arguments.once:
            return
        time.sleep(wait)


async def compare(database: str, name: str, lines: list[dict[str, Any]]) -> tuple[list[str], dict[str, Any]]:
    """What is wrong, and figures. The ledger's name stands before every intent's, so that each judges its own."""
    intents = {line["intent"]: line["key"] for line in lines if line["step"] == "intent"}
    attempts: dict[str, int] = defaultdict(int)
    told: dict[str, set[str]] = defaultdict(set)
    statuses: dict[str, int] = defaultdict(int)
    for line in lines:
        if line["step"] == "intent":
            continue
        attempts[line["intent"]] += 1
        statuses[str(line.get("status", line.get("error")))] += 1
        if line.get("status", 500) < 300:
            told[line["intent"]].add(line["told"])
    connection = await asyncpg.connect(database)
    try:
        rows = await connection.fetch(
            "WITH told AS (SELECT jurisdiction_key, request_key, count(*) AS events, count(*) FILTER "
            "(WHERE type = 'service_request.created' AND sequence = 1 AND department_key IS NOT NULL) AS created "
            "FROM event GROUP BY jurisdiction_key, request_key) "
            "SELECT description, service_request_id, department_key, "
            "coalesce(events, 0) AS events, coalesce(created, 0) AS created "
            "FROM service_request LEFT JOIN told USING (jurisdiction_key, request_key) WHERE description LIKE $1 || '%'",
            f"{name} ",
        )
        lonely = await connection.fetchval(
            "SELECT count(*) FROM event e WHERE NOT EXISTS (SELECT FROM service_request r "
            "WHERE r.jurisdiction_key = e.jurisdiction_key AND r.request_key = e.request_key) AND e.request_key IS NOT NULL"
        )
        unpublished = await connection.fetchval("SELECT count(*) FROM event WHERE position IS NULL AND import_key IS NULL")
    finally:
        await connection.close()
    stored: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        stored[row["description"].removeprefix(f"{name} ")].append(row)
    wrong = [f"{intent}: nobody wanted this" for intent in stored.keys() - intents.keys()]
    for intent, key in intents.items():
        found = stored.get(intent, [])
        if len(told[intent]) > 1:
            wrong.append(f"{intent}: told differently: {told[intent]}")
        if told[intent]:
            document = json.loads(next(iter(told[intent])))[0]
            same = [
                row for row in found if document.get("service_request_id", row["service_request_id"]) == row["service_request_id"]
            ]
            if len(found) != 1 or len(same) != 1:
                wrong.append(f"{intent}: told {document}, stored {[row['service_request_id'] for row in found]}")
        if len(found) > (1 if key else max(1, attempts[intent])):
            wrong.append(f"{intent}: stored {len(found)} times")
    for row in rows:
        if row["created"] != 1 or row["events"] != 1 or row["department_key"] is None:
            wrong.append(
                f"{row['service_request_id']}: {row['created']} of {row['events']} events, department {row['department_key']}"
            )
    if lonely:
        wrong.append(f"{lonely} events belong to no request")
    if unpublished:
        wrong.append(f"{unpublished} events have no position")
    unanswered = [intent for intent, key in intents.items() if key and not told[intent]]
    figures = {
        "intents": len(intents),
        "with_key": sum(key is not None for key in intents.values()),
        "accepted": sum(bool(answers) for answers in told.values()),
        "stored": len(rows),
        "unanswered_with_key": len(unanswered),
        "attempts": dict(statuses),
        "without_retry_after": sum(1 for line in lines if line.get("status") in (429, 503) and not line.get("retry_after")),
        "longest_answer": max((line["seconds"] for line in lines if line["step"] == "answer"), default=0.0),
        "longest_outage": longest_outage(lines),
    }
    return wrong, figures


def longest_outage(lines: list[dict[str, Any]]) -> float:
    """Longest time between two accepted answers, of all clients together."""
    moments = sorted(line["at"] for line in lines if line.get("status", 500) < 300 and line["step"] == "answer")
    return max((later - earlier for earlier, later in itertools.pairwise(moments)), default=0.0)


def check(arguments: argparse.Namespace) -> int:
    wrong, figures = asyncio.run(compare(arguments.database, arguments.file.stem, read_book(arguments.file)))
    print(json.dumps({"wrong": wrong[:50], **figures}))
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    sending = commands.add_parser("send")
    sending.set_defaults(run=send)
    sending.add_argument("--url", required=True)
    sending.add_argument("--api-key", required=True)
    sending.add_argument("--file", type=Path, required=True)
    sending.add_argument("--seconds", type=float, default=5)
    sending.add_argument("--clients", type=int, default=4)
    sending.add_argument("--intents", type=int, help="most intents of one client")
    sending.add_argument("--pause", type=float, default=0.02)
    sending.add_argument("--with-key", type=float, default=0.8, help="share of intents that carry an Idempotency-Key")
    sending.add_argument("--once", action="store_true", help="never retry")
    sending.add_argument("--fields", default='{"service_code": "pothole", "lat": "52.05", "long": "5.05"}')
    checking = commands.add_parser("check")
    checking.set_defaults(run=check)
    checking.add_argument("--database", required=True)
    checking.add_argument("--file", type=Path, required=True)
    arguments = parser.parse_args()
    code: int = arguments.run(arguments)
    return code


if __name__ == "__main__":
    sys.exit(main())
