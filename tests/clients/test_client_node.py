"""Node's open311 0.0.12, unchanged from its tarball, in JSON: discovery, services, definition, post, query, token."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from served_city import JURISDICTION, ServedCity, served_riverton

_FOLDER = os.environ.get("OPEN311_TEST_CLIENT_TOOLS") or Path(tempfile.gettempdir()) / f"open311-client-tools-{os.geteuid()}"
MODULES = Path(_FOLDER) / "node" / "node_modules"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed: scripts/client-tools"),
    pytest.mark.skipif(not (MODULES / "open311").is_dir(), reason="Node's open311 was not fetched: scripts/client-tools"),
]


@pytest.fixture(scope="module")
def city(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCity]:
    with served_riverton(module_database_url, tmp_path_factory.mktemp("node")) as served:
        yield served


@pytest.mark.parametrize("discovery", ["/discovery.json", "/open311/discovery.json", "/open311/v2/discovery.json"])
def test_node_does_everything_it_can(city: ServedCity, discovery: str) -> None:
    script = Path(__file__).parent / "node_client.js"
    done = subprocess.run(
        ["node", "--no-deprecation", str(script), city.server.url + discovery, JURISDICTION, city.key],
        env={**os.environ, "NODE_PATH": str(MODULES)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout)
    assert seen["endpoint"] == f"{city.server.base}/"
    assert seen["format"] == "json"
    assert {"tree-down", "0042", "bulky-waste"} <= set(seen["services"])
    assert "fault" in seen["questions"]
    [posted] = seen["posted"]
    identity = posted["service_request_id"]
    assert "token" not in posted
    assert seen["one"]["service_request_id"] == identity
    assert seen["one"]["description"] == "Lamp is dark – from Node"
    assert seen["several"] == [identity]
    assert {identity, *city.ids} <= set(seen["open"])
    [resolved] = seen["resolved"]
    assert resolved["token"] == seen["token"]
    assert resolved.get("service_request_id", "SR-").startswith("SR-")
    assert "404" in seen["refused"]
    assert "no-such-service" in seen["refused"]
