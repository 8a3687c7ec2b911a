# SPDX-License-Identifier: Apache-2.0
"""Shared memory of the middleware that is full, or too little from the start."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

PROGRAM = Path(__file__).with_name("full_shared_memory.py")
ALONE = ("unshare", "--mount", "--map-root-user")


@pytest.fixture(scope="module", autouse=True)
def namespace():
    """Skips where the system gives none to this user."""
    if not shutil.which("unshare") or not Path("/dev/shm").is_dir():
        pytest.skip("no unshare here (util-linux), or no /dev/shm")
    mount = ["sh", "-c", "mount -t tmpfs -o size=1m tmpfs /dev/shm"]
    tried = subprocess.run([*ALONE, *mount], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no mount namespace for this user: {tried.stderr.strip()}")


@pytest.mark.parametrize("size", [2**14, 2**28], ids=["next to none", "enough at first"])
def test_images_are_answered_while_it_is_full_and_afterwards(tmp_path, size):
    log = tmp_path / "log"
    command = [*ALONE, sys.executable, str(PROGRAM), str(size), str(log)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    said = log.read_text() if log.exists() else ""
    assert done.stdout.endswith("well\n"), f"{done.stdout}{done.stderr}{said}"
    assert "Traceback" not in said, said
