"""Riverton, served as shipped, with a few reports of every kind in it: for tests that bring a client of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from servers import Server, environment, open311, running_server

JURISDICTION = "riverton.example"
SCOPES = ("requests:write", "requests:manage", "requests:read_private")
_CITY = Path(__file__).parent / "conformance" / "riverton" / "city.yaml"
_REPORTS: tuple[dict[str, str], ...] = (
    {"service_code": "tree-down", "description": "Branch on the path\nby the pond", "title": "A branch", "zipcode": "01234"},
    {"service_code": "0042", "attribute[fault]": "dark", "attribute[hazard][]": "wires", "attribute[pole_no]": "L-7"},
    {"service_code": "tree-down", "address_string": "Mill Lane 12", "media_url": "https://pics.example/tree.jpg"},
    {"service_code": "tree-down", "service_object_type": "https://city.example/tree", "service_object_id": "T 1 & <2>"},
)


@dataclass(frozen=True)
class ServedCity:
    """A running server, a key that may report and manage, and what has been reported."""

    server: Server
    key: str
    ids: tuple[str, ...]
    token: str


@contextmanager
def served_riverton(database_url: str, folder: Path) -> Iterator[ServedCity]:
    env = environment(database_url, folder)
    loaded = open311("city", "load", str(_CITY), "--yes", env=env)
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    scopes = [option for scope in SCOPES for option in ("--scope", scope)]
    made = open311("keys", "create", "--jurisdiction", JURISDICTION, *scopes, "--json", env=env)
    assert made.returncode == 0, made.stderr
    key = json.loads(made.stdout)["key"]
    with running_server(database_url, folder) as server:
        answers = [_report(server, key, {"lat": "52.1", "long": "5.05", **report}) for report in _REPORTS]
        answers.append(_report(server, key, {"service_code": "tree-down", "address_string": "Somewhere without a point"}))
        token = _report(server, key, {"service_code": "bulky-waste", "address_id": "ADR-1"})["token"]
        yield ServedCity(server, key, tuple(answer["service_request_id"] for answer in answers), token)


def _report(server: Server, key: str, form: dict[str, str]) -> dict[str, str]:
    answer: httpx.Response = server.client.post("/open311/v2/requests.json", data={"api_key": key, **form})
    assert answer.status_code == 201, answer.text
    item: dict[str, str] = answer.json()[0]
    return item
