"""Every check of the doctor, seen well and seen broken."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from open311_api.api_keys.create import create_key
from open311_api.api_keys.revoke import revoke_key
from open311_api.catalog.create import create_jurisdiction
from open311_api.commands import doctor
from open311_api.config import Settings
from open311_api.db.cluster import ensure_cluster, stop_cluster
from open311_api.db.cluster_place import existing_place
from open311_api.db.database import Database, connect
from open311_api.db.migrate import migrate
from open311_api.db.sealing import Sealer

PRODUCTION = {"env": "production", "public_url": "https://311.city.example"}


@pytest_asyncio.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """To a migrated database of this test's own."""
    connection = await connect(database_url)
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def empty(maintenance_url: str) -> AsyncIterator[asyncpg.Connection]:
    """To a database without anything in it."""
    name = f"test_empty_{uuid.uuid4().hex}"
    maintenance = await asyncpg.connect(maintenance_url)
    await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    connection = await asyncpg.connect(maintenance_url, database=name)
    yield connection
    await connection.close()
    await maintenance.execute(f"DROP DATABASE {name}")
    await maintenance.close()


@pytest.fixture(scope="module")
def installation() -> Iterator[Path]:
    """A data folder whose durable cluster is migrated."""
    top = Path(tempfile.mkdtemp(prefix="open311-", dir="/tmp"))
    top.chmod(0o755)
    settings = Settings(data_dir=top / "var")
    migrate(ensure_cluster(settings).url)
    yield settings.data_dir
    stop_cluster(settings)
    place = existing_place(settings.data_dir)
    assert place is not None
    shutil.rmtree(place.home)
    shutil.rmtree(top)


def command(**environment: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Run the command itself; its findings by check."""
    arguments = [sys.executable, "-m", "open311_api.cli", "doctor", "--json"]
    outcome = subprocess.run(
        arguments, env={f"OPEN311_{name}": value for name, value in environment.items()}, capture_output=True, check=False
    )
    document = json.loads(outcome.stdout)
    assert document["ok"] is (outcome.returncode == 0), outcome.stderr
    return outcome.returncode, {finding["check"]: finding for finding in document["findings"]}


def test_a_sound_installation_has_nothing_to_mend(installation: Path) -> None:
    code, findings = command(DATA_DIR=str(installation))
    assert {finding["state"] for finding in findings.values()} == {"ok"}, findings
    assert len(findings) == 11
    assert code == 0


def test_a_sound_installation_in_production_has_nothing_to_mend(installation: Path) -> None:
    code, findings = command(
        DATA_DIR=str(installation), ENV="production", PUBLIC_URL="https://311.city.example", SECRET_KEYS=Sealer.make()
    )
    assert {finding["state"] for finding in findings.values()} == {"ok"}, findings
    assert code == 0


def test_a_failure_is_told_with_its_remedy_and_ends_with_one(installation: Path) -> None:
    code, findings = command(DATA_DIR=str(installation), ENV="production", PUBLIC_URL="https://311.city.example")
    assert code == 1
    broken = [finding for finding in findings.values() if finding["state"] == "failure"]
    assert [finding["check"] for finding in broken] == ["Secret keys"]
    assert "open311 secret-key" in broken[0]["remedy"]
    table = subprocess.run(
        [sys.executable, "-m", "open311_api.cli", "doctor"],
        env={"OPEN311_DATA_DIR": str(installation), "OPEN311_ENV": "production", "COLUMNS": "200"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert table.returncode == 1
    assert "→ Make a key with `open311 secret-key`" in table.stdout


def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    code, findings = command(DATA_DIR=str(tmp_path), DATABASE_URL="postgresql://someone@127.0.0.1:1/nothing")
    assert code == 1
    assert findings["Database"]["state"] == "failure"
    assert "OPEN311_DATABASE_URL" in findings["Database"]["remedy"]
    assert "PostGIS" not in findings, "nothing can be said about a database that does not answer"


def test_a_python_too_old() -> None:
    assert doctor.check_python((3, 10)).state == "failure"
    assert doctor.check_python((3, 11)).state == "ok"


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finding = doctor.check_data_dir(tmp_path / "file" / "var")
    assert finding.state == "failure"
    assert "OPEN311_DATA_DIR" in finding.remedy


@pytest.mark.parametrize("keys", [None, "k1:short", "k1:!!", "k1:" + "A" * 43 + "="])
def test_secret_keys_that_protect_nothing(keys: str | None) -> None:
    settings = Settings(**PRODUCTION, secret_keys=keys)
    finding = doctor.check_secret_keys(settings)
    assert finding.state == "failure"
    assert keys is None or keys.partition(":")[2] not in finding.detail


def test_secret_keys_of_development_are_kept_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert doctor.check_secret_keys(settings).state == "ok"
    kept = tmp_path / "secret-keys"
    kept.chmod(0o644)
    assert doctor.check_secret_keys(settings).state == "warning"
    kept.write_text("nonsense")
    assert doctor.check_secret_keys(settings).state == "failure"
    kept.unlink()
    kept.mkdir()
    assert doctor.check_secret_keys(settings).state == "failure"


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"env": "production", "public_url": "http://127.0.0.1:8000"}, "failure"),
        ({"env": "production", "public_url": "http://311.city.example"}, "warning"),
        ({"public_url": "http://127.0.0.1:8000", "port": 8001}, "warning"),
        ({"public_url": "http://localhost:8001", "port": 8001}, "ok"),
        (PRODUCTION, "ok"),
    ],
)
def test_a_public_url_that_leads_elsewhere(settings: dict[str, str], state: str) -> None:
    finding = doctor.check_public_url(Settings.model_validate(settings))
    assert finding.state == state
    assert bool(finding.remedy) == (state != "ok")


@pytest.mark.parametrize(("version", "state"), [(13, "failure"), (14, "ok"), (18, "ok"), (19, "warning")])
def test_a_postgresql_of_another_time(version: int, state: str) -> None:
    assert doctor.judge_postgres(version).state == state


@pytest.mark.parametrize(("version", "state"), [("2.5.5", "failure"), ("3.1.0", "warning"), ("3.3.2", "ok"), ("3.6.0dev", "ok")])
def test_a_postgis_of_another_time(version: str, state: str) -> None:
    assert doctor.judge_postgis(version).state == state


async def test_a_database_without_postgis(empty: asyncpg.Connection) -> None:
    finding = await doctor.check_postgis(empty)
    assert finding.state == "failure"
    assert "open311 migrate" in finding.remedy


async def test_a_database_without_a_schema(empty: asyncpg.Connection) -> None:
    finding = await doctor.check_migrations(empty)
    assert (finding.state, finding.remedy) == ("failure", "Run `open311 migrate`.")


async def test_a_schema_newer_than_this_release(connection: asyncpg.Connection) -> None:
    assert (await doctor.check_migrations(connection)).state == "ok"
    await connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    finding = await doctor.check_migrations(connection)
    assert finding.state == "failure"
    assert "newer" in finding.detail


async def test_an_unfinished_schema(connection: asyncpg.Connection) -> None:
    await connection.execute("DELETE FROM alembic_version")
    assert (await doctor.check_migrations(connection)).remedy == "Run `open311 migrate`."


async def test_a_database_that_can_lose_what_it_accepted(connection: asyncpg.Connection) -> None:
    await connection.execute("SET synchronous_commit = off")
    finding = await doctor.check_durability(connection)
    assert finding.state == "failure"
    assert "synchronous_commit" in finding.detail
    assert "ALTER SYSTEM SET synchronous_commit = on" in finding.remedy


def test_a_server_without_fsync(installation: Path) -> None:
    stop_cluster(Settings(data_dir=installation))
    ensure_cluster(Settings(data_dir=installation), durable=False)
    try:
        code, findings = command(DATA_DIR=str(installation))
        assert code == 1
        assert findings["Durability"]["detail"].startswith("fsync, full_page_writes, synchronous_commit off")
    finally:
        stop_cluster(Settings(data_dir=installation))
        ensure_cluster(Settings(data_dir=installation))


@pytest.mark.parametrize(("seconds", "state"), [(0, "ok"), (-5, "warning"), (5, "warning"), (60, "failure")])
async def test_clocks_that_disagree(connection: asyncpg.Connection, seconds: int, state: str) -> None:
    finding = await doctor.check_clock(connection, lambda: datetime.now(UTC) + timedelta(seconds=seconds))
    assert finding.state == state


async def test_keys_of_the_demo_in_production(db: Database, connection: asyncpg.Connection) -> None:
    production = Settings.model_validate(PRODUCTION)
    assert (await doctor.check_demo_keys(production, connection)).state == "ok"
    async with db.begin() as session:
        demo = await create_jurisdiction(session, jurisdiction_id="demo.city", name="Demo City")
        real = await create_jurisdiction(session, jurisdiction_id="real.city", name="Real City")
    await create_key(db, name="real", scopes=["admin"], jurisdiction_keys=[real])
    assert (await doctor.check_demo_keys(production, connection)).state == "ok"

    made = await create_key(db, name="app", scopes=["requests:write"], jurisdiction_keys=[demo], kind="demo")
    finding = await doctor.check_demo_keys(production, connection)
    assert finding.state == "failure"
    assert made.key_id in finding.remedy
    assert (await doctor.check_demo_keys(Settings(), connection)).state == "ok"

    await revoke_key(db, made.key_id)
    assert (await doctor.check_demo_keys(production, connection)).state == "ok"
