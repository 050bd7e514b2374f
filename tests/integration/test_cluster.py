"""The private cluster: made, started, found again, and honest about what it cannot do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from open311_api.config import Settings
from open311_api.db.cluster import (
    Cluster,
    ClusterError,
    database_url,
    ensure_cluster,
    find_running,
    stop_cluster,
)
from open311_api.db.cluster_place import Owner, Place, existing_place
from open311_api.db.postgres import PostgresNotFound, find_installation

AS_ROOT = os.geteuid() == 0
root_only = pytest.mark.skipif(not AS_ROOT, reason="needs root, to become another user")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder that every user can reach; pytest's own are closed to the server's user when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="open311-", dir="/tmp"))
    folder.chmod(0o755)
    inner = folder / "var"
    yield inner
    remove(inner)
    shutil.rmtree(folder)


def remove(data_dir: Path) -> None:
    """Stop the cluster and take away what it keeps outside the data folder."""
    place = existing_place(data_dir)
    if place is None:
        return
    stop_cluster(Settings(data_dir=data_dir))
    shutil.rmtree(place.socket_folder(), ignore_errors=True)
    shutil.rmtree(place.home)
    with contextlib.suppress(OSError):
        Path("/var/lib/open311-api").rmdir()  # only if nobody else's is there


def start(data_dir: Path, **options: bool) -> Cluster:
    return ensure_cluster(Settings(data_dir=data_dir), **{"durable": False, **options})


def place_of(data_dir: Path) -> Place:
    place = existing_place(data_dir)
    assert place is not None
    return place


def server_pid(data_dir: Path) -> int:
    return int((place_of(data_dir).data / "postmaster.pid").read_text().split("\n")[0])


def kill(data_dir: Path) -> None:
    """Returns when nobody answers; the process may stay a zombie where process 1 does not care for orphans."""
    os.kill(server_pid(data_dir), signal.SIGKILL)
    while find_running(Settings(data_dir=data_dir)) is not None:
        time.sleep(0.01)


def ask(cluster: Cluster, sql: str) -> object:
    async def fetch() -> object:
        connection = await asyncpg.connect(cluster.url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def test_a_new_cluster_is_private_and_durable(data_dir: Path) -> None:
    said: list[str] = []
    cluster = ensure_cluster(Settings(data_dir=data_dir), report=said.append)

    assert cluster.started
    assert [line.split()[0] for line in said] == ["Making", "Starting"]
    ask(cluster, "CREATE EXTENSION postgis")
    assert str(ask(cluster, "SELECT postgis_lib_version()")).startswith("3.")
    settings = {name: ask(cluster, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")}
    assert set(settings.values()) == {"on"}
    assert ask(cluster, "SHOW listen_addresses") == ""
    assert ask(cluster, "SHOW max_connections") == "200"
    assert ask(cluster, "SELECT lower('ÄÉØ')") == "äéø"
    place = place_of(data_dir)
    for folder in (place.home, place.data, place.socket_folder()):
        state = folder.stat()
        assert stat.S_IMODE(state.st_mode) == 0o700
        assert state.st_uid == place.owner.uid != 0


def test_a_running_cluster_is_used_at_once(data_dir: Path) -> None:
    first = start(data_dir)
    begin = time.perf_counter()
    second = start(data_dir)
    assert time.perf_counter() - begin < 0.1
    assert (second.url, second.started) == (first.url, False)
    assert database_url(Settings(data_dir=data_dir)) == first.url


def test_a_configured_database_needs_no_cluster(data_dir: Path) -> None:
    url = "postgresql://someone@db.example/open311"
    assert database_url(Settings(data_dir=data_dir, database_url=url)) == url
    assert not data_dir.exists()


def test_data_outlive_a_stop(data_dir: Path) -> None:
    ask(start(data_dir), "CREATE TABLE kept AS SELECT 42 AS answer")
    for _ in range(2):
        stop_cluster(Settings(data_dir=data_dir))
        assert find_running(Settings(data_dir=data_dir)) is None
    again = start(data_dir)
    assert again.started
    assert ask(again, "SELECT answer FROM kept") == 42


def test_stopping_what_was_never_made_does_nothing(data_dir: Path) -> None:
    stop_cluster(Settings(data_dir=data_dir))
    assert not data_dir.exists()


def test_simultaneous_starts_make_one_cluster(data_dir: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        clusters = list(threads.map(lambda _: start(data_dir), range(4)))
    assert len({cluster.url for cluster in clusters}) == 1
    assert [cluster.started for cluster in clusters].count(True) == 1


def test_a_killed_server_comes_back_with_its_data(data_dir: Path) -> None:
    ask(start(data_dir, durable=True), "CREATE TABLE kept AS SELECT 42 AS answer")
    kill(data_dir)
    again = start(data_dir, durable=True)
    assert again.started
    assert ask(again, "SELECT answer FROM kept") == 42


def test_a_pid_file_whose_number_went_to_another_program_is_no_hindrance(data_dir: Path) -> None:
    start(data_dir)
    place = place_of(data_dir)
    pid_file = place.data / "postmaster.pid"
    lock = place.socket_folder() / ".s.PGSQL.5432.lock"
    texts = {path: path.read_text() for path in (pid_file, lock)}
    pid = str(server_pid(data_dir))
    stop_cluster(Settings(data_dir=data_dir))
    user = {} if not AS_ROOT else {"user": place.owner.uid}
    with subprocess.Popen(["sleep", "60"], cwd="/", **user) as other:
        try:
            for path, text in texts.items():
                path.write_text(text.replace(pid, str(other.pid), 1))
                os.chown(path, place.owner.uid, place.owner.gid)
            assert start(data_dir).started
            assert server_pid(data_dir) != other.pid
            stop_cluster(Settings(data_dir=data_dir))
            assert other.poll() is None, "stopping must never signal a stranger"
        finally:
            other.kill()


def test_an_interrupted_initdb_is_swept_away(data_dir: Path) -> None:
    start(data_dir)
    place = place_of(data_dir)
    stop_cluster(Settings(data_dir=data_dir))
    place.data.rename(place.home / "data.making-1")
    assert existing_place(data_dir) is None
    assert start(data_dir).started
    assert not (place.home / "data.making-1").exists()


@pytest.mark.parametrize("name", ["a folder with $HOME and 'quotes'", "deep/" * 20 + "end"])
def test_a_path_that_cannot_hold_a_socket_gets_a_short_one(data_dir: Path, name: str) -> None:
    cluster = start(data_dir / name)
    try:
        assert "host=/tmp/open311-" in cluster.url
        assert ask(cluster, "SELECT 1") == 1
        stop_cluster(Settings(data_dir=data_dir / name))
        assert start(data_dir / name).url == cluster.url
    finally:
        remove(data_dir / name)


def test_a_socket_folder_that_others_may_enter_is_refused(data_dir: Path) -> None:
    start(data_dir)
    stop_cluster(Settings(data_dir=data_dir))
    folder = place_of(data_dir).socket_folder()
    folder.chmod(0o755)
    with pytest.raises(ClusterError, match=r"only \w+ may enter"):
        start(data_dir)
    folder.chmod(0o700)


def test_a_cluster_of_a_version_that_is_gone_is_explained(data_dir: Path) -> None:
    start(data_dir)
    stop_cluster(Settings(data_dir=data_dir))
    (place_of(data_dir).data / "PG_VERSION").write_text("11\n")
    with pytest.raises(PostgresNotFound, match="made by PostgreSQL 11"):
        start(data_dir)


def test_a_server_that_does_not_start_shows_its_log(data_dir: Path) -> None:
    start(data_dir)
    stop_cluster(Settings(data_dir=data_dir))
    place = place_of(data_dir)
    with (place.data / "postgresql.auto.conf").open("a") as file:
        file.write("shared_buffers = 'lots'\n")
    with pytest.raises(ClusterError, match=r"(?s)shared_buffers.*postgres\.log"):
        start(data_dir)


def test_a_machine_without_postgresql_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(PostgresNotFound, match=r"(?i)not installed\.\ninstall.*\nOr point OPEN311_DATABASE_URL"):
        find_installation(folders=[tmp_path])


def test_postgresql_without_postgis_is_told_which_package(tmp_path: Path) -> None:
    real = find_installation()
    for name in ("initdb", "postgres", "pg_ctl"):
        (tmp_path / name).symlink_to(real.program(name))
    config = tmp_path / "pg_config"
    config.write_text(f"#!/bin/sh\necho {tmp_path}\n")
    config.chmod(0o755)
    with pytest.raises(PostgresNotFound, match=f"PostgreSQL {real.version} is installed, but PostGIS"):
        find_installation(folders=[tmp_path])


@root_only
def test_root_puts_the_cluster_where_the_server_can_reach_it(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    inside = data_dir / "var"
    cluster = start(inside)
    try:
        place = place_of(inside)
        assert not place.home.is_relative_to(data_dir)
        assert place.owner.uid != 0
        stop_cluster(Settings(data_dir=inside))
        assert start(inside).url == cluster.url
    finally:
        remove(inside)


@root_only
def test_root_below_someones_home_is_that_person(data_dir: Path) -> None:
    person = pwd.getpwnam("nobody")
    data_dir.mkdir(mode=0o700)
    os.chown(data_dir, person.pw_uid, person.pw_gid)
    start(data_dir)
    assert place_of(data_dir).owner == Owner(person.pw_uid, person.pw_gid, "nobody")
    outcome = as_user(person, data_dir)
    assert outcome.stdout == "running\n", outcome.stderr


@root_only
def test_an_ordinary_user_has_a_cluster_of_their_own(data_dir: Path) -> None:
    person = pwd.getpwnam("nobody")
    data_dir.mkdir()
    os.chown(data_dir, person.pw_uid, person.pw_gid)
    outcome = as_user(person, data_dir)
    assert outcome.stdout == "started\n", outcome.stderr
    assert start(data_dir).started is False, "root finds what the user started"


@root_only
def test_the_cluster_of_another_user_is_refused(data_dir: Path) -> None:
    data_dir.mkdir()
    start(data_dir)
    outcome = as_user(pwd.getpwnam("nobody"), data_dir)
    assert outcome.returncode == 1
    assert "made by another user" in outcome.stderr


def as_user(person: pwd.struct_passwd, data_dir: Path) -> subprocess.CompletedProcess[str]:
    """`open311 cluster start` as this user; its interpreter may be one that only root can reach."""
    code = "import sys; from open311_api.cli import main; sys.argv[1:] = ['cluster', 'start']; main()"
    wanted = f"{sys.version_info[0]}.{sys.version_info[1]}"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(part for part in sys.path if part),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPEN311_DATA_DIR": str(data_dir),
    }
    for python in (sys.executable, f"/usr/bin/python{wanted}"):
        outcomes = []
        for text in ("import open311_api.cli", code):
            with contextlib.suppress(OSError):
                outcome = subprocess.run(
                    [python, "-c", text], user=person.pw_uid, group=person.pw_gid, extra_groups=(), cwd="/",
                    env=environment, capture_output=True, text=True, check=False,
                )  # fmt: skip
                outcomes.append(outcome)
        if len(outcomes) == 2 and outcomes[0].returncode == 0:
            return outcomes[1]
    pytest.skip("this checkout, or its Python, is out of an ordinary user's reach")


@root_only
def test_a_program_out_of_the_users_reach_is_named(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    program = data_dir / "initdb"
    program.symlink_to("/bin/true")
    person = pwd.getpwnam("nobody")
    with pytest.raises(ClusterError, match=f"User nobody cannot start {program}: Permission denied"):
        Owner(person.pw_uid, person.pw_gid, "nobody").run([str(program)])


def test_the_server_does_not_hear_the_ctrl_c_of_who_started_it(data_dir: Path) -> None:
    start(data_dir)
    assert os.getsid(server_pid(data_dir)) == server_pid(data_dir)
