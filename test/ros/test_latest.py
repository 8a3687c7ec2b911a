# SPDX-License-Identifier: Apache-2.0
"""One place for one item, between two threads."""

import threading

from tips_ros.ros.latest import Latest


def test_a_newer_item_takes_the_place_of_one_that_nobody_fetched():
    latest = Latest()
    assert latest.put("old") is False
    assert latest.put("new") is True
    assert latest.take(0.0) == "new"
    assert latest.put("next") is False


def test_an_item_is_handed_out_once():
    latest = Latest()
    latest.put("item")
    assert latest.take(0.0) == "item"
    assert latest.take(0.0) is None


def test_closing_wakes_who_waits_with_nothing():
    latest = Latest()
    got = []
    waiting = threading.Thread(target=lambda: got.append(latest.take(30.0)))
    waiting.start()
    latest.close()
    waiting.join(10.0)
    assert got == [None]


def test_after_closing_nothing_is_handed_out():
    latest = Latest()
    latest.put("item")
    latest.close()
    assert latest.take(0.0) is None
