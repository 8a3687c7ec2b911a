# SPDX-License-Identifier: Apache-2.0
"""Parts of ./run in a folder of their own, on a machine whose programs the test makes up."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

BOOTSTRAP = Path(__file__).resolve().parents[2] / "bootstrap"
# What the scripts use of a system; no Python is among it.
PROGRAMS = (
    *("bash", "cat", "cut", "df", "dirname", "du", "env", "find", "flock", "grep", "head"),
    *("ldconfig", "ls", "mkdir", "mktemp", "mv", "realpath", "rm", "sed", "sha256sum", "sleep"),
    *("date", "rmdir", "sort", "tail", "tr", "uname"),
)


def _parts() -> str:
    """The names of all parts, as ./run loads them."""
    return re.findall("^for part in (.*); do", (BOOTSTRAP.parent / "run").read_text(), re.M)[0]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder for PATH with the usual programs, but no Python, compiler or apt-get."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        if (found := shutil.which(name, path=f"{os.environ['PATH']}:/sbin:/usr/sbin")) is not None:
            (folder / name).symlink_to(found)
    return folder


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str, str], Path]:
    """Puts a program first on PATH: a script for sh."""
    folder = tmp_path / "first"  # not among the links: writing would follow one to the system's
    folder.mkdir()

    def write(name: str, script: str) -> Path:
        file = folder / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return file

    return write


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A working copy with the scripts alone, in a folder whose name has a space."""
    root = tmp_path / "a copy"
    shutil.copytree(BOOTSTRAP, root / "bootstrap")
    shutil.copy(BOOTSTRAP.parent / "run", root / "run")
    return root


@pytest.fixture
def run(copy: Path, machine: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs ./run of the working copy, or a script with its parts loaded."""

    def start(
        *arguments: str, script: str | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        command = ["bash", str(copy / "run"), *arguments]
        if script is not None:
            load = f'for part in {_parts()}; do source "$ROOT/bootstrap/$part.sh"; done\n'
            command = ["bash", "-c", f"set -euo pipefail\nROOT='{copy}'\n{load}{script}"]
        path = f"{machine.with_name('first')}:{machine}"
        environment = {"PATH": path, "HOME": str(copy.parent), **variables}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    return start
