"""The private PostgreSQL + PostGIS cluster of a data folder: made when missing, started when stopped."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from open311_api.config import Settings
from open311_api.db.cluster_place import PORT, ClusterError, Place, existing_place, new_place
from open311_api.db.postgres import Installation, find_installation

USER = DATABASE = "open311"

_START_SECONDS = 120
_STOP_SECONDS = 30
_LOG_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that answers."""

    url: str
    started: bool = False
    """True when this call started it, so that its caller may stop it again."""


@dataclass(frozen=True, slots=True)
class _PidFile:
    pid: int
    socket_folder: Path
    status: str


def database_url(settings: Settings) -> str:
    """The configured database, else the private cluster, started if need be."""
    return settings.database_url or ensure_cluster(settings).url


def ensure_cluster(
    settings: Settings, *, report: Callable[[str], None] | None = None, durable: bool = True
) -> Cluster:
    """Make and start the private cluster as far as needed; quick when it runs already.

    A cluster that is not durable may lose or damage its data with the machine's power: for tests.
    """
    say = report or (lambda _: None)
    running = find_running(settings)
    if running is not None:
        return running
    with _locked(settings.data_dir):
        place = existing_place(settings.data_dir)
        if place is None:
            installation = find_installation()
            say(f"Making a private PostgreSQL {installation.version} database in {settings.data_dir}")
            place = _make(settings.data_dir, installation, durable=durable)
        else:
            running = _wait_for_starting(place)
            if running is not None:
                return running
            installation = find_installation(_version(place))
        say(f"Starting the private PostgreSQL {installation.version}")
        return _start(place, installation, durable=durable)


def find_running(settings: Settings) -> Cluster | None:
    """The private cluster if it runs now."""
    place = existing_place(settings.data_dir)
    return None if place is None else _running(place)


def stop_cluster(settings: Settings) -> None:
    """Stop the private cluster in an orderly way, ending its connections; nothing to do is fine."""
    place = existing_place(settings.data_dir)
    if place is None:
        return
    with _locked(settings.data_dir):
        # SIGINT is PostgreSQL's fast shutdown; SIGQUIT leaves recovery to the next start.
        for kind, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGQUIT, 5)):
            limit = time.monotonic() + seconds
            pid = _server(place)
            if pid is not None:
                os.kill(pid, kind)
            while pid is not None and time.monotonic() < limit:
                time.sleep(0.01)
                pid = _server(place)
            if pid is None:
                return
        raise ClusterError(f"PostgreSQL (process {pid}) does not stop; see {place.log}")


def _make(data_dir: Path, installation: Installation, *, durable: bool) -> Place:
    """All of it in a folder of another name, renamed at the end: half a cluster is never taken for one."""
    place = new_place(data_dir)
    owner, making = place.owner, place.home / f"data.making-{os.getpid()}"
    owner.run(["/bin/sh", "-c", 'rm -rf "$1"/data.making-*', "sh", str(place.home)])
    initdb = [installation.program("initdb"), "-D", str(making), "-U", USER, "-A", "trust", "-E", "UTF8"]
    # Letters beyond ASCII have upper and lower case everywhere; only macOS lacks C.UTF-8.
    initdb += ["--locale", "en_US.UTF-8" if os.uname().sysname == "Darwin" else "C.UTF-8", "--lc-messages", "C"]
    _must(owner.run([*initdb, *([] if durable else ["--no-sync"])]), "initdb", place)
    single = [installation.program("postgres"), "--single", "-D", str(making), "postgres"]
    created = owner.run(single, text_in=f"CREATE DATABASE {DATABASE}\n")
    if created.returncode != 0 or "ERROR:" in created.stderr or "FATAL:" in created.stderr:
        raise ClusterError(f"The database could not be created:\n{created.stderr.strip()}")
    files = 'echo "local all all trust" >"$1"/pg_hba.conf && echo "include \'open311.conf\'" >>"$1"/postgresql.conf'
    _must(owner.run(["/bin/sh", "-c", files, "sh", str(making)]), "writing the configuration", place)
    _must(owner.run(["mv", str(making), str(place.data)]), "renaming the new cluster", place)
    return place


def _start(place: Place, installation: Installation, *, durable: bool) -> Cluster:
    folder = place.socket_folder()
    _remove_stale_locks(place, folder)
    rotate = 'if [ -f "$2" ] && [ "$(wc -c <"$2")" -gt "$3" ]; then mv -f "$2" "$2".1; fi; cat >"$1"'
    arguments = [str(place.data / "open311.conf"), str(place.log), str(_LOG_BYTES)]
    written = place.owner.run(["/bin/sh", "-c", rotate, "sh", *arguments], text_in=_configuration(durable=durable))
    _must(written, "writing the configuration", place)
    # Relative paths, because pg_ctl passes them through a shell without care for quotes and dollar signs.
    command = [installation.program("pg_ctl"), "start", "-D", ".", "-l", "../postgres.log", "-w", "-s"]
    command += ["-t", str(_START_SECONDS), "-o", f"-k {folder} -p {PORT} -c listen_addresses=''"]
    limit = time.monotonic() + 10
    while True:
        outcome = place.owner.run(command, cwd=place.data)
        # After a crash the old server's children take a moment to notice; nothing else cures by waiting.
        if outcome.returncode == 0 or "shared memory block" not in _log_tail(place) or time.monotonic() > limit:
            break
        time.sleep(0.2)
    running = _running(place)
    if running is None:
        raise ClusterError(
            f"The private PostgreSQL did not start: {outcome.stderr.strip()}\n{_log_tail(place)}\nIts log: {place.log}"
        )
    return Cluster(running.url, started=True)


def _configuration(*, durable: bool) -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    on = "on" if durable else "off"
    values = {
        "max_connections": 200,
        "unix_socket_permissions": "0700",
        "fsync": on,
        "synchronous_commit": on,
        "full_page_writes": on,
        "shared_buffers": f"{min(1024, max(128, pages // 8))}MB" if durable else "128MB",
        "effective_cache_size": f"{max(256, pages // 2)}MB",
        "maintenance_work_mem": "128MB",
        "max_wal_size": "2GB",
        "random_page_cost": 1.1,  # disks without a moving arm
        "jit": "off",  # PostGIS functions are priced high, and compiling costs more than it saves on short queries
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_error_verbosity": "terse",  # details quote rows, and with them residents
    }
    lines = "".join(f"{name} = {value}\n" for name, value in values.items())
    return f"# Written at every start; your own settings go into postgresql.auto.conf with ALTER SYSTEM.\n{lines}"


def _running(place: Place) -> Cluster | None:
    found = _read_pid_file(place)
    if found is None or found.status != "ready":
        return None
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
            trial.settimeout(5)
            trial.connect(str(found.socket_folder / f".s.PGSQL.{PORT}"))
    except OSError:
        return None
    if not _is_server(found.pid, place):
        return None
    return Cluster(f"postgresql://{USER}@/{DATABASE}?host={found.socket_folder}&port={PORT}")


def _wait_for_starting(place: Place) -> Cluster | None:
    """A server that recovers, starts or stops already is waited for."""
    limit = time.monotonic() + _START_SECONDS
    while (pid := _server(place)) is not None:
        running = _running(place)
        if running is not None:
            return running
        if time.monotonic() > limit:
            raise ClusterError(f"PostgreSQL (process {pid}) does not answer; stop it with: kill -INT {pid}")
        time.sleep(0.05)
    return None


def _remove_stale_locks(place: Place, folder: Path) -> None:
    """PostgreSQL clears lock files of dead processes itself, but not when another program got the number since."""
    for lock in (place.data / "postmaster.pid", folder / f".s.PGSQL.{PORT}.lock"):
        with contextlib.suppress(OSError, ValueError):
            pid = int(lock.read_text("utf-8").split("\n", 1)[0])
            os.kill(pid, 0)
            if not _is_server(pid, place):
                place.owner.run(["rm", "-f", str(lock)])


def _server(place: Place) -> int | None:
    found = _read_pid_file(place)
    return found.pid if found is not None and _is_server(found.pid, place) else None


def _is_server(pid: int, place: Place) -> bool:
    """Whether this process is the server of this cluster: a PostgreSQL works in its data folder."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cwd").samefile(place.data)
        except OSError:
            return False
    listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "postgres" in listed.stdout


def _read_pid_file(place: Place) -> _PidFile | None:
    try:
        lines = (place.data / "postmaster.pid").read_text("utf-8").split("\n")
        # Process, data folder, start, port, socket folder, address, shared memory, status.
        return _PidFile(int(lines[0]), Path(lines[4]), lines[7].strip() if len(lines) > 7 else "")
    except (FileNotFoundError, ValueError, IndexError):
        return None


def _version(place: Place) -> int:
    return int((place.data / "PG_VERSION").read_text("utf-8").split(".")[0])


def _log_tail(place: Place) -> str:
    try:
        return "\n".join(place.log.read_text("utf-8", "replace").splitlines()[-8:])
    except FileNotFoundError:
        return ""


def _must(outcome: subprocess.CompletedProcess[str], what: str, place: Place) -> None:
    if outcome.returncode != 0:
        said = (outcome.stderr or outcome.stdout).strip()
        raise ClusterError(f"The private PostgreSQL in {place.home} failed at {what}:\n{said}")


@contextlib.contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    """One process at a time makes, starts or stops the cluster of a data folder."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        # Read-only is enough for a lock, and lets root and the folder's owner share the file.
        handle = os.open(data_dir / "postgres.lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as failure:
        raise ClusterError(f"{failure.strerror}: {data_dir}. Set OPEN311_DATA_DIR to a folder of your own.") from failure
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
