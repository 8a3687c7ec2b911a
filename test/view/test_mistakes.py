# SPDX-License-Identifier: Apache-2.0
"""Mistakes with `tips_ros view` are told in one line that names the way out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tips_ros import cli


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no_such_bag"], "no_such_bag: there is no such bag or memory"),
        (["--save", "x.rrd"], "--save is of a bag or a memory; name one"),
    ],
)
def test_what_is_not_there_is_told(arguments: list[str], told: str, capsys):
    assert cli.main(["view", *arguments]) == 2
    assert capsys.readouterr().err == f"tips_ros: {told}\n"


@pytest.mark.parametrize(("name", "content"), [("a.npz", b"no memory"), ("a.mcap", b"no bag")])
def test_a_file_of_another_kind_is_told(tmp_path: Path, name: str, content: bytes, capsys):
    pytest.importorskip("rerun", reason="rerun-sdk is not installed: ./run test brings it")
    (tmp_path / name).write_bytes(content)
    saved = tmp_path / "x.rrd"
    assert cli.main(["view", str(tmp_path / name), "--save", str(saved)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("tips_ros: ") and name in told and told.count("\n") == 1
    assert not saved.exists()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["['view', 'BAG', '--save', 'x.rrd']", "['demo', '--view']"])
def test_without_rerun_one_line_says_what_to_type(tmp_path: Path, command: str):
    program = (
        "import importlib.util, sys\n"
        "sys.modules['rerun'] = None\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda n, *a: None if n == 'rerun' else find(n, *a)\n"
        f"from tips_ros import cli; sys.exit(cli.main({command}))"
    )
    (tmp_path / "BAG").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "rerun is not installed: no `tips_ros view`" in done.stderr
    assert "pip install" in done.stderr and "rerun-sdk>=" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_none_is_refused(capsys):
    with pytest.raises(SystemExit):
        cli.main(["view", "--port", "99999"])
    assert "99999 is no port" in capsys.readouterr().err
