# SPDX-License-Identifier: Apache-2.0
"""`./run test --quick` leaves out what takes long, and takes something of every kind of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .quick_choice import HERE, MARKED_BY, pytest_ignore_collect, quick_expression

# Folders of which nothing is quick enough.
LEFT_OUT = {
    "churn",  # a minute of mischief, done to a node by several processes
    "ros/depth_scale",  # live nodes, as in `ros`
}


@pytest.mark.slow
def test_of_every_folder_and_every_kind_something_is_chosen(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "test/list_tests.py", tmp_path / "chosen", "-m", quick_expression()],
        capture_output=True,
        text=True,
        cwd=HERE.parent,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    chosen = [json.loads(line) for line in (tmp_path / "chosen").read_text("utf-8").splitlines()]
    folders = {file.parent.relative_to(HERE).as_posix() for file in HERE.rglob("test_*.py")}
    found = {Path(one["file"]).parent.as_posix() for one in chosen}
    assert sorted(folders - found) == sorted(LEFT_OUT), "mark one test of these as quick"
    assert any(Path(one["file"]).name.startswith("test_node_") for one in chosen)
    kinds = {mark for one in chosen for mark in one["markers"]}
    assert {"live", "slow", "reference"} <= kinds
    assert {name for one in chosen for name in one["fixtures"]} >= MARKED_BY.keys()
    (of_poses,) = (one for one in chosen if one["file"] == "offline/test_camera_poses.py")
    assert "interpolated" in of_poses["name"], "the others of its file are not chosen"


@pytest.mark.parametrize(
    ("file", "is_left_out"),
    [
        ("commands/test_eval.py", True),
        ("commands/test_infer.py", False),
        ("ros/test_node_time.py", True),
        ("ros/startup/test_node_name.py", False),
        ("test_cli.py", False),
        ("commands/conftest.py", False),
    ],
)
def test_files_of_which_none_is_taken_are_not_even_read(
    file: str, is_left_out: bool, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(request.config.option, "markexpr", quick_expression())
    assert bool(pytest_ignore_collect(HERE / file, request.config)) == is_left_out
    for other in ("", "quick or slow", "live"):
        monkeypatch.setattr(request.config.option, "markexpr", other)
        assert not pytest_ignore_collect(HERE / file, request.config)
