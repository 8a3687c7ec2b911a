# SPDX-License-Identifier: Apache-2.0
"""Work that fails ends by itself, and is told: what is handed over later is done."""

import logging
import threading
from functools import partial

import pytest

from tips_ros.ros.pipeline.finishing_thread import FinishingThread

PATIENCE_S = 30.0


@pytest.fixture
def thread():
    made = FinishingThread()
    yield made
    made.close(wait=True)


def fail(error):
    raise error


@pytest.mark.parametrize("error", [RuntimeError("no sensor"), MemoryError(), KeyError("a")])
@pytest.mark.parametrize("times", [1, 2, 5])
def test_work_that_fails_costs_no_later_work(thread, caplog, error, times):
    done = threading.Event()
    with caplog.at_level(logging.ERROR):
        for _ in range(times):
            thread.hand_over(partial(fail, error))
        thread.hand_over(done.set)
        assert done.wait(PATIENCE_S)
    (told,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert told.getMessage().startswith("not done: ")
    assert told.exc_info is not None and told.exc_info[1] is error


def test_it_is_done_in_order_and_at_most_one_is_behind(thread):
    began, free, done = threading.Event(), threading.Event(), []

    def first():
        began.set()
        assert free.wait(PATIENCE_S)
        done.append(1)

    thread.hand_over(first)
    assert began.wait(PATIENCE_S)
    threading.Timer(0.05, free.set).start()
    thread.hand_over(lambda: done.append(2))
    assert done[:1] == [1], "the second waits for the first"
    thread.close(wait=True)
    assert done == [1, 2]


def test_one_that_was_closed_says_so_each_time(thread):
    thread.close(wait=True)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="shutdown"):
            thread.hand_over(fail)
