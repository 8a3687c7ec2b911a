# SPDX-License-Identifier: Apache-2.0
"""The Python to build with is found, or its lack explained, before anything is installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

# A Python of another kind than ours: it says what the script that is given to it would.
TOO_OLD, TOO_NEW = 'echo "is 3.9.2"', 'echo "is 3.15.0"'
BROKEN = "exit 127"
MARK = "apt-get was called"


@pytest.fixture(autouse=True)
def apt_get(program):
    program("apt-get", f'echo "{MARK}" >"$HOME/apt"')


def test_ours_is_found_under_each_of_its_names(run, program):
    for name in ("python3", "python3.14", "python3.10"):
        file = program(name, f'exec {sys.executable} "$@"')
        assert run(script="find_python").stdout.strip() == sys.executable
        file.unlink()


def test_the_next_one_is_taken_where_the_first_can_t_be_used(run, program):
    program("python3", TOO_OLD)
    program("python3.14", BROKEN)
    program("python3.13", f'exec {sys.executable} "$@"')
    assert run(script="find_python").stdout.strip() == sys.executable


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (TOO_OLD, "python3 is 3.9.2"),
        (TOO_NEW, "python3 is 3.15.0"),
        (BROKEN, "python3 does not run"),
        ('echo "is the free-threaded one"', "python3 is the free-threaded one"),
    ],
    ids=["old", "new", "broken", "free-threaded"],
)
def test_a_refusal_says_why_every_time_and_installs_nothing(
    script: str, reason: str, run, program, tmp_path
):
    program("python3", script)
    for _ in range(2):
        done = run("demo")
        assert done.returncode == 1
        said = done.stderr.splitlines()[-1]
        assert said == (
            f"tips_ros: no Python 3.10 to 3.14 here ({reason}): "
            "install one, or name one in TIPS_ROS_PYTHON"
        )
    assert not (tmp_path / "apt").exists()


@pytest.mark.parametrize(
    ("script", "reason"), [(TOO_OLD, "is 3.9.2"), (None, "is not there")], ids=["old", "not there"]
)
def test_one_that_was_named_is_refused_by_name(script, reason: str, run, program):
    program("python3", f'exec {sys.executable} "$@"')
    name = str(program("mine", script)) if script else "/no/such/python"
    done = run("test", TIPS_ROS_PYTHON=name)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"tips_ros: TIPS_ROS_PYTHON={name} {reason}: name a Python 3.10 to 3.14"
    )


def test_a_sourced_ros_whose_python_is_not_here_is_told(run, program, tmp_path):
    program("python3", f'[ "$1" = -c ] && exit 1; exec {sys.executable} "$@"')
    done = run("demo", ROS_DISTRO="jazzy")
    assert done.returncode == 1
    said = done.stderr.splitlines()[-1]
    assert "ROS 2 jazzy is sourced" in said and "imports rclpy" in said
    assert "source its setup.bash, or unset ROS_DISTRO" in said
    assert not (tmp_path / "apt").exists()


def test_without_any_python_the_system_s_is_installed(run, tmp_path):
    done = run("demo")
    assert (tmp_path / "apt").read_text().strip() == MARK
    assert "system packages: python3 python3-venv python3-dev" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("tips_ros: ")


def test_a_chosen_python_stays_chosen_as_long_as_it_can_be_used(run, program, copy):
    mine = program("mine", f'exec {sys.executable} "$@"')
    state = copy / ".venv" / ".setup"
    state.mkdir(parents=True)
    (state / "python").write_text(str(mine))
    tell = 'remember_choices; echo "${TIPS_ROS_PYTHON:-none}"'
    assert run(script=tell).stdout.strip() == str(mine)
    mine.unlink()
    done = run(script=tell)
    assert done.stdout.strip() == "none"
    assert f"{mine}, can't be used any more" in done.stderr


@pytest.mark.parametrize("given", ["humble", "lyrical", "Jazzy"])
def test_a_ros_of_which_there_are_no_wheels_is_refused(given: str, run, program):
    program("python3", f'exec {sys.executable} "$@"')
    done = run("demo", TIPS_ROS_DISTRO=given)
    assert done.returncode == 1
    assert f"TIPS_ROS_DISTRO={given}: ROS 2 comes as wheels for jazzy and kilted" in done.stderr


def test_two_ros_at_once_are_refused(run, program):
    program("python3", f'exec {sys.executable} "$@"')
    done = run("demo", TIPS_ROS_DISTRO="kilted", ROS_DISTRO="jazzy")
    assert done.returncode == 1
    assert "TIPS_ROS_DISTRO=kilted, but ROS 2 jazzy is sourced" in done.stderr


@pytest.mark.parametrize(
    "name", ["a:copy", "it's", 'a "copy"', "$HOME copy", "a;copy", "back\\slash", "ein Büro", "a`b"]
)
def test_a_folder_in_which_nothing_can_be_built_is_refused(name: str, copy):
    odd = copy.rename(copy.with_name(name))
    done = subprocess.run(
        ["bash", str(odd / "run"), "demo"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"{odd}: pip, CMake or the shell can't work in a folder whose path has" in done.stderr
    assert "move this folder, or name it anew, in ASCII and without : ; ' \" $" in done.stderr
    assert "…" not in done.stderr.replace("needs …", ""), "nothing was begun"


def test_a_folder_with_a_space_or_the_like_is_taken(copy, run):
    assert run(script="check_place").returncode == 0  # "a copy"
    done = run(script="ROOT='/a tree, (2) & more-1.0_x@y+z=~'; check_place")
    assert (done.returncode, done.stderr) == (0, "")
