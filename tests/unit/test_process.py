"""A child of the supervisor lives no longer than it, also where the supervisor is process 1."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

CHILD = "from open311_api.process import end_with_parent; end_with_parent(); print('goes on')"
PARENT = f"""
import os, subprocess, sys
child = subprocess.run([sys.executable, "-c", {CHILD!r}], env={{**os.environ, "OPEN311_SUPERVISED": str(os.getpid())}})
sys.exit(child.returncode)
"""


def test_a_child_of_its_supervisor_goes_on() -> None:
    outcome = subprocess.run([sys.executable, "-c", PARENT], capture_output=True, text=True, check=False)
    assert outcome.stdout == "goes on\n", outcome.stderr


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root, for a process 1 of its own")
def test_a_supervisor_may_be_process_1() -> None:
    command = ["unshare", "--pid", "--fork", sys.executable, "-c", PARENT]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.stdout == "goes on\n", outcome.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent ended")
def test_an_orphan_does_not_begin() -> None:
    environment = {**os.environ, "OPEN311_SUPERVISED": "999999999"}
    outcome = subprocess.run([sys.executable, "-c", CHILD], env=environment, capture_output=True, text=True, check=False)
    assert outcome.returncode == 1
    assert "supervisor ended" in outcome.stderr
