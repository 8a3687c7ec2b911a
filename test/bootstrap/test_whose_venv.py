# SPDX-License-Identifier: Apache-2.0
"""Others' things are never deleted by ./run: an environment, and what lies in build/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

# A Python that makes environments as `venv` does, and nothing to download.
PRETEND = """
find_python() { echo pretended; }
pretended() { mkdir -p "$VENV/bin"; echo made >"$VENV/pyvenv.cfg"; }
has_packages() { :; }
pip_install() { :; }
TIPS_ROS_DISTRO=jazzy
begin() { make_state; step venv "$1" "Python environment" make_venv; }
"""
UNFIT = PRETEND + "fits() { false; }\n"
FITTING = PRETEND + "fits() { :; }\nmove_in() { :; }\n"


def put(folder: Path, *files: str) -> None:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("mine")


@pytest.mark.parametrize(
    "files",
    [
        ("pyvenv.cfg", "lib/python3.8/site-packages/mine.py"),
        ("conda-meta/history", "bin/python"),
        (".hidden/mine",),
    ],
    ids=["venv", "conda", "something else"],
)
def test_one_that_does_not_fit_is_moved_aside_where_it_was_there_before(files, run, copy):
    put(copy / ".venv", *files)
    done = run(script=UNFIT + "begin 1")
    assert done.returncode == 0, done.stderr
    aside = copy / ".venv.before-1"
    assert f"was not made by ./run: it is in {aside} now" in done.stderr
    assert all((aside / file).read_text() == "mine" for file in files)
    assert (copy / ".venv" / "pyvenv.cfg").read_text() == "made\n"


def test_the_next_one_gets_a_place_of_its_own(run, copy):
    put(copy / ".venv.before-1", "mine")
    put(copy / ".venv", "second")
    assert run(script=UNFIT + "begin 1").returncode == 0
    assert (copy / ".venv.before-1" / "mine").exists()
    assert (copy / ".venv.before-2" / "second").exists()


def test_one_that_was_used_because_it_fitted_is_still_nobody_s_to_delete(run, copy):
    put(copy / ".venv", "pyvenv.cfg", "lib/mine")
    assert run(script=FITTING + "begin 1").returncode == 0
    assert (copy / ".venv" / "lib" / "mine").exists(), "used as it is"
    assert run(script=UNFIT + "begin 2").returncode == 0
    assert (copy / ".venv.before-1" / "lib" / "mine").exists()


@pytest.mark.parametrize("there", ["nothing", "an empty folder"])
def test_one_that_was_made_here_is_made_anew_in_its_place(there, run, copy):
    if there == "an empty folder":
        (copy / ".venv").mkdir()
    assert run(script=UNFIT + "begin 1").returncode == 0
    put(copy / ".venv", "lib/ours")
    done = run(script=UNFIT + "begin 2")
    assert done.returncode == 0 and "was not made by" not in done.stderr
    assert not (copy / ".venv" / "lib").exists()
    assert not list(copy.glob(".venv.before*"))


def test_a_file_in_its_place_is_told(run, copy):
    (copy / ".venv").write_text("/home/me/.virtualenvs/this")
    done = run(script=UNFIT + "lock_set_up")
    assert done.returncode == 1
    assert ".venv is a file, where the environment's folder goes: rename it" in done.stderr
    assert (copy / ".venv").is_file()


def test_clean_removes_what_was_made_here(run, copy):
    run(script=UNFIT + "begin 1")
    put(copy, "install/setup.bash", "log/latest", "build/tips_ros/x", "build/.setup/build")
    done = run("clean")
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in copy.iterdir()} == {"bootstrap", "run"}


def test_clean_leaves_what_was_there_before_and_says_so(run, copy):
    put(copy / ".venv", "pyvenv.cfg", "lib/mine")
    run(script=FITTING + "begin 1")
    put(copy, "build/tips_ros/x", "build/held_out/0.png", "build/lib/y")
    done = run("clean")
    assert done.returncode == 0
    assert (copy / ".venv" / "lib" / "mine").exists() and not (copy / ".venv" / ".setup").exists()
    assert "stays: it was there before" in done.stderr
    assert (copy / "build" / "held_out" / "0.png").exists()
    assert not (copy / "build" / "tips_ros").exists()
    assert re.search(r"/build stays: it holds (lib held_out|held_out lib), which ", done.stderr)


def test_clean_of_a_link_leaves_where_it_leads_to(run, copy):
    put(copy.parent / "elsewhere", ".setup/place", "lib/theirs")
    (copy / ".venv").symlink_to(copy.parent / "elsewhere")
    assert run("clean").returncode == 0
    assert not (copy / ".venv").is_symlink()
    assert (copy.parent / "elsewhere" / "lib" / "theirs").exists()


def test_a_build_with_another_python_leaves_other_things_in_build(run, copy):
    put(copy / "build", ".setup/key", "tips_ros/CMakeCache.txt", "rooms/0.png")
    pretend = "enter_venv() { :; }\nhas_package() { :; }\ncolcon() { mkdir -p install; }\n"
    done = run(script=pretend + "VENV_KEY=new STATE=$ROOT/build/.setup; colcon_build")
    assert done.returncode == 0, done.stderr
    assert (copy / "build" / "rooms" / "0.png").exists()
    assert not (copy / "build" / "tips_ros").exists()
