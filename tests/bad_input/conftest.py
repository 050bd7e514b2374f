"""One server with Holeburg alone, one with two jurisdictions, and a watch over rows and log during every test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bad_input.hostile import PERSONAL, Hostile, make_key, set_up_city
from databases import fresh_database
from servers import environment, running_server

HERE = Path(__file__).parent / "holeburg"


@contextmanager
def _started(maintenance_url: str, *cities: str, **settings: str) -> Iterator[Hostile]:
    """A database and a server for the whole run: what one test stores, the others count from."""
    with fresh_database(maintenance_url) as url, tempfile.TemporaryDirectory() as folder:
        env = environment(url, Path(folder), **settings)
        for city in cities:
            set_up_city(env, HERE / city)
        key = make_key(env, "holeburg.example")
        with (
            running_server(url, Path(folder), worker=False, **settings) as server,
            closing(Hostile(server, key, env, url)) as hostile,
        ):
            yield hostile


@pytest.fixture(scope="session")
def single(maintenance_url: str) -> Iterator[Hostile]:
    with _started(maintenance_url, "city.yaml") as hostile:
        hostile.sql("UPDATE service SET active = false WHERE code = 'gone'")
        hostile.sql("UPDATE jurisdiction SET catalog_version = catalog_version + 1")
        hostile.wait_until(404, "services/gone.json")
        yield hostile


@pytest.fixture(scope="session")
def several(maintenance_url: str) -> Iterator[Hostile]:
    with _started(maintenance_url, "city.yaml", "nowhere.yaml") as hostile:
        yield hostile


@pytest.fixture(scope="session")
def impatient(maintenance_url: str) -> Iterator[Hostile]:
    """Waits a second, not ten, for what clients send."""
    with _started(maintenance_url, "city.yaml", OPEN311_REQUEST_SECONDS="1", OPEN311_HEAD_SECONDS="1") as hostile:
        yield hostile


@pytest.fixture(scope="session")
def counting(maintenance_url: str) -> Iterator[Hostile]:
    """Counts wrong keys from this machine too."""
    with _started(maintenance_url, "city.yaml", OPEN311_RATE_LIMIT_LOOPBACK="true", OPEN311_RATE_ANONYMOUS="60") as hostile:
        yield hostile


@pytest.fixture(autouse=True)
def clean_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test may leave a stack trace, a key, or personal data in the log of its server."""
    used = [
        request.getfixturevalue(name) for name in ("single", "several", "impatient", "counting") if name in request.fixturenames
    ]
    before = {hostile.server.url: len(hostile.server.log_text()) for hostile in used}
    yield
    for hostile in used:
        written = hostile.server.log_text()[before[hostile.server.url] :]
        for word in ("Traceback", "unhandled", '"status":500', *PERSONAL, hostile.key, hostile.key.rpartition("_")[2]):
            assert word not in written, f"{word!r} in the log:\n{written[-3000:]}"
