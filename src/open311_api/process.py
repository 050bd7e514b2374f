"""What every spawned process does first."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """When the supervisor is killed, its children stop too, instead of holding the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        # Its number, because in a container the supervisor itself is process 1.
        if os.environ.get("OPEN311_SUPERVISED", str(os.getppid())) != str(os.getppid()):
            sys.exit("the supervisor ended before this process began")
