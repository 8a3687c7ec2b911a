# SPDX-License-Identifier: Apache-2.0
"""Slow imports are made by those who use them, not by every start."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

HEAVY = ("torch._dynamo", "openvino", "onnxruntime", "onnx", "open3d", "transformers", "rosbags")


@pytest.mark.parametrize("module", ["tips_ros.ros.main", "tips_ros.cli"])
def test_a_start_loads_nothing_heavy_that_it_may_not_need(module: str):
    program = f"import sys, {module}; print(*(m for m in {HEAVY} if m in sys.modules))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == []
