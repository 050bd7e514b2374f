"""Databases for tests: copied from a template that was migrated once for the whole run."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from open311_api.config import Settings
from open311_api.db.cluster import ensure_cluster
from open311_api.db.migrate import migrate

_SCRIPTS = sorted((Path(__file__).parents[1] / "migrations" / "versions").glob("*.py"))
TEMPLATE = f"open311_template_{hashlib.sha256(b''.join(path.read_bytes() for path in _SCRIPTS)).hexdigest()[:12]}"


def _named(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


def cluster_url() -> str:
    """The cluster of this run: OPEN311_TEST_DATABASE_URL when set, otherwise a private one kept between runs."""
    given = os.environ.get("OPEN311_TEST_DATABASE_URL")
    if given:
        return given
    folder = Path(tempfile.gettempdir()) / f"open311-tests-{os.geteuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    return ensure_cluster(Settings(data_dir=folder), durable=False).url


async def _run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _exists(url: str, name: str) -> bool:
    connection = await asyncpg.connect(url)
    try:
        return bool(await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name))
    finally:
        await connection.close()


def ensure_template() -> str:
    """Make the template once, however many test processes start together; says the cluster's maintenance URL."""
    lock = Path(tempfile.gettempdir()) / f"open311-tests-{os.geteuid()}.lock"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        maintenance = _named(cluster_url(), "postgres")
        if not asyncio.run(_exists(maintenance, TEMPLATE)):
            building = f"{TEMPLATE}_building"
            asyncio.run(_run(maintenance, f"DROP DATABASE IF EXISTS {building} WITH (FORCE)", f"CREATE DATABASE {building}"))
            migrate(_named(maintenance, building))
            asyncio.run(_run(maintenance, f"ALTER DATABASE {building} RENAME TO {TEMPLATE}"))
        return maintenance


@contextmanager
def fresh_database(maintenance: str) -> Iterator[str]:
    """A migrated, empty database; dropped at the end."""
    name = f"test_{uuid.uuid4().hex}"
    asyncio.run(_run(maintenance, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    try:
        yield _named(maintenance, name)
    finally:
        asyncio.run(_run(maintenance, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
