# SPDX-License-Identifier: Apache-2.0
"""docker/healthcheck.py asks a real node."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tips_ros.replay.domain import claim_domain
from tips_ros.resources import share_dir

pytestmark = pytest.mark.live

SCRIPT = Path(__file__).resolve().parents[2] / "docker" / "healthcheck.py"
NODE = share_dir().parents[1] / "lib" / "tips_ros" / "tips_node"
PATIENCE_S = 90.0


@pytest.fixture
def domain() -> dict[str, str]:
    return {**os.environ, "ROS_DOMAIN_ID": str(claim_domain())}


def check(environment: dict[str, str]) -> tuple[int, str]:
    run = subprocess.run(
        [sys.executable, str(SCRIPT)], capture_output=True, text=True, env=environment
    )
    return run.returncode, run.stdout.strip()


def test_a_node_that_is_not_there_is_not_well(domain: dict[str, str]):
    assert check(domain) == (1, "/tips is not there")


@pytest.mark.parametrize(
    ("autostart", "expected"),
    [("true", (0, "/robot1/tips is active")), ("false", (1, "/robot1/tips is unconfigured"))],
)
def test_a_node_is_well_once_it_is_active(domain: dict[str, str], autostart: str, expected):
    size = ("-p", "input_height:=112", "-p", "input_width:=112", "-p", f"autostart:={autostart}")
    command = [sys.executable, str(NODE), "--ros-args", "-r", "__ns:=/robot1", *size]
    domain["TIPS_NODE"] = "/robot1/tips"
    with subprocess.Popen(command, env=domain, stderr=subprocess.DEVNULL) as node:
        try:
            deadline = time.monotonic() + PATIENCE_S
            while (found := check(domain)) != expected:
                assert time.monotonic() < deadline, found
        finally:
            node.terminate()
