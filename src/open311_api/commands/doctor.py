"""The doctor: looks at an installation, and says what is wrong and how to mend it."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import typer

from open311_api.commands.running import command, console, load_settings, write_json

if TYPE_CHECKING:
    import asyncpg

    from open311_api.config import Settings

State = Literal["ok", "warning", "failure"]

OLDEST_PYTHON = (3, 11)
OLDEST_POSTGRES, NEWEST_POSTGRES = 14, 18
OLDEST_POSTGIS, TESTED_POSTGIS = (3, 0), (3, 3)
CLOCK_WARNING, CLOCK_FAILURE = timedelta(seconds=2), timedelta(seconds=30)
DEMO_JURISDICTION = "demo.city"

_LIVE_DEMO_KEYS = """
    SELECT key_id FROM api_key_secret JOIN api_key USING (api_key_key)
    WHERE api_key.revoked_at IS NULL AND api_key_secret.revoked_at IS NULL AND (not_after IS NULL OR not_after > now())
      AND (SELECT jurisdiction_key FROM jurisdiction WHERE jurisdiction_id = $1) = ANY (jurisdiction_keys)
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw."""

    check: str
    state: State
    detail: str
    remedy: str = ""


@command
async def doctor(as_json: bool = typer.Option(False, "--json", help="Print the findings as JSON.")) -> None:
    """Check this installation: database, settings, clock, permissions, secrets.

    Exit code 1 when something is broken; warnings alone leave it at 0.
    """
    findings = await examine(load_settings())
    broken = any(finding.state == "failure" for finding in findings)
    if as_json:
        write_json({"ok": not broken, "findings": [asdict(finding) for finding in findings]})
    else:
        _print(findings)
    if broken:
        raise typer.Exit(1)


async def examine(settings: Settings) -> list[Finding]:
    """Every check that can be made; those of the database only when it answers."""
    findings = [
        check_python(sys.version_info[:2]),
        check_data_dir(settings.data_dir),
        check_secret_keys(settings),
        check_public_url(settings),
    ]
    connection, reached = await check_database(settings)
    findings.append(reached)
    if connection is not None:
        try:
            findings += [
                await check_postgres(connection),
                await check_postgis(connection),
                await check_migrations(connection),
                await check_durability(connection),
                await check_clock(connection, lambda: datetime.now(UTC)),
                await check_demo_keys(settings, connection),
            ]
        finally:
            await connection.close()
    return findings


def check_python(version: tuple[int, int]) -> Finding:
    name = f"{version[0]}.{version[1]}"
    if version < OLDEST_PYTHON:
        return Finding("Python", "failure", f"{name} is too old", "Install Python 3.11 or later.")
    return Finding("Python", "ok", name)


def check_data_dir(folder: Path) -> Finding:
    """Whether this process may write into the data folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
            pass
    except OSError as failure:
        remedy = f"Give user {os.geteuid()} write access to it, or set OPEN311_DATA_DIR to another folder."
        return Finding("Data folder", "failure", f"{folder} cannot be written: {failure.strerror}", remedy)
    return Finding("Data folder", "ok", str(folder))


def check_secret_keys(settings: Settings) -> Finding:
    """What encrypts residents' personal data: set in production, made and kept in the data folder in development."""
    from open311_api.db.sealing import Sealer, secret_keys
    from open311_api.errors import ConfigurationError

    make = "Make a key with `open311 secret-key`, set it as OPEN311_SECRET_KEYS, and keep a copy in a safe place."
    kept = settings.data_dir / "secret-keys"
    try:
        text = secret_keys(settings)
        Sealer.parse(text)
    except ConfigurationError as error:
        return Finding("Secret keys", "failure", str(error), make)
    except OSError as failure:
        remedy = f"Start this command as the user who owns {kept}, or set OPEN311_SECRET_KEYS."
        return Finding("Secret keys", "failure", f"{kept} cannot be used: {failure.strerror}", remedy)
    weak = [name for name, key in _keys(text) if len(set(key)) < 8]
    if weak:
        return Finding("Secret keys", "failure", f"key {weak[0]!r} is not random", make)
    if settings.secret_keys:
        return Finding("Secret keys", "ok", "set")
    if kept.stat().st_mode & 0o077:
        return Finding("Secret keys", "warning", f"{kept} can be read by others", f"chmod 600 {kept}")
    return Finding("Secret keys", "ok", f"in {kept}, for development")


def _keys(text: str) -> list[tuple[str, str]]:
    parts = (part.strip().partition(":") for part in text.split(",") if part.strip())
    return [(name, key) for name, _, key in parts]


def check_public_url(settings: Settings) -> Finding:
    """The public URL stands in every Link, Location and webhook: it must lead here from outside."""
    parts = urlsplit(settings.public_url)
    local = parts.hostname in ("localhost", "::1") or (parts.hostname or "").startswith("127.")
    if settings.env == "production" and local:
        remedy = "Set OPEN311_PUBLIC_URL to the address that apps use, such as https://311.city.example."
        return Finding("Public URL", "failure", f"{settings.public_url} leads every client to itself", remedy)
    if settings.env == "production" and parts.scheme != "https":
        remedy = "Put a proxy with TLS in front, and set OPEN311_PUBLIC_URL to its https address."
        return Finding("Public URL", "warning", f"{settings.public_url}: reports and keys travel unencrypted", remedy)
    if local and settings.port and (parts.port or 80) != settings.port:
        remedy = f"Set OPEN311_PUBLIC_URL=http://{parts.hostname}:{settings.port}."
        return Finding("Public URL", "warning", f"{settings.public_url}, but the server listens on {settings.port}", remedy)
    return Finding("Public URL", "ok", settings.public_url)


async def check_database(settings: Settings) -> tuple[asyncpg.Connection | None, Finding]:
    """A connection to it, if there is one."""
    import asyncpg

    from open311_api.db.cluster import database_url
    from open311_api.db.database import connect
    from open311_api.errors import Open311Error

    try:
        url = await asyncio.to_thread(database_url, settings)
        connection = await connect(url, name="open311 doctor", statement_seconds=5)
    except Open311Error as error:
        detail, _, remedy = str(error).partition("\n")
        return None, Finding("Database", "failure", detail, remedy)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        remedy = "Check OPEN311_DATABASE_URL, and that the server runs and lets this machine in."
        return None, Finding("Database", "failure", f"not reachable: {error or type(error).__name__}", remedy)
    where = "configured" if settings.database_url else f"private cluster in {settings.data_dir}"
    return connection, Finding("Database", "ok", where)


async def check_postgres(connection: asyncpg.Connection) -> Finding:
    return judge_postgres(int(await connection.fetchval("SHOW server_version_num")) // 10_000)


def judge_postgres(version: int) -> Finding:
    if version < OLDEST_POSTGRES:
        remedy = f"Upgrade to PostgreSQL {OLDEST_POSTGRES} or later."
        return Finding("PostgreSQL", "failure", f"{version} is too old", remedy)
    if version > NEWEST_POSTGRES:
        remedy = f"Use PostgreSQL {OLDEST_POSTGRES} to {NEWEST_POSTGRES}, or see whether a newer release of this server knows it."
        return Finding("PostgreSQL", "warning", f"{version} is newer than this release knows", remedy)
    return Finding("PostgreSQL", "ok", str(version))


async def check_postgis(connection: asyncpg.Connection) -> Finding:
    installed = await connection.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
    if installed is None:
        available = await connection.fetchval("SELECT default_version FROM pg_available_extensions WHERE name = 'postgis'")
        if available is None:
            remedy = "Install the package of PostGIS on the database's machine (Debian: postgresql-NN-postgis-3)."
            return Finding("PostGIS", "failure", "not installed beside this PostgreSQL", remedy)
        remedy = "Run `open311 migrate`; a user who may not create extensions needs CREATE EXTENSION postgis from a superuser."
        return Finding("PostGIS", "failure", f"{available} is there, but not in this database", remedy)
    return judge_postgis(str(installed))


def judge_postgis(version: str) -> Finding:
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < OLDEST_POSTGIS:
        return Finding("PostGIS", "failure", f"{version} is too old", "Upgrade to PostGIS 3.3 or later.")
    if numbers < TESTED_POSTGIS:
        return Finding("PostGIS", "warning", f"{version} is older than any tested", "Upgrade to PostGIS 3.3 or later.")
    return Finding("PostGIS", "ok", version)


async def check_migrations(connection: asyncpg.Connection) -> Finding:
    from open311_api.db.migrate import head_revision

    head = head_revision()
    exists = await connection.fetchval("SELECT to_regclass('alembic_version')") is not None
    current = await connection.fetchval("SELECT version_num FROM alembic_version") if exists else None
    if current is None:
        return Finding("Schema", "failure", "there is none yet", "Run `open311 migrate`.")
    if current == head:
        return Finding("Schema", "ok", f"current ({head})")
    if not _is_known(current):
        remedy = "Install the release that made it, or a later one."
        return Finding("Schema", "failure", f"{current} is newer than this release ({head})", remedy)
    return Finding("Schema", "failure", f"at {current}, this release needs {head}", "Run `open311 migrate`.")


def _is_known(revision: str) -> bool:
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    from open311_api.db.migrate import configuration

    try:
        return ScriptDirectory.from_config(configuration("postgresql://")).get_revision(revision) is not None
    except CommandError:
        return False


async def check_durability(connection: asyncpg.Connection) -> Finding:
    """An accepted report must outlive a power cut."""
    names = ("fsync", "full_page_writes", "synchronous_commit")
    off = [name for name in names if await connection.fetchval(f"SHOW {name}") == "off"]
    if off:
        remedy = "; ".join(f"ALTER SYSTEM SET {name} = on" for name in off) + "; SELECT pg_reload_conf()."
        return Finding("Durability", "failure", f"{', '.join(off)} off: accepted reports can be lost", remedy)
    return Finding("Durability", "ok", ", ".join(f"{name} on" for name in names))


async def check_clock(connection: asyncpg.Connection, now: Callable[[], datetime]) -> Finding:
    """The database's clock against this process's, taken in the middle of the question."""
    before = now()
    theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
    ours = before + (now() - before) / 2
    skew = abs(theirs - ours)
    text = f"{skew.total_seconds():.1f} s between this machine and the database"
    if skew <= CLOCK_WARNING:
        return Finding("Clock", "ok", text)
    state: State = "failure" if skew > CLOCK_FAILURE else "warning"
    return Finding("Clock", state, text, "Keep both clocks with a time service (chrony, systemd-timesyncd).")


async def check_demo_keys(settings: Settings, connection: asyncpg.Connection) -> Finding:
    """Keys of the demo city were made to be printed; in production nobody should hold one."""
    if settings.env != "production" or await connection.fetchval("SELECT to_regclass('api_key_secret')") is None:
        return Finding("Demo keys", "ok", "allowed in development" if settings.env != "production" else "none")
    live = [str(row["key_id"]) for row in await connection.fetch(_LIVE_DEMO_KEYS, DEMO_JURISDICTION)]
    if live:
        remedy = "Revoke them: " + "; ".join(f"open311 keys revoke {key_id}" for key_id in live) + "."
        return Finding("Demo keys", "failure", f"{len(live)} of the demo city can still be used", remedy)
    return Finding("Demo keys", "ok", "none")


def _print(findings: list[Finding]) -> None:
    from rich.markup import escape
    from rich.table import Table

    marks = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "failure": "[red]failure[/]"}
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        remedy = f"\n[bold]→ {escape(finding.remedy)}[/]" if finding.remedy else ""
        table.add_row(marks[finding.state], finding.check, escape(finding.detail) + remedy)
    console.print(table)
