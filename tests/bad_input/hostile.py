"""A client that means harm, and what must be true of every answer it gets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import asyncpg
import httpx

from servers import Server, open311

ANSWER_SECONDS = 1.0
OWN = "(the key of the server under test)"
PERSONAL = ("zebediah", "quackenbush", "+31 20 555")
"""Names and numbers that only residents of these tests have."""

DEFAULTS: dict[str, Any] = {"service_code": "pothole", "lat": "52.05", "long": "5.05"}
FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON = "application/json"


def make_key(env: dict[str, str], jurisdiction: str | None, *scopes: str) -> str:
    place = ["--jurisdiction", jurisdiction] if jurisdiction else []
    wanted = [option for scope in scopes or ("requests:write",) for option in ("--scope", scope)]
    done = open311("keys", "create", *place, "--json", *wanted, env=env)
    assert done.returncode == 0, done.stderr
    key: str = json.loads(done.stdout)["key"]
    return key


def set_up_city(env: dict[str, str], path: Path) -> None:
    done = open311("city", "load", str(path), "--yes", env=env)
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass
class Hostile:
    """A running server, a key that may write, and the database behind them."""

    server: Server
    key: str
    env: dict[str, str]
    database_url: str

    def __post_init__(self) -> None:
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(asyncpg.connect(self.database_url))

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()

    def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = self._runner.run(self._connection.fetch(statement, *values))
        return rows

    def stored(self) -> int:
        """How many requests there are, however they got there."""
        count: int = self.sql("SELECT count(*) FROM service_request")[0][0]
        return count

    def row(self, service_request_id: str) -> asyncpg.Record:
        return self.sql("SELECT * FROM service_request WHERE service_request_id = $1", service_request_id)[0]

    def get(self, path: str, **options: Any) -> httpx.Response:
        started = time.monotonic()
        answer = self.server.client.get(f"/open311/v2/{path}", **options)
        _sane(answer, time.monotonic() - started)
        return answer

    def wait_until(self, status: int, path: str) -> None:
        deadline = time.monotonic() + 5
        while self.server.client.get(f"/open311/v2/{path}").status_code != status:
            assert time.monotonic() < deadline, path
            time.sleep(0.05)

    def send(
        self, body: bytes, *, kind: str | None = FORM, suffix: str = "json", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """POST a body as it stands."""
        sent = {**({} if kind is None else {"Content-Type": kind}), **(headers or {})}
        started = time.monotonic()
        answer = self.server.client.post(f"/open311/v2/requests.{suffix}", content=body, headers=sent)
        _sane(answer, time.monotonic() - started)
        return answer

    def form(self, fields: Mapping[str, Any] | None = None, *, key: str | None = OWN) -> bytes:
        """A body with good defaults; None leaves a field out, a list repeats it."""
        pairs = {"api_key": self.key if key == OWN else key, **DEFAULTS, **(fields or {})}
        return urlencode({name: value for name, value in pairs.items() if value is not None}, doseq=True).encode()

    def accept(self, fields: Mapping[str, Any] | None = None, **options: Any) -> str:
        """The report is taken, once; its id."""
        return self.accept_body(self.form(fields), **options)

    def accept_body(self, body: bytes, **options: Any) -> str:
        before = self.stored()
        answer = self.send(body, **options)
        assert answer.status_code == 201, answer.text
        assert self.stored() == before + 1
        identity: str = answer.json()[0]["service_request_id"]
        return identity

    def refuse(self, fields: Mapping[str, Any] | None = None, *, status: int = 400, names: str, **options: Any) -> None:
        """Refused in both formats, naming the field, with nothing stored."""
        key = options.pop("key", OWN)
        self.refuse_body(self.form(fields, key=key), status=status, names=names, **options)

    def refuse_body(self, body: bytes, *, status: int = 400, names: str, **options: Any) -> None:
        before = self.stored()
        for suffix in ("json", "xml"):
            refused(self.send(body, suffix=suffix, **options), status, names=names, suffix=suffix)
        assert self.stored() == before, "something was stored"


def refused(answer: httpx.Response, status: int, *, names: str, suffix: str) -> None:
    """An error document in the format asked for that names what is wrong."""
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"] == {"json": "application/json", "xml": "text/xml"}[suffix] + "; charset=utf-8"
    errors = error_document(answer.content, suffix)
    assert errors
    assert all(code == status for code, _ in errors)
    assert any(names.lower() in description.lower() for _, description in errors), errors
    assert all("<" not in text and len(text) < 1000 for _, text in errors), errors


def error_document(body: bytes, suffix: str) -> list[tuple[int, str]]:
    if suffix == "json":
        return [(error["code"], error["description"]) for error in json.loads(body)]
    root = ET.fromstring(body)
    assert root.tag == "errors"
    return [(int(error.findtext("code") or 0), error.findtext("description") or "") for error in root.iter("error")]


def _sane(answer: httpx.Response, seconds: float) -> None:
    assert answer.status_code < 500, answer.text[:500]
    assert "Traceback" not in answer.text
    assert seconds < ANSWER_SECONDS, f"took {seconds:.1f} s"
