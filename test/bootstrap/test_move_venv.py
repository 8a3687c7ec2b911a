# SPDX-License-Identifier: Apache-2.0
"""An environment whose folder was moved or copied works at its new place, without a download."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "bootstrap" / "move_venv.py"
PLACES = ("elsewhere", "with a space", "x" * 150, ".venv-2")


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """A virtual environment with a script of its own, as pip writes them, and a CMake file."""
    folder = tmp_path / "made here" / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    script = folder / "bin" / "tell"
    script.write_text(f"#!{folder}/bin/python\nimport sys\nprint(sys.prefix, *sys.argv[1:])\n")
    script.chmod(0o755)
    trampoline = folder / "bin" / "tell-in-a-long-path"
    trampoline.write_text(
        f"#!/bin/sh\n'''exec' \"{folder}/bin/python3\" \"$0\" \"$@\"\n' '''\n"
        "import sys\nprint(sys.prefix, *sys.argv[1:])\n"
    )
    trampoline.chmod(0o755)
    cmake = folder / "share" / "messages" / "export.cmake"
    cmake.parent.mkdir(parents=True)
    cmake.write_text(f'"{folder}/include" "{folder}-of-another/include" "/usr/include"')
    return folder


def moved(venv: Path, place: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(venv, place)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(place), str(venv)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.endswith("files changed\n")
    return place


@pytest.mark.parametrize("name", PLACES, ids=["", "space", "long", "longer name"])
def test_scripts_start_their_python_where_it_is_now(name: str, venv: Path, tmp_path: Path):
    place = moved(venv, tmp_path / name / ".venv")
    for script in ("tell", "tell-in-a-long-path"):
        done = subprocess.run(
            [place / "bin" / script, "one", "two words"], capture_output=True, text=True, check=True
        )
        assert done.stdout == f"{place} one two words\n"


def test_cmake_files_point_to_where_it_is_now_and_others_stay(venv: Path, tmp_path: Path):
    place = moved(venv, tmp_path / "elsewhere" / ".venv")
    text = (place / "share" / "messages" / "export.cmake").read_text()
    assert text == f'"{place}/include" "{venv}-of-another/include" "/usr/include"'


def test_a_second_time_changes_nothing(venv: Path, tmp_path: Path):
    place = moved(venv, tmp_path / "elsewhere" / ".venv")
    before = {p: p.read_bytes() for p in place.rglob("*") if p.is_file()}
    subprocess.run([sys.executable, str(SCRIPT), str(place), str(venv)], check=True)
    assert before == {p: p.read_bytes() for p in place.rglob("*") if p.is_file()}
