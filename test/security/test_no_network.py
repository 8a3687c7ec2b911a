# SPDX-License-Identifier: Apache-2.0
"""At run time nothing looks for a network: all that is there is the loopback, and all works."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from tips_ros.replay.domain import own_graph_environment

pytestmark = pytest.mark.live

ALONE = ("unshare", "--net", "--map-root-user", "sh", "-c")


def alone(command: str) -> list[str]:
    """A command in a network namespace of its own, whose loopback is up."""
    return [*ALONE, f'ip link set lo up 2>/dev/null; exec {command} "$@"', "sh"]


@pytest.fixture(scope="module", autouse=True)
def namespace():
    """Skips where the system gives none to this user."""
    if not shutil.which("unshare"):
        pytest.skip("no unshare here (util-linux)")
    tried = subprocess.run(alone("true"), capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no network namespace for this user: {tried.stderr.strip()}")


def test_a_picture_is_processed_without_one(tmp_path):
    picture = np.full((60, 80, 3), 90, np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    command = [*alone(f"{sys.executable} -m tips_ros infer"), str(tmp_path / "a.png"),
               "--output", str(tmp_path / "out")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "out").rglob("*.npy"))


def test_the_node_becomes_active_and_ends_without_one(tmp_path):
    log = tmp_path / "log"
    with log.open("w") as out:
        node = subprocess.Popen(
            [*alone(f"{sys.executable} -m tips_ros.ros.main --ros-args"),
             "-p", "input_height:=112", "-p", "input_width:=112"],
            stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **own_graph_environment()},
        )  # fmt: skip
    try:
        end = time.monotonic() + 120
        while "listening to" not in log.read_text() and time.monotonic() < end:
            assert node.poll() is None, log.read_text()
            time.sleep(0.1)
        node.send_signal(signal.SIGINT)
        assert node.wait(60) == 0, log.read_text()
    finally:
        node.kill()
    assert "ERROR" not in log.read_text()


def test_the_libraries_of_downloads_are_not_even_imported_by_the_node():
    names = ("requests", "urllib3", "huggingface_hub")
    code = f"import sys, tips_ros.ros.main; print([m for m in {names} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
