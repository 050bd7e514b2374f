"""Finds the PostgreSQL programs of this machine, and whether PostGIS belongs to them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from open311_api.errors import ConfigurationError

VERSIONS = range(18, 13, -1)
"""Major versions that are expected to work, the one to prefer first."""


class PostgresNotFound(ConfigurationError):
    """This machine lacks the PostgreSQL or the PostGIS that a private cluster needs."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One set of PostgreSQL programs."""

    version: int
    programs: Path
    has_postgis: bool

    def program(self, name: str) -> str:
        return str(self.programs / name)


def find_installation(version: int | None = None, *, folders: Iterable[Path] | None = None) -> Installation:
    """The newest installation that has PostGIS, or the one of this major version."""
    found = list(installations(_folders() if folders is None else folders))
    for one in sorted(found, key=lambda one: -one.version):
        if one.has_postgis and version in (None, one.version):
            return one
    raise PostgresNotFound(_what_to_install(found, version))


def installations(folders: Iterable[Path]) -> Iterator[Installation]:
    """Every usable set of programs in these folders, in no particular order."""
    seen: set[Path] = set()
    for folder in folders:
        if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres", "pg_ctl")):
            continue
        real = folder.resolve()
        if real in seen:
            continue
        seen.add(real)
        number = _major_version(folder / "postgres")
        if number in VERSIONS:
            yield Installation(number, folder, _has_postgis(folder, number))


def _folders() -> Iterator[Path]:
    homebrew = [Path(top) for top in ("/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew")]
    for number in VERSIONS:
        yield Path(f"/usr/lib/postgresql/{number}/bin")  # Debian, Ubuntu
        yield Path(f"/usr/pgsql-{number}/bin")  # Red Hat with the PostgreSQL project's packages
        yield Path(f"/usr/libexec/postgresql{number}")  # Alpine
        yield Path(f"/Applications/Postgres.app/Contents/Versions/{number}/bin")
        for top in homebrew:
            yield top / "opt" / f"postgresql@{number}" / "bin"
    pg_config = shutil.which("pg_config")
    if pg_config is not None:
        named = _output(pg_config, "--bindir")
        if named:
            yield Path(named)
    for part in os.get_exec_path():
        if part:
            yield Path(part)


def _major_version(program: Path) -> int:
    match = re.search(r"(\d+)", _output(str(program), "--version").removeprefix("postgres (PostgreSQL)"))
    return int(match[1]) if match else 0


def _has_postgis(programs: Path, number: int) -> bool:
    shares = [
        Path(f"/usr/share/postgresql/{number}"),
        Path(f"/usr/share/postgresql{number}"),
        programs.parent / "share",
        programs.parent / "share" / "postgresql",
    ]
    pg_config = programs / "pg_config"
    if pg_config.is_file():
        # The programs know best; the list above is for packages that leave pg_config out.
        named = _output(str(pg_config), "--sharedir")
        if named:
            shares = [Path(named)]
    return any((share / "extension" / "postgis.control").is_file() for share in shares)


def _output(*command: str) -> str:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _what_to_install(found: list[Installation], version: int | None) -> str:
    numbers = sorted({one.version for one in found}, reverse=True)
    if version is not None:
        part = "PostGIS for it" if version in numbers else "this version"
        lacking = f"The database in the data folder was made by PostgreSQL {version}; {part} is not installed"
        wanted: int | None = version
    elif numbers:
        lacking = f"PostgreSQL {numbers[0]} is installed, but PostGIS for it is not"
        wanted = numbers[0]
    else:
        lacking = "PostgreSQL (14 to 18) with PostGIS is not installed"
        wanted = None
    return f"{lacking}.\n{_remedy(wanted)}\nOr point OPEN311_DATABASE_URL at a database that has PostGIS."


def _remedy(wanted: int | None) -> str:
    if shutil.which("apt-get"):
        packages = f"postgresql-{wanted}-postgis-3" if wanted else "postgresql postgresql-postgis"
        return f"Install it with: sudo apt-get install {packages}"
    if sys.platform == "darwin":
        return f"Install it with: brew install postgresql@{wanted or 17} postgis"
    if shutil.which("dnf"):
        packages = f"postgresql{wanted}-server postgis3*_{wanted}" if wanted else "postgresql-server postgis"
        return f"Install it with: sudo dnf install {packages}"
    if shutil.which("apk"):
        return f"Install it with: apk add postgresql{wanted or ''} postgis"
    return "Install PostgreSQL and PostGIS with the package manager of this system."
