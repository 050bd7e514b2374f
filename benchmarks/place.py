"""Where the benchmark keeps its data: a private, durable cluster of its own, with a database for each number of rows."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from open311_api.config import Settings
from open311_api.db.cluster import ensure_cluster

JURISDICTION = "demo.city"
DATA_DIR = Path(__file__).resolve().parents[1] / "var" / "benchmarks"


@dataclass(frozen=True, slots=True)
class Place:
    """One database with one city."""

    url: str
    data_dir: Path

    def environment(self, **settings: str) -> dict[str, str]:
        """For ``open311`` as shipped: nothing of our own environment's settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OPEN311_")}
        return {**kept, "OPEN311_DATABASE_URL": self.url, "OPEN311_DATA_DIR": str(self.data_dir), **settings}

    def open311(self, *arguments: str, seconds: float = 3600) -> str:
        """Run the command; its standard output. Ends the benchmark with the command's own words when it fails."""
        command = [sys.executable, "-m", "open311_api.cli", *arguments]
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, timeout=seconds, check=False)
        if done.returncode:
            raise SystemExit(f"open311 {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout


def find_place(rows: int, data_dir: Path, database_url: str | None = None) -> Place:
    """The database for this many rows; made when missing. ``database_url``: any other server, its database replaced by ours."""
    data_dir.mkdir(parents=True, exist_ok=True)
    maintenance = database_url or ensure_cluster(Settings(data_dir=data_dir), report=print).url
    name = f"benchmark_{rows}"
    asyncio.run(_ensure_database(maintenance, name))
    return Place(urlunsplit(urlsplit(maintenance)._replace(path=f"/{name}")), data_dir)


async def _ensure_database(maintenance: str, name: str) -> None:
    connection = await asyncpg.connect(maintenance)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()


async def drop_database(place: Place) -> None:
    """For the smoke form, which leaves nothing behind."""
    parts = urlsplit(place.url)
    connection = await asyncpg.connect(urlunsplit(parts._replace(path="/postgres")))
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {parts.path.strip('/')} WITH (FORCE)")
    finally:
        await connection.close()
