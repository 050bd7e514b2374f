"""A served Riverton, keys of every kind, and calls of the back office."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from servers import Server, open311

JURISDICTION = "riverton.example"


def make_key(env: dict[str, str], *scopes: str, jurisdictions: tuple[str, ...] = (JURISDICTION,), name: str = "Front desk") -> str:
    places = [option for place in jurisdictions for option in ("--jurisdiction", place)]
    wanted = [option for scope in scopes for option in ("--scope", scope)]
    done = open311("keys", "create", "--name", name, "--json", *places, *wanted, env=env)
    assert done.returncode == 0, done.stderr
    key: str = json.loads(done.stdout)["key"]
    return key


@dataclass(frozen=True)
class Office:
    """A running server with its keys."""

    server: Server
    env: dict[str, str]
    staff: str
    """May manage, but not read who reported."""
    private: str
    """May read who reported, but not manage."""
    app: str
    """May report, as every app."""

    def call(self, method: str, path: str, *, key: str | None = "", **options: Any) -> httpx.Response:
        """``key=""`` means the staff key, None sends none."""
        shown = self.staff if key == "" else key
        headers = {**({"X-Api-Key": shown} if shown else {}), **options.pop("headers", {})}
        return self.server.client.request(method, f"/api/v1/{path}", headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.call("GET", path, **options)

    def read(self, path: str, **options: Any) -> Any:
        answer = self.get(path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def patch(self, service_request_id: str, body: dict[str, Any], **options: Any) -> httpx.Response:
        return self.call("PATCH", f"requests/{service_request_id}", json=body, **options)

    def change(self, service_request_id: str, **fields: Any) -> Any:
        answer = self.patch(service_request_id, fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def report(self, **fields: str) -> str:
        """A resident's report; its id."""
        form = {
            "api_key": self.app,
            "jurisdiction_id": JURISDICTION,
            "service_code": "tree-down",
            "lat": "52.1",
            "long": "5.05",
            **fields,
        }
        answer = self.server.client.post("/open311/v2/requests.json", data=form)
        assert answer.status_code == 201, answer.text
        identity: str = answer.json()[0]["service_request_id"]
        return identity

    def public(self, service_request_id: str) -> dict[str, Any]:
        path = f"/open311/v2/requests/{service_request_id}.json"
        answer = self.server.client.get(path, params={"extensions": "true", "jurisdiction_id": JURISDICTION})
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()[0]
        return document


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of a refusal."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["instance"].endswith(answer.headers["x-request-id"])
    return document


def fields_of(answer: httpx.Response) -> set[str]:
    """The fields that a 422 names."""
    return {item["field"] for item in problem(answer, 422)["errors"]}
