# SPDX-License-Identifier: Apache-2.0
"""The kernels as Triton's interpreter runs them, in a process that has imported nothing before."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tips_ros.model.fast.gpu.kernels import triton_is_there

FOLDER = Path(__file__).resolve().parents[1]
FILES = ("gpu/test_label_kernels.py", "dpt/test_kernel_tail.py")


@pytest.mark.skipif(not triton_is_there(), reason="Triton is not installed")
@pytest.mark.parametrize("file", FILES)
def test_interpreted_kernels_say_what_a_cpu_says(file: str):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rN", str(FOLDER / file)],
        env={**os.environ, "TRITON_INTERPRET": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) >= 4, done.stdout[-500:]
