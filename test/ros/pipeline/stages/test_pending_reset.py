# SPDX-License-Identifier: Apache-2.0
"""A reset that was asked for is taken once, by the next frame."""

import threading

from tips_ros.ros.pipeline.stages.pending_reset import PendingReset


def test_none_is_taken_before_one_is_asked_for():
    assert not PendingReset().take()


def test_one_is_taken_once_however_often_it_was_asked_for():
    pending = PendingReset()
    pending.request()
    pending.request()
    assert pending.take()
    assert not pending.take()


def test_another_thread_may_ask():
    pending = PendingReset()
    thread = threading.Thread(target=pending.request)
    thread.start()
    thread.join()
    assert pending.take()
