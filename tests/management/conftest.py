"""One server and one town for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from management.office import Office, make_key
from servers import environment, open311, running_server

CITIES = Path(__file__).parents[1] / "conformance"


@pytest.fixture(scope="module")
def office(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    env = environment(module_database_url, folder)
    for city in ("riverton", "lakeside"):
        done = open311("city", "load", str(CITIES / city / "city.yaml"), "--yes", env=env)
        assert done.returncode == 0, done.stdout + done.stderr
    staff = make_key(env, "requests:manage")
    private = make_key(env, "requests:read_private", name="Auditor")
    app = make_key(env, "requests:write", name="App")
    with running_server(module_database_url, folder) as server:
        yield Office(server, env, staff, private, app)
