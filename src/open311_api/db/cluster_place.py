"""Where the private cluster of a data folder lies, where its socket is, and which user runs it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import re
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from open311_api.errors import ConfigurationError

PORT = 5432
"""Only part of the socket's name: the cluster never listens on TCP."""

_LONGEST_SOCKET = 107
_ELSEWHERE = Path("/var/lib/open311-api")
_SHORT = Path("/tmp")  # noqa: S108 - the only short path on every system; who owns the folder in it is checked
_SERVER_USERS = ("postgres", "_postgres", "nobody")


class ClusterError(ConfigurationError):
    """The private PostgreSQL cannot be used as it is; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The user the server runs as: ourselves, or somebody unprivileged when we are root."""

    uid: int
    gid: int
    name: str

    @property
    def is_us(self) -> bool:
        return os.geteuid() == self.uid

    def run(self, command: list[str], *, text_in: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, in English, without this process's own PostgreSQL settings."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
        environment["LC_ALL"] = "C"
        environment["HOME"] = "/"
        drop = {} if self.is_us else {"user": self.uid, "group": self.gid, "extra_groups": ()}
        try:
            return subprocess.run(  # type: ignore[call-overload, no-any-return]  # the overloads refuse an unpacked mapping
                command, input=text_in, capture_output=True, text=True, cwd=cwd or "/", env=environment, check=False, **drop
            )
        except PermissionError as error:  # the program is out of the user's reach, or root may not become them
            raise ClusterError(f"User {self.name} cannot start {command[0]}: {error.strerror}.") from error

    def reaches(self, folder: Path) -> bool:
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]).returncode == 0

@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one cluster. What is in them is only ever touched as their owner, never as root."""

    home: Path
    owner: Owner

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    def socket_folder(self) -> Path:
        """Made anew when missing, for its owner alone."""
        near = self.home / "socket"
        folder = near if _fits(near) else _SHORT / f"open311-{self.owner.uid}-{_digest(self.home)}"
        self.owner.run(["mkdir", "-m", "700", str(folder)])
        _must_be_private(folder, self.owner)
        return folder


def existing_place(data_dir: Path) -> Place | None:
    """The place of a cluster that has been made before."""
    data_dir = data_dir.resolve()
    remembered = _note(data_dir)
    home = Path(remembered.read_text("utf-8").strip()) if remembered.is_file() else data_dir / "postgres"
    try:
        state = (home / "data" / "PG_VERSION").stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise ClusterError(_foreign(home)) from None
    if os.geteuid() not in (0, state.st_uid):
        raise ClusterError(_foreign(home))
    return Place(home, _owner_by_uid(state.st_uid, state.st_gid))


def new_place(data_dir: Path) -> Place:
    """Choose and make the folder for a new cluster: in the data folder if the server's user can get there."""
    data_dir = data_dir.resolve()
    owner = _choose_owner(data_dir)
    home = data_dir / "postgres"
    if _make(home, owner):
        _note(data_dir).unlink(missing_ok=True)
        return Place(home, owner)
    elsewhere = _ELSEWHERE / _digest(data_dir)
    if not owner.is_us and _make(elsewhere, owner):
        _note(data_dir).write_text(f"{elsewhere}\n", "utf-8")
        return Place(elsewhere, owner)
    raise ClusterError(
        f"PostgreSQL, as user {owner.name}, cannot use {home}.\n"
        "Set OPEN311_DATA_DIR to a folder that this user can reach, or OPEN311_DATABASE_URL to a database."
    )


def _make(home: Path, owner: Owner) -> bool:
    """Whether the folder is there, belongs to the owner, and can be reached by them."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        if home.parent == _ELSEWHERE:
            home.parent.chmod(0o755)
        home.mkdir(mode=0o700, exist_ok=True)
        if not owner.is_us:
            os.chown(home, owner.uid, owner.gid, follow_symlinks=False)
    except OSError:  # file systems without owners, and read-only ones
        return False
    if owner.reaches(home) and not home.is_symlink():
        return True
    with contextlib.suppress(OSError):
        home.rmdir()
    return False


def _choose_owner(data_dir: Path) -> Owner:
    if os.geteuid() != 0:
        return _owner_by_uid(os.geteuid(), os.getegid())
    # Below the home of a person (sudo in their checkout), be that person: then both ways of starting it work.
    for folder in (data_dir, *data_dir.parents):
        uid = folder.stat().st_uid if folder.is_dir() else 0
        if uid != 0:
            try:
                entry = pwd.getpwuid(uid)
            except KeyError:
                break
            return Owner(entry.pw_uid, entry.pw_gid, entry.pw_name)
    for name in _SERVER_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(entry.pw_uid, entry.pw_gid, entry.pw_name)
    raise ClusterError(
        "PostgreSQL refuses to run as root, and there is no user 'postgres' to run it as.\n"
        "Create one (useradd --system postgres), or start this command as an ordinary user."
    )


def _owner_by_uid(uid: int, gid: int) -> Owner:
    if uid == 0:
        raise ClusterError("The private cluster belongs to root, and PostgreSQL refuses to run as root: remove its folder.")
    try:
        return Owner(uid, gid, pwd.getpwuid(uid).pw_name)
    except KeyError:
        return Owner(uid, gid, str(uid))


def _must_be_private(folder: Path, owner: Owner) -> None:
    try:
        state = folder.lstat()
    except FileNotFoundError:
        raise ClusterError(f"{owner.name} cannot make the folder {folder} for the database's socket.") from None
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != owner.uid or stat.S_IMODE(state.st_mode) & 0o077:
        raise ClusterError(
            f"{folder} is not a folder that only {owner.name} may enter; the database's socket is not put there.\n"
            "Find out who made it, then remove it."
        )


def _fits(folder: Path) -> bool:
    """Short enough for a socket, and free of characters with a meaning in a database URL."""
    length = len(os.fsencode(folder)) + len(f"/.s.PGSQL.{PORT}")
    return length <= _LONGEST_SOCKET and re.fullmatch(r"[A-Za-z0-9/._-]+", str(folder)) is not None


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _note(data_dir: Path) -> Path:
    return data_dir / "postgres.location"


def _foreign(home: Path) -> str:
    return (
        f"The private cluster in {home} was made by another user.\n"
        "Start this command as that user or as root, or set OPEN311_DATA_DIR to a folder of your own."
    )

