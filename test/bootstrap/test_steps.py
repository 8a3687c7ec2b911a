# SPDX-License-Identifier: Apache-2.0
"""The set-up steps of ./run: done once, done again after a change or an interruption."""

import subprocess
from pathlib import Path

import pytest

BOOTSTRAP = Path(__file__).resolve().parents[2] / "bootstrap"

PARTS = ("steps", "heartbeat", "reasons")


@pytest.fixture
def bash(tmp_path: Path):
    """Returns a function that runs a script with steps.sh loaded and ROOT in a new folder."""
    (tmp_path / ".venv" / ".setup").mkdir(parents=True)

    def run(script: str) -> subprocess.CompletedProcess[str]:
        parts = " ".join(f"source {BOOTSTRAP}/{name}.sh;" for name in PARTS)
        prelude = f"set -euo pipefail; ROOT={tmp_path}; {parts}\n"
        return subprocess.run(["bash", "-c", prelude + script], capture_output=True, text=True)

    return run


WORK = "work() { echo done >>$ROOT/done; }\n"


def times_done(tmp_path: Path) -> int:
    return len((tmp_path / "done").read_text().splitlines())


def test_a_step_is_done_once(bash, tmp_path: Path):
    for _ in range(2):
        assert bash(WORK + 'step work "$(key_of a b)" Working work').returncode == 0
    assert times_done(tmp_path) == 1


def test_a_step_is_done_again_when_its_inputs_change(bash, tmp_path: Path):
    bash(WORK + 'step work "$(key_of a)" Working work')
    bash(WORK + 'step work "$(key_of b)" Working work')
    assert times_done(tmp_path) == 2


def test_progress_is_one_line_on_stderr_and_output_goes_to_the_log(bash, tmp_path: Path):
    done = bash("loud() { echo loud; }\nstep loud k Shouting loud")
    assert done.stdout == ""
    assert "Shouting" in done.stderr and "loud" not in done.stderr
    assert (tmp_path / ".venv/.setup/loud.log").read_text() == "loud\n"


def test_a_failure_inside_a_step_stops_everything_and_shows_why(bash, tmp_path: Path):
    broken = "broken() { echo the reason; false; echo not reached; }\n"
    done = bash(broken + "step b k Trying broken; echo went on")
    assert done.returncode == 1
    assert "the reason" in done.stderr and "not reached" not in done.stderr
    assert "failed: Trying" in done.stderr
    assert "went on" not in done.stdout


def test_a_failed_step_is_tried_again(bash, tmp_path: Path):
    bash("work() { false; }\nstep work k Working work")
    bash(WORK + "step work k Working work")
    assert times_done(tmp_path) == 1


def test_an_interrupted_step_is_tried_again(bash, tmp_path: Path):
    assert bash("work() { kill -KILL $$; }\nstep work k Working work").returncode != 0
    bash(WORK + "step work k Working work")
    assert times_done(tmp_path) == 1


def test_while_only_looking_nothing_is_done_and_what_is_missing_is_counted(bash, tmp_path: Path):
    bash(WORK + "step first k First work")
    done = bash(
        WORK + "ONLY_LOOKING=1\nstep first k First work; step second k 'Second one' work\n"
        'forget first Again; printf "%s\\n" "${PENDING[@]}"'
    )
    assert done.stdout.splitlines() == ["Second one", "Again"]
    assert times_done(tmp_path) == 1


def test_an_environment_that_is_a_link_keeps_its_stamps_where_it_is(bash, tmp_path: Path):
    other = tmp_path / "other"
    (tmp_path / ".venv").rename(other)
    (tmp_path / ".venv").symlink_to(other)
    bash(WORK + "step work k Working work")
    assert (other / ".setup" / "work").read_text() == "k"
