# SPDX-License-Identifier: Apache-2.0
"""Pauses grow, are bounded, and are the server's where it asks for one."""

import itertools

import pytest

from tips_ros.downloads import retries
from tips_ros.downloads.errors import DownloadError, Interruption
from tips_ros.downloads.retries import new_retries


@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_pauses_double_and_jitter_takes_half_of_them_at_most(monkeypatch, jitter):
    pauses: list[float] = []
    monkeypatch.setattr(retries.time, "sleep", pauses.append)
    monkeypatch.setattr(retries.random, "random", lambda: jitter)
    left = new_retries()
    with pytest.raises(DownloadError, match=r"x: given up after 6 tries \(lost\)"):
        for _ in itertools.repeat(None):
            left = left.wait(Interruption("lost"), "x")
    assert pauses == [pause * (1 - jitter / 2) for pause in (1, 2, 4, 8, 16)]


def test_a_pause_is_bounded_whoever_asks_for_it():
    failed = new_retries().new(history=(None,) * 9)
    assert 30 <= failed.pause_s(Interruption("lost")) <= 60
    assert failed.pause_s(Interruption("busy", str(10**6))) == 60
    assert failed.pause_s(Interruption("busy", "5")) == 5


@pytest.mark.parametrize("header", ["soon", "", "-1"])
def test_a_wish_that_nobody_understands_is_none(header):
    failed = new_retries().new(history=(None,))
    assert 0.5 <= failed.pause_s(Interruption("busy", header)) <= 1
