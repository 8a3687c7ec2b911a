# SPDX-License-Identifier: Apache-2.0
"""`./run test --with oldest` or `newest`: an environment made anew, and the part without ROS."""

from __future__ import annotations

import pytest

from ..test_dependencies import listed

# Stands for a Python: makes an environment whose Python tells what it is asked.
PYTHON = """
[ "$1 $2" = "-m venv" ] || exit 1
mkdir -p "$3/bin"
printf '#!/bin/sh\necho "[$*]"\n' >"$3/bin/python"
chmod +x "$3/bin/python"
"""


@pytest.fixture
def tried(run, program):
    """The questions to the Python of an environment, line by line."""
    for name in ("python3.10", "python3.12"):
        program(name, PYTHON)

    def start(*arguments: str, **variables: str):
        variables = {"TIPS_ROS_TORCH": "torch==9", **variables}
        return run("test", "--with", *arguments, **variables)

    return start


@pytest.mark.parametrize("name", ["oldest", "newest"])
def test_packages_are_held_to_the_versions_of_that_name(tried, program, copy, name: str):
    for tool in ("chmod", "printf"):
        program(tool, f'exec /bin/{tool} "$@"')
    done = tried(name)
    assert done.returncode == 0, done.stderr
    asked = done.stdout
    assert f"constraints-{name}.txt" in asked and "requirements-core.txt" in asked
    assert "test/model test/perception]" in asked and "-m pytest" in asked
    assert (copy / "build" / f"with-{name}" / "bin" / "python").exists()


def test_arguments_go_to_pytest(tried, program):
    program("chmod", 'exec /bin/chmod "$@"')
    done = tried("newest", "test/model", "-k", "vit")
    assert done.stdout.splitlines()[-1].endswith("test/model -k vit]")


def test_other_versions_are_told(tried):
    done = tried("best")
    assert done.returncode != 0 and "--with oldest, or newest" in done.stderr


def test_a_python_that_is_not_there_is_told(tried):
    done = tried("oldest", TIPS_ROS_PYTHON="python9")
    assert done.returncode != 0 and "no python9 here" in done.stderr
    assert "TIPS_ROS_PYTHON" in done.stderr


def test_the_oldest_are_no_older_than_what_is_declared():
    declared = {one.name: one.specifier for one in listed("requirements-core.txt")}
    oldest = {one.name: str(one.specifier) for one in listed("constraints-oldest.txt")}
    assert set(oldest) <= set(declared) and oldest
    assert all(declared[name].contains(held.strip("=.*")) for name, held in oldest.items())
