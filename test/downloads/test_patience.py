# SPDX-License-Identifier: Apache-2.0
"""Pauses grow, are bounded, and start over with progress."""

import pytest

from tips_ros.downloads.errors import DownloadError, Interruption
from tips_ros.downloads.patience import Patience, Tries


def test_pauses_double_up_to_a_bound():
    patience = Patience(jitter=lambda: 0.0)
    assert [patience.pause_s(n, None) for n in (1, 2, 3, 7, 9)] == [1, 2, 4, 60, 60]


def test_jitter_shortens_a_pause_by_half_at_most():
    assert Patience(jitter=lambda: 1.0).pause_s(2, None) == 1.0


def test_the_server_s_wish_is_bounded_too():
    assert Patience().pause_s(1, 5.0) == 5.0
    assert Patience().pause_s(1, 10**6) == 60.0


def test_progress_starts_the_count_over():
    pauses: list[float] = []
    tries = Tries("x", Patience(tries=3, sleep=pauses.append, jitter=lambda: 0.0))
    for progressed in (False, False, True, False):
        tries.failed(Interruption("lost"), progressed=progressed)
    with pytest.raises(DownloadError, match=r"x: given up after 3 tries \(lost\)"):
        tries.failed(Interruption("lost"))
    assert pauses == [1, 2, 1, 2]
