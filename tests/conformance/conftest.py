"""One server and one town for all conformance tests of a module."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from servers import Server, environment, open311, running_server

RIVERTON = Path(__file__).parent / "riverton" / "city.yaml"
LAKESIDE = Path(__file__).parent / "lakeside" / "city.yaml"
QUIET = Path(__file__).parent / "quiet" / "city.yaml"
JURISDICTION = "riverton.example"


@dataclass
class Town:
    """A running server with Riverton loaded, and a key that may report."""

    server: Server
    key: str
    env: dict[str, str]
    database_url: str
    post_defaults: dict[str, str] = field(default_factory=lambda: {"service_code": "tree-down", "lat": "52.1", "long": "5.05"})

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.server.client.get(f"/open311/v2/{path}", **options)

    def post(
        self, suffix: str = "json", *, api_key: str | None = "", headers: dict[str, str] | None = None, **form: Any
    ) -> httpx.Response:
        """A report with good defaults; a field given as None is left out. ``api_key=""`` means the town's key."""
        key = {"api_key": self.key if api_key == "" else api_key}
        fields = {name: value for name, value in {**key, **self.post_defaults, **form}.items() if value is not None}
        return self.server.client.post(f"/open311/v2/requests.{suffix}", data=fields, headers=headers)

    def report(self, **form: Any) -> str:
        """File a report and say its id."""
        answer = self.post(**form)
        assert answer.status_code == 201, answer.text
        identity: str = answer.json()[0]["service_request_id"]
        return identity

    def command(self, *arguments: str) -> str:
        done = open311(*arguments, env=self.env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def make_key(self, *scopes: str, jurisdiction: str = JURISDICTION) -> str:
        wanted = [option for scope in scopes or ("requests:write",) for option in ("--scope", scope)]
        made = self.command("keys", "create", "--jurisdiction", jurisdiction, "--name", "test", "--json", *wanted)
        key: str = json.loads(made)["key"]
        return key


def load_city(env: dict[str, str], path: Path) -> None:
    done = open311("city", "load", str(path), "--yes", env=env)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def make_town(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Town]]:
    """Start more than one server for a module, with settings of its own."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def make(
            *, worker: bool = True, cities: tuple[Path, ...] = (RIVERTON,), database_url: str = module_database_url, **settings: str
        ) -> Town:
            folder = tmp_path_factory.mktemp("town")
            env = environment(database_url, folder, **settings)
            for city in cities:
                load_city(env, city)
            made = open311("keys", "create", "--jurisdiction", JURISDICTION, "--scope", "requests:write", "--json", env=env)
            assert made.returncode == 0, made.stderr
            server = stack.enter_context(running_server(database_url, folder, worker=worker, **settings))
            return Town(server, json.loads(made.stdout)["key"], env, database_url)

        yield make


@pytest.fixture(scope="module")
def town(make_town: Callable[..., Town]) -> Town:
    return make_town()


@pytest.fixture
def unique() -> str:
    """A word no other test writes."""
    return f"w{uuid.uuid4().hex}"


def from_xml(text: bytes | str) -> Any:
    """The value tree of an XML document by the Spark convention, for comparing with JSON. Leaves are text or None."""
    return _value(ET.fromstring(text))


_LISTS = {
    "services", "service_requests", "errors", "attributes", "values", "endpoints", "formats", "media_urls", "notes", "groups",
    "service_request_updates",
}  # fmt: skip


def _value(node: ET.Element) -> Any:
    if node.tag in _LISTS:
        return [_value(child) for child in node]
    if len(node):
        return {child.tag: _value(child) for child in node}
    return node.text
