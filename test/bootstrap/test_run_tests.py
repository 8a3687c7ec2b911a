# SPDX-License-Identifier: Apache-2.0
"""`./run test`: what is checked, how, and what is told of it."""

from __future__ import annotations

import os
import re
import sys

import pytest
from mypy.main import process_options

from .conftest import BOOTSTRAP

# Stands for the environment's Python: counts as it does, tells the rest, and fails where asked to.
PYTHON = f"""
case "$*" in
  *sched_getaffinity*) exec {sys.executable} "$@" ;;
esac
shift; echo "[$*]" with "$PYTEST_DISABLE_PLUGIN_AUTOLOAD" and "$OMP_NUM_THREADS"
case "$*" in
  *"$FAILS"*) exit 1 ;;
esac
"""
TOOLS = ("ruff", "pytest", "mypy")
WORKERS = len(os.sched_getaffinity(0)) + 1


@pytest.fixture
def check(run, program):
    """Runs the checks with these arguments; their exit status, and the command of each."""
    program("python", PYTHON)

    def start(arguments: str = "", fails: str = "nothing"):
        done = run(script=f"run_tests {arguments}", FAILS=fails)
        assert done.stderr.split() == [w for tool in TOOLS for w in ("tips_ros:", tool)]
        return done.returncode, done.stdout.splitlines()

    return start


def test_all_three_run_and_the_tests_in_one_process_more_than_there_are_cores(check):
    status, (ruff, tests, mypy) = check()
    assert status == 0
    assert ruff.startswith("[ruff check .]") and mypy.startswith("[mypy]")
    assert f"-p xdist --dist worksteal -n {WORKERS}]" in tests
    assert tests.endswith("with 1 and 1"), "no plugins of others, one thread for each process"


@pytest.mark.quick
def test_quick_leaves_out_what_takes_long_and_the_rest_goes_to_pytest(check):
    _, (_, tests, _) = check("--quick test/model -x")
    assert tests.split("] with")[0].endswith(
        f"-n {WORKERS - 1} -m quick or not (live or slow or reference) test/model -x"
    )


def test_arguments_come_last_so_that_they_win(check):
    _, (_, tests, _) = check("test/ros -n 0")
    assert tests.split("] with")[0].endswith("test/ros -n 0")


@pytest.mark.parametrize("fails", TOOLS)
def test_one_that_fails_is_not_the_last_and_the_whole_fails(check, fails):
    status, commands = check(fails=fails)
    assert status == 1 and len(commands) == 3


def test_types_are_checked_for_the_python_that_runs(monkeypatch: pytest.MonkeyPatch):
    """NumPy's stubs are for the Python that it was installed for: no other can read them."""
    monkeypatch.chdir(BOOTSTRAP.parent)
    sources, options = process_options(["--config-file", "pyproject.toml"])
    assert options.python_version == sys.version_info[:2]
    assert options.strict_equality and len(sources) > 300, "strict, and of the whole package"


def test_the_linter_knows_no_newer_python_than_the_oldest_that_is_taken():
    project = (BOOTSTRAP.parent / "pyproject.toml").read_text(encoding="utf-8")
    lowest = re.findall(r'^requires-python = ">=3\.(\d+),', project, re.MULTILINE)
    assert re.findall(r'^target-version = "py3(\d+)"', project, re.MULTILINE) == lowest
