# SPDX-License-Identifier: Apache-2.0
"""tf2_msgs, which the ROS wheels come without: written where it is missing, and as ROS has it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

BOOTSTRAP = Path(__file__).resolve().parents[2] / "bootstrap"
NAMES = ("TF2Error", "TFMessage")
# colcon tells its arguments and builds nothing.
PRETEND = """
enter_venv() { :; }
colcon() { printf '%s\\n' "$@"; mkdir -p install; }
STATE=$ROOT/build/.setup VENV_KEY=key
mkdir -p "$STATE"; printf '%s' "key $ROOT" >"$STATE/key"  # not the first build
"""


def make(folder: Path) -> None:
    command = [sys.executable, BOOTSTRAP / "make_tf2_msgs.py", folder]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def built(run, copy):
    """The folders that colcon is given to build, with these prefixes of ROS."""

    def start(*prefixes: Path) -> list[Path]:
        python = copy / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        paths = ":".join(map(str, prefixes))
        done = run(script=PRETEND + "colcon_build", AMENT_PREFIX_PATH=paths)
        assert done.returncode == 0, done.stderr
        words = done.stdout.splitlines()
        return [copy / word for word in words[words.index("--paths") + 1 :][:2] if word[0] != "-"]

    return start


def test_its_messages_are_those_of_ros(tmp_path: Path):
    make(tmp_path)
    known = get_typestore(Stores.ROS2_JAZZY)
    ours = get_typestore(Stores.EMPTY)
    parts = {n: f for n, f in known.fielddefs.items() if not n.startswith("tf2_msgs/")}
    ours.register(parts)
    for name in NAMES:
        text = (tmp_path / "msg" / f"{name}.msg").read_text()
        assert "===" not in text
        ours.register(get_types_from_msg(text, f"tf2_msgs/msg/{name}"))
    for name in NAMES:
        full = f"tf2_msgs/msg/{name}"
        assert ours.fielddefs[full] == known.fielddefs[full]
        assert ours.hash_rihs01(full) == known.hash_rihs01(full), "by which DDS tells types apart"


def test_what_is_right_is_not_written_again(tmp_path: Path):
    make(tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    before = {path: path.stat().st_mtime_ns for path in files}
    (tmp_path / "msg" / "TFMessage.msg").write_text("half a mess")
    make(tmp_path)
    after = {path: path.stat().st_mtime_ns for path in files}
    assert [path.name for path in files if after[path] != before[path]] == ["TFMessage.msg"]
    assert "transforms" in (tmp_path / "msg" / "TFMessage.msg").read_text()


def test_where_ros_has_none_it_is_built_beside_the_package(built, copy, tmp_path: Path):
    prefix = tmp_path / "ros"
    (prefix / "share" / "ament_index" / "resource_index" / "packages").mkdir(parents=True)
    package, interfaces = built(prefix)
    assert package.samefile(copy)
    assert (interfaces / "package.xml").is_file() and (interfaces / "CMakeLists.txt").is_file()
    assert sorted(file.stem for file in (interfaces / "msg").iterdir()) == list(NAMES)


def test_where_ros_has_it_nothing_is_built_but_the_package(built, tmp_path: Path):
    index = tmp_path / "ros" / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    (index / "tf2_msgs").touch()
    assert len(built(tmp_path / "elsewhere", tmp_path / "ros")) == 1


def test_what_an_earlier_build_left_does_not_count_as_ros(built, copy):
    """./run in a shell of ./run shell: the next build would have lost it."""
    index = copy / "install/tf2_msgs/share/ament_index/resource_index/packages"
    index.mkdir(parents=True)
    (index / "tf2_msgs").touch()
    assert len(built(copy / "install" / "tf2_msgs")) == 2
