# SPDX-License-Identifier: Apache-2.0
"""One thing is done while the next is prepared, never more, and in order."""

import threading

import pytest

from tips_ros.ros.overlap import Overlap


def test_handing_over_does_not_wait_for_the_work_itself():
    overlap, gate = Overlap(), threading.Event()
    overlap.hand_over(gate.wait)  # would never return
    gate.set()
    overlap.close()


def test_a_second_work_waits_until_the_first_is_done():
    overlap, gate, done = Overlap(), threading.Event(), []
    overlap.hand_over(lambda: (gate.wait(30), done.append("first")))
    second = threading.Thread(target=lambda: overlap.hand_over(lambda: done.append("second")))
    second.start()
    second.join(0.2)
    assert second.is_alive()
    assert not done
    gate.set()
    second.join(30)
    overlap.close()
    assert done == ["first", "second"]


def test_closing_waits_for_the_last_of_it():
    overlap, done = Overlap(), []
    overlap.hand_over(lambda: done.append(threading.Event().wait(0.1)))
    overlap.close()
    assert done == [False]


def test_an_error_is_not_lost():
    overlap = Overlap()
    overlap.hand_over(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        overlap.hand_over(lambda: None)
    overlap.close()
