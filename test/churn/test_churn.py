# SPDX-License-Identifier: Apache-2.0
"""Half a minute of what `./run churn` does for longer, and a part of what it does at full speed."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

CHURN = Path(__file__).with_name("churn.py")
# Each of them is another handful of cameras, clocks and mischief.
SEEDS = (2, 31)
MINUTES = 0.5 / len(SEEDS)


def churn(*arguments):
    """Runs churn and returns its output; the test fails with it where something was found wrong."""
    done = subprocess.run(
        [sys.executable, str(CHURN), *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("seed", SEEDS)
def test_the_process_outlives_whatever_its_users_do_and_tells_the_truth(seed):
    assert "all well" in churn(MINUTES, "--seed", seed)


def test_prompts_swapped_and_cycles_gone_through_at_full_speed_do_not_end_it():
    assert "all well" in churn("--swaps", 40, "--cycles", 8)
