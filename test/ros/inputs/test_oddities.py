# SPDX-License-Identifier: Apache-2.0
"""Oddities of a camera's topics are said once each."""

import logging

import pytest

from tips_ros.ros.inputs.oddities import InputOddities


@pytest.fixture
def said():
    """The lines logged so far."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logging.getLogger("tips_ros").addHandler(handler)
    yield lambda: lines
    logging.getLogger("tips_ros").removeHandler(handler)


@pytest.mark.parametrize(
    ("frame", "words"),
    [("", "empty frame_id"), ("/cam", "set frame_id to 'cam'"), ("//cam", "to 'cam'")],
)
def test_a_frame_that_tf2_can_not_place_is_said_once(said, frame, words):
    oddities = InputOddities()
    for _ in range(3):
        oddities.check_frame("/image", frame)
    (line,) = said()
    assert "/image" in line and words in line


def test_a_frame_that_turns_good_and_bad_again_is_said_again(said):
    oddities = InputOddities()
    for frame in ("", "cam", ""):
        oddities.check_frame("/image", frame)
    assert len(said()) == 2


def test_a_good_frame_and_one_camera_are_not_spoken_of(said):
    oddities = InputOddities()
    for _ in range(3):
        oddities.check_frame("/image", "cam")
        oddities.check_publishers("/image", ["/camera", "/camera"])
        oddities.check_publishers("/image", [])
    assert not said()


def test_two_nodes_on_one_topic_are_named_once_when_they_stay(said):
    oddities = InputOddities()
    oddities.check_publishers("/image", ["/rear", "/front"])
    assert not said(), "one may be about to go"
    for _ in range(3):
        oddities.check_publishers("/image", ["/rear", "/front"])
    (line,) = said()
    assert "2 nodes publish on /image: /front, /rear" in line


def test_a_restarted_camera_is_not_two(said):
    oddities = InputOddities()
    for nodes in (["/old"], ["/old", "/new"], ["/new"], ["/new"]):
        oddities.check_publishers("/image", nodes)
    assert not said()
