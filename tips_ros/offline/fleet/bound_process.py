# SPDX-License-Identifier: Apache-2.0
"""`python -m tips_ros.offline.fleet.bound_process PARENT …` is `tips_ros …` that ends with PARENT.

A parent that is killed can end nobody any more: what it started would write on, beside what is
started in its place.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with(parent: int) -> None:
    """Has this process killed when its parent ends, which may be so already.

    Args:
        parent: process id of the one that started this one.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            raise SystemExit("tips_ros: what started this has ended")


if __name__ == "__main__":
    end_with(int(sys.argv.pop(1)))
    runpy.run_module("tips_ros", run_name="__main__", alter_sys=True)
