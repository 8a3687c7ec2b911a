# SPDX-License-Identifier: Apache-2.0
"""`./run lint`, which goes before each commit, is what `./run test` checks without tests."""

from __future__ import annotations

import pytest
import yaml

from .conftest import BOOTSTRAP
from .test_run_tests import PYTHON

ROOT = BOOTSTRAP.parent


@pytest.fixture
def commands(run, program):
    """Runs a part of ./run with a Python that only tells; exit status, and what it was asked."""
    program("python", PYTHON)

    def start(script: str, fails: str = "nothing"):
        done = run(script=script, FAILS=fails)
        said = done.stdout.splitlines()
        return done.returncode, [line.split("]")[0].lstrip("[") for line in said]

    return start


def test_it_does_what_the_whole_check_does_but_the_tests(commands):
    status, alone = commands("run_lint")
    assert status == 0
    _, whole = commands("run_tests")
    assert set(whole) > {"ruff check .", "mypy"}
    ruff, imports, mypy = alone
    assert (ruff, mypy) == ("ruff check .", "mypy") and "importlinter" in imports


@pytest.mark.parametrize("fails", ["ruff", "importlinter", "mypy"])
def test_one_that_fails_is_not_the_last_and_the_whole_fails(commands, fails):
    status, asked = commands("run_lint", fails)
    assert status == 1 and len(asked) == 3


def test_before_a_commit_the_same_runs_as_in_continuous_integration():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    ((hook,),) = (repo["hooks"] for repo in config["repos"])
    assert [repo["repo"] for repo in config["repos"]] == ["local"], "no versions in two places"
    assert hook["entry"] == "./run lint" and hook["language"] == "system"
    assert hook["always_run"] and not hook["pass_filenames"], "all files, as there"
    assert "exec ./run test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    script = (ROOT / "run").read_text(encoding="utf-8")
    branch = script.partition("\n  lint)")[2].partition(";;")[0].split()
    assert branch == ["set_up", "open3d", "test", "run_lint"], "in the environment of the tests"
