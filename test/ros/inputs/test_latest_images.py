# SPDX-License-Identifier: Apache-2.0
"""One place for the newest item of each camera, between threads."""

import threading
from types import SimpleNamespace

import pytest

from tips_ros.ros.inputs import latest_images
from tips_ros.ros.inputs.latest_images import LatestImages


@pytest.fixture
def at(monkeypatch):
    """Sets the time at which images come from now on; it stands still otherwise."""
    now = [0.0]
    monkeypatch.setattr(latest_images, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return lambda seconds: now.__setitem__(0, seconds)


def test_a_newer_item_takes_the_place_of_one_that_nobody_fetched():
    latest = LatestImages(["front"])
    assert latest.put("front", "old") is None
    assert latest.put("front", "new") == "old"
    assert latest.take(0.0) == {"front": "new"}
    assert latest.put("front", "next") is None


def test_an_item_is_handed_out_once():
    latest = LatestImages([""])
    latest.put("", "item")
    assert latest.take(0.0) == {"": "item"}
    assert latest.take(0.0) == {}


def test_items_of_several_cameras_are_handed_out_together():
    latest = LatestImages(["front", "rear", "silent"])
    latest.put("front", 1)
    assert latest.put("rear", 2) is None, "another camera's place"
    assert latest.take(0.0) == {"front": 1, "rear": 2}


def test_a_camera_that_never_spoke_is_not_waited_for():
    latest = LatestImages(["front", "silent"])
    latest.put("front", 1)
    assert latest.take(0.0, window_s=3600.0) == {"front": 1}


def test_a_camera_that_fell_silent_is_not_waited_for(at):
    latest = LatestImages(["front", "dead"])
    for seconds in (0.0, 0.1, 0.2):
        at(seconds)
        latest.put("dead", 0)
    latest.take(0.0)
    at(1.0)  # far more than the rhythm it had
    latest.put("front", 1)
    assert latest.take(0.0, window_s=3600.0) == {"front": 1}


def test_a_camera_whose_next_image_is_due_within_the_window_is_waited_for(at):
    latest = LatestImages(["front", "rear"])
    latest.put("rear", 0)
    at(0.2)
    latest.put("rear", 1)  # so every 0.2 s
    latest.take(0.0)
    latest.put("front", 2)
    late = threading.Timer(0.1, lambda: latest.put("rear", 3))
    late.start()
    assert latest.take(0.0, window_s=3600.0) == {"front": 2, "rear": 3}
    late.join()


def test_a_camera_whose_next_image_comes_after_the_window_is_not_waited_for(at):
    latest = LatestImages(["front", "slow"])
    latest.put("slow", 0)
    at(0.2)
    latest.put("slow", 1)
    latest.take(0.0)
    latest.put("front", 2)
    assert latest.take(0.0, window_s=0.001) == {"front": 2}


def test_clearing_hands_out_what_nobody_fetched():
    latest = LatestImages(["front", "rear"])
    latest.put("rear", 1)
    assert latest.clear() == [1]
    assert latest.take(0.0) == {}


def test_closing_wakes_who_waits_with_nothing():
    latest = LatestImages([""])
    got = []
    waiting = threading.Thread(target=lambda: got.append(latest.take(30.0)))
    waiting.start()
    latest.close()
    waiting.join(10.0)
    assert got == [{}]


def test_after_closing_nothing_is_handed_out():
    latest = LatestImages([""])
    latest.put("", "item")
    assert latest.close() == ["item"]
    assert latest.put("", "late") == "late", "nobody will fetch it"
    assert latest.take(0.0) == {}
