# SPDX-License-Identifier: Apache-2.0
"""`./run test --quick` leaves out what takes long, and takes something of every kind of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import _SLOW, pytest_ignore_collect

HERE = Path(__file__).parent
QUICK = "quick or not (live or slow or reference)"


@pytest.mark.parametrize("folder", sorted(_SLOW))
def test_of_a_folder_that_takes_long_there_is_one_at_least(folder: str):
    assert any("mark.quick" in path.read_text("utf-8") for path in (HERE / folder).rglob("*.py"))


def test_of_live_nodes_there_is_one_at_least():
    files = (HERE / "ros").glob("test_node_*.py")
    assert any("mark.quick" in path.read_text("utf-8") for path in files)


@pytest.mark.parametrize(
    ("file", "is_left_out"),
    [
        ("commands/test_eval.py", True),
        ("commands/test_infer.py", False),
        ("ros/test_node_time.py", True),
        ("test_cli.py", False),
        ("commands/conftest.py", False),
    ],
)
def test_files_of_which_none_is_taken_are_not_even_read(
    file: str, is_left_out: bool, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(request.config.option, "markexpr", QUICK)
    assert bool(pytest_ignore_collect(HERE / file, request.config)) == is_left_out
    monkeypatch.setattr(request.config.option, "markexpr", "")
    assert not pytest_ignore_collect(HERE / file, request.config)


@pytest.mark.slow
def test_the_one_is_chosen_and_the_others_of_its_file_are_not():
    start = "import sys; sys.path.remove(''); import pytest; sys.exit(pytest.main())"
    command = [sys.executable, "-c", start, "--collect-only", "-q", "-m", QUICK]
    done = subprocess.run(
        [*command, "test/offline/test_camera_poses.py"],
        capture_output=True,
        text=True,
        cwd=HERE.parent,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    chosen = [line for line in done.stdout.splitlines() if "::" in line]
    assert len(chosen) == 1 and "interpolated" in chosen[0]
