# SPDX-License-Identifier: Apache-2.0
"""A first set-up, one that is done, one that was stopped, and one that has to begin again."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from .conftest import BOOTSTRAP

# Each step writes its stamp and tells its name, and does nothing else.
PRETEND = """
step() {
  is_done "$1" "$2" && return
  if [[ -n $ONLY_LOOKING ]]; then pend "$3"; return; fi
  echo "$1"; printf '%s' "$2" >"$STATE/$1"
}
runs() { [[ -d $VENV ]]; }
missing_packages() { :; }
missing_libraries() { :; }
build_inputs() { echo; }
enter_environment() { :; }
has_nvidia_gpu() { false; }
mkdir -p "$ROOT/install"; : >"$ROOT/install/local_setup.bash"
"""
NO_PACKAGES = {
    "PIP_CONFIG_FILE": "/dev/null",
    "PIP_INDEX_URL": "http://127.0.0.1:9/",
    "NO_PROXY": "*",
}


@pytest.fixture(autouse=True)
def python(program):
    program("python3", f'exec {sys.executable} "$@"')


def test_the_cost_is_said_before_a_first_set_up_and_not_again(run):
    first, again = run(script=PRETEND + "set_up"), run(script=PRETEND + "set_up")
    assert "first set-up: downloads about 0." in first.stderr and "GB in " in first.stderr
    assert first.stdout.split() == ["venv", "torch", "ros", "repair", "core", "build"]
    assert (again.stdout, again.stderr) == ("", "")


@pytest.mark.parametrize(
    ("noted", "activate", "said"),
    [
        ({"place": "/some where/.venv"}, "", "was made at /some where/.venv, and moved or"),
        ({}, "VIRTUAL_ENV='/some where/.venv'", "was made at /some where/.venv, and moved or"),
        ({}, "    export VIRTUAL_ENV=/there/.venv", "was made at /there/.venv, and moved or"),
        ({"venv.log": "half"}, "", "an earlier set-up was not finished"),
        ({}, "", "was there before, and not made by this"),
    ],
    ids=["noted by us", "by uv", "by venv", "interrupted", "somebody's"],
)
def test_an_environment_that_is_there_is_no_first_set_up(noted, activate, said, run, copy):
    state = copy / ".venv" / ".setup"
    state.mkdir(parents=True)
    (copy / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (copy / ".venv" / "bin").mkdir()
    (copy / ".venv" / "bin" / "activate").write_text(f"# a script\n{activate}\n")
    for name, text in noted.items():
        (state / name).write_text(text)
    done = run(script=PRETEND + "set_up")
    assert done.returncode == 0
    assert said in done.stderr and "first set-up" not in done.stderr
    assert "downloads what is missing, at most about 0.4 GB" in done.stderr


def test_each_list_that_is_installed_is_counted_and_the_docs_say_the_same_numbers(run):
    script = (BOOTSTRAP / "python.sh").read_text()
    installed = set(" ".join(re.findall(r"install_lists ([a-z0-9 ]+)", script)).split())
    page = (BOOTSTRAP.parent / "docs" / "distributions.md").read_text()
    for part in installed | {"cuda"}:
        down, room = run(script=f"megabytes_of {part}").stdout.split()
        row = rf"^\| .*\| {int(down) / 1000:g} GB[^|]*\| {int(room) / 1000:g} GB[^|]*\| .*$"
        assert re.search(row, page, re.MULTILINE), (part, row)


def test_tests_bring_their_tools_on_top(run):
    run(script=PRETEND + "set_up")
    done = run(script=PRETEND + "set_up open3d test")
    assert done.stdout.split() == ["open3d", "test"]
    assert "first set-up" not in done.stderr


def test_another_ros_is_another_environment_and_stays_chosen(run, copy):
    run(script=PRETEND + "set_up")
    done = run(script=PRETEND + "set_up", TIPS_ROS_DISTRO="kilted")
    assert {"venv", "ros", "build"} <= set(done.stdout.split())
    (copy / ".venv" / ".setup" / "distro").write_text("kilted")  # as make_venv does
    assert run(script=PRETEND + "set_up").stdout == ""


def test_where_there_is_no_room_it_ends_before_it_starts(run, program):
    program("df", "echo Avail; echo 500000")
    done = run(script=PRETEND + "set_up")
    assert done.returncode == 1 and done.stdout == ""
    assert "no room: 0.5 GB are free in " in done.stderr


def test_what_is_set_up_needs_no_right_to_write(run):
    run(script=PRETEND + "set_up")
    done = run(script=PRETEND + "lock_set_up() { echo locked; }\nset_up")
    assert (done.returncode, done.stdout) == (0, "")


def test_without_the_right_to_write_it_says_what_is_missing_and_who_can(run, copy):
    (copy / ".venv").mkdir()
    (copy / ".venv" / ".setup").write_text("a file: nobody can make a folder of it")
    done = run(script=PRETEND + "set_up")
    assert done.returncode == 1
    assert "can't be written to by this user" in done.stderr
    assert "lacks: Python environment PyTorch" in done.stderr
    assert f"as the owner of {copy}" in done.stderr


def test_a_tree_that_is_elsewhere_and_cannot_be_written_to_says_where_it_works(run, copy):
    (copy / ".venv").mkdir()
    (copy / ".venv" / ".setup").write_text("a file: nobody can make a folder of it")
    (copy / ".venv" / "pyvenv.cfg").write_text("command = /usr/bin/python3 -m venv /opt/t/.venv\n")
    done = run(script=PRETEND + "set_up")
    assert done.returncode == 1
    assert "it was set up at /opt/t, and works from there; or run" in done.stderr


def test_a_python_that_is_not_for_everybody_is_named(run, copy):
    """As one in the home of whoever has set it up."""
    (copy / ".venv" / "bin").mkdir(parents=True)
    (copy / ".venv" / ".setup").write_text("a file: nobody can make a folder of it")
    (copy / "python3").write_text("no program")
    (copy / ".venv" / "bin" / "python").symlink_to(copy / "python3")
    done = run(script=PRETEND + "set_up")
    assert done.returncode == 1
    assert f"its Python, {copy / 'python3'}, can't be run by this user" in done.stderr
    assert "TIPS_ROS_PYTHON=/usr/bin/python3" in done.stderr


def test_a_package_that_was_being_unpacked_does_not_count_as_installed(run, copy):
    site = copy / ".venv" / "lib" / "python3.12" / "site-packages"
    for name, file in (("whole-1.0", "INSTALLER"), ("half-1.0", "METADATA")):
        (site / f"{name}.dist-info").mkdir(parents=True)
        (site / f"{name}.dist-info" / file).touch()
    run(script="drop_half_installed")
    assert [folder.name for folder in site.iterdir()] == ["whole-1.0.dist-info"]


def make(venv: Path, *options: str) -> None:
    subprocess.run([sys.executable, "-m", "venv", *options, str(venv)], check=True)


def test_an_environment_that_does_not_fit_stays_while_no_packages_can_be_had(run, copy):
    make(copy / ".venv", "--without-pip", "--system-site-packages")  # over a ROS, now not sourced
    mark = copy / ".venv" / "lib" / "mark"
    mark.touch()
    make_it = 'mkdir -p "$STATE"; remember_choices; step venv k Making make_venv'
    done = run(script=make_it, **NO_PACKAGES)
    assert done.returncode == 1
    assert "is of another Python, ROS or machine" in done.stderr
    assert "no packages can be had now" in done.stderr and "left as it was" in done.stderr
    assert mark.exists()


def put_our_pip_in(venv: Path) -> None:
    """Gives it the pip of a set-up, which has replaced the one that Python brings."""
    (to,) = venv.glob("lib/python3*/site-packages")
    for brought in to.glob("pip*"):
        shutil.rmtree(brought)
    ours = Path(str(distribution("pip").locate_file("")))
    for folder in (ours / "pip", *ours.glob("pip-*.dist-info")):
        shutil.copytree(folder, to / folder.name)


def test_a_moved_environment_is_said_to_be_and_kept_without_packages(run, copy):
    old = copy.with_name("where it was")
    make(old / ".venv")
    put_our_pip_in(old / ".venv")
    (old / ".venv" / "lib" / "mark").touch()
    (old / ".venv").rename(copy / ".venv")
    make_it = (
        'mkdir -p "$STATE"; printf %s "$HOME/where it was/.venv" >"$STATE/place"; '
        'remember_choices; step venv k Making make_venv; "$VENV/bin/pip" --version'
    )
    done = run(script=make_it, **NO_PACKAGES)
    assert done.returncode == 0, done.stderr
    assert f"was made at {old}/.venv: its paths are set right" in done.stderr
    assert (copy / ".venv" / "lib" / "mark").exists()
    assert str(copy) in done.stdout


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "error: Request failed after 3 retries in 5.1s\n"
            "  cause: Failed to fetch: https://a.example/torch/\n  cause: dns error\n"
            "  cause: failed to lookup address information: Name or service not known\n",
            "Failed to fetch: https://a.example/torch/ failed to lookup address information: "
            "Name or service not known",
        ),
        (
            "error: Failed to fetch: `https://a.example/torch/`\n  Caused by: Request failed\n"
            "  Caused by: operation timed out\n",
            "Failed to fetch: `https://a.example/torch/` operation timed out",
        ),
        (
            "  × No solution found when resolving dependencies:\n"
            "  ╰─▶ Because torch==2.13.0 has no wheels with a matching platform tag, you lose.\n",
            "Because torch==2.13.0 has no wheels with a matching platform tag, you lose.",
        ),
        ("", "uv could not be installed"),
    ],
    ids=["name look-up", "time-out", "no such build", "no uv"],
)
def test_why_there_is_no_cpu_build_of_torch_is_told(said: str, reason: str, run, copy):
    state = copy / ".venv" / ".setup"
    state.mkdir(parents=True)
    (state / "uv.txt").write_text(said)
    assert run(script="why_no_cpu_torch").stdout.strip().startswith(reason)


# As colcon writes it: the Python's path is used without quotes.
COLCONS_OWN = """
[ -f "$COLCON_PYTHON_EXECUTABLE" ] || return 1
_colcon_python_executable="$COLCON_PYTHON_EXECUTABLE"
_colcon_ordered_commands="$($_colcon_python_executable "a script" sh bash)"
echo "$_colcon_ordered_commands"
"""


def test_a_built_package_in_a_folder_with_a_space_is_sourced(run, copy):
    """By what colcon writes, which splits a path at its spaces."""
    (copy / "install").mkdir(parents=True)
    (copy / "install" / "local_setup.bash").write_text(COLCONS_OWN)
    (copy / ".venv" / "bin").mkdir(parents=True)
    python = copy / ".venv" / "bin" / "python"
    python.write_text("#!/bin/sh\necho sourced\n")
    python.chmod(0o755)
    done = run(script="cd /; enter_environment; pwd", ROS_DISTRO="jazzy")
    assert (done.returncode, done.stdout.split()) == (0, ["sourced", "/"]), done.stderr


def test_without_a_home_it_is_set_up_all_the_same(run):
    """Starts it as a container or a service does."""
    done = run(script="unset HOME\n" + PRETEND + "set_up; weigh >/dev/null; echo done")
    assert done.returncode == 0 and done.stdout.split()[-1] == "done", done.stderr


def test_a_tree_that_is_set_up_is_not_written_to(run, copy):
    """It may be another user's, or on a disk that is read only."""

    def state() -> list[tuple[str, int, int]]:
        folders = [copy / name for name in (".venv", "build")]
        paths = [*folders, *(path for folder in folders for path in folder.rglob("*"))]
        return sorted((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in paths)

    run(script=PRETEND + "set_up")
    before = state()
    done = run(script=PRETEND + "set_up; echo used")
    assert (done.returncode, done.stdout) == (0, "used\n") and state() == before
