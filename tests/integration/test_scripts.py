"""The set-up that scripts/run and scripts/test share; on whole bare machines: scripts/fresh-machine-proof."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a space in its path, and what the set-up reads."""
    top = tmp_path / "our city"
    shutil.copytree(TOP / "scripts", top / "scripts")
    shutil.copytree(TOP / "requirements", top / "requirements")
    shutil.copy(TOP / "pyproject.toml", top)
    return top


def bash(top: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run shell code that knows the functions of the set-up."""
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail; . scripts/setup.sh; {code}"],
        cwd=top, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


OPEN311 = """#!{python}
import os, signal, sys, time
def note(text):
    with open({calls!r}, "a") as file:
        file.write(text + chr(10))
note(" ".join(sys.argv[1:]))
if sys.argv[1:3] == ["cluster", "start"]:
    print(os.environ.get("CLUSTER", "started"))
if sys.argv[1] == "serve":
    def stop(number, frame):
        note(signal.Signals(number).name)
        time.sleep(0.3)  # a second signal would be noted too
        sys.exit(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    note("serving")
    time.sleep(float(os.environ.get("LIFE", "30")))
    sys.exit(3)
"""


@pytest.fixture
def stage(checkout: Path) -> Path:
    """The checkout set up, with a command that only notes what it was asked."""
    venv = checkout / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (next(venv.glob("lib/python3*/site-packages")) / "open311.pth").write_text(f"{TOP / 'src'}\n")
    python = checkout.parent / "python"
    python.symlink_to(venv / "bin" / "python")  # the path of an interpreter after #! holds no space
    (venv / "bin" / "open311").write_text(OPEN311.format(python=python, calls=str(checkout / "calls")))
    (venv / "bin" / "open311").chmod(0o755)
    (venv / "complete").write_text(f"run {bash(checkout, 'requirements_sum').stdout}")
    return checkout


def run(stage: Path, **environment: str) -> subprocess.Popen[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPEN311_")}
    process = subprocess.Popen(
        [str(stage / "scripts" / "run"), "--web-workers", "2"], cwd="/", env={**clean, "OPEN311_PORT": port, **environment},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    limit = time.monotonic() + 20
    while process.poll() is None and "serving" not in calls(stage) and time.monotonic() < limit:
        time.sleep(0.02)
    return process


def calls(stage: Path) -> list[str]:
    file = stage / "calls"
    return file.read_text().splitlines() if file.is_file() else []


FIRST = ["cluster start", "migrate", "demo", "serve --web-workers 2", "serving"]


@pytest.mark.parametrize("way", ["ctrl-c", "kill", "hang up"])
def test_a_signal_stops_the_server_once_and_the_database_after_it(stage: Path, way: str) -> None:
    process = run(stage)
    if way == "ctrl-c":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGTERM if way == "kill" else signal.SIGHUP)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 0, output
    assert calls(stage) == [*FIRST, "SIGTERM", "cluster stop --if-unused"]


def test_a_database_that_ran_already_keeps_running(stage: Path) -> None:
    process = run(stage, CLUSTER="running")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert calls(stage) == [*FIRST, "SIGTERM"]


def test_a_configured_database_is_left_alone_and_production_gets_no_demo(stage: Path) -> None:
    process = run(stage, OPEN311_DATABASE_URL="postgresql://somewhere/open311", OPEN311_ENV="production")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert calls(stage) == ["migrate", "serve --web-workers 2", "serving", "SIGTERM"]


def test_a_server_that_ends_by_itself_ends_the_script_with_its_code(stage: Path) -> None:
    process = run(stage, LIFE="0.1")
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 3, output
    assert calls(stage) == [*FIRST, "cluster stop --if-unused"]


def test_a_python_too_old_is_told(checkout: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    old = programs / "python3"
    old.write_text('#!/bin/sh\n[ "$1" != --version ] || { echo Python 3.9.2; exit; }\nexit 1\n')
    old.chmod(0o755)
    (programs / "bash").symlink_to(shutil.which("bash") or "/bin/bash")
    outcome = subprocess.run(
        [str(programs / "bash"), "-c", "set -euo pipefail; . scripts/setup.sh; find_python"],
        cwd=checkout, env={"PATH": str(programs)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert outcome.returncode == 1
    assert "Python 3.11 or later is needed; found: Python 3.9.2" in outcome.stderr


def test_a_folder_that_cannot_be_written_is_told(checkout: Path) -> None:
    (checkout / "var").touch()
    outcome = bash(checkout, "setup run")
    assert outcome.returncode == 1
    assert "cannot be written" in outcome.stderr
    assert "sudo chown" in outcome.stderr


def test_a_change_of_what_is_required_is_noticed(checkout: Path) -> None:
    before = bash(checkout, "requirements_sum").stdout
    assert before == bash(checkout, "requirements_sum").stdout
    with (checkout / "requirements" / "run.txt").open("a") as file:
        file.write("# another\n")
    assert before != bash(checkout, "requirements_sum").stdout
    moved = checkout.rename(checkout.with_name("moved"))
    assert before != bash(moved, "requirements_sum").stdout


def test_a_virtual_environment_that_was_cut_off_or_moved_is_noticed(checkout: Path) -> None:
    assert bash(checkout, "venv_is_whole").returncode != 0
    subprocess.run([sys.executable, "-m", "venv", str(checkout / ".venv")], check=True)
    assert bash(checkout, "venv_is_whole").returncode == 0

    record = next((checkout / ".venv").glob("lib/python3*/site-packages/pip-*.dist-info/RECORD"))
    kept = record.rename(record.with_name("RECORD.kept"))
    assert bash(checkout, "venv_is_whole").returncode != 0
    kept.rename(record)

    moved = checkout.rename(checkout.with_name("moved"))
    assert bash(moved, "venv_is_whole").returncode != 0
    (moved / ".venv" / "bin" / "python").unlink()
    assert bash(moved, "venv_is_whole").returncode != 0


def test_what_fails_is_shown_with_the_end_of_the_log(checkout: Path) -> None:
    (checkout / "var" / "log").mkdir(parents=True)
    outcome = bash(checkout, "quietly sh -c 'echo the reason; exit 7' || { show_log; die 'It failed.' 'Do this.'; }")
    assert outcome.returncode == 1
    assert "  | the reason\n" in outcome.stderr
    assert outcome.stderr.endswith("Stopped: It failed.\n  Do this.\n")
    assert outcome.stdout == ""


def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    if not (TOP / ".venv" / "complete").is_file():
        pytest.skip("the checkout was not set up by its scripts")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        outcome = subprocess.run(
            [str(TOP / "scripts" / "run")],
            env={**os.environ, "OPEN311_PORT": port, "OPEN311_DATA_DIR": str(tmp_path / "var")},
            cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert outcome.returncode == 1
    assert f"Port {port} is taken" in outcome.stderr
    assert not (tmp_path / "var").exists()
