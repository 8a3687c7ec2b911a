# SPDX-License-Identifier: Apache-2.0
"""Some hundred cases of what `./run fuzz` does for minutes, the same ones each time."""

from __future__ import annotations

import logging

import pytest
from hypothesis import strategies as st

from .rounds import Watch, first_failure, run_cases
from .target import Target, check_sentence
from .targets import TARGETS

CASES = 20
# Those need a node, and have tests of their own: test/ros/test_node_raw_bytes.py.
NAMES = [name for name in TARGETS if not name.startswith("live ")]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_each_entrance_answers_whatever_comes_in(name):
    watch = Watch(TARGETS[name])
    found = run_cases(TARGETS[name], CASES, 7, watch)
    assert not found, found
    assert watch.cases >= CASES // 2


def test_an_error_that_is_no_refusal_is_found_with_its_smallest_input():
    def check(number: int) -> None:
        if number > 41:
            raise KeyError(number)

    target = Target("numbers", st.integers(0, 10**6), check)
    found = run_cases(target, 200, 1, Watch(target))
    assert "KeyError" in found and "42" in found
    assert not logging.root.manager.disable  # the log is as before


def test_a_case_that_fails_only_once_is_kept_whole(tmp_path):
    failed = []

    def check(data: bytes) -> None:
        if len(data) > 6000 and not failed:
            failed.append(data)
            raise KeyError("once")

    # Longer than what is told of a find; drawn as such it would be more than hypothesis may draw.
    large = st.integers(97, 122).map(lambda letter: bytes([letter]) * 8000)
    target = Target("once", large, check)
    note = tmp_path / "case"
    found = run_cases(target, 20, 1, Watch(target, note))
    assert "Flaky" in found or "KeyError" in found
    assert first_failure(note).read_text() == repr(failed[0])


@pytest.mark.parametrize("text", ["", "no", "x" * 2000])
def test_a_refusal_that_says_nothing_or_too_much_is_found(text):
    with pytest.raises(AssertionError):
        check_sentence(text)
