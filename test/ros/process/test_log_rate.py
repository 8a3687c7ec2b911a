# SPDX-License-Identifier: Apache-2.0
"""Nobody fills the node's log: not by the same thing again and again, nor by always another one."""

from __future__ import annotations

import logging

import pytest

from tips_ros.log_throttle import LogThrottle
from tips_ros.ros.process.log_forwarding import RosLogHandler
from tips_ros.ros.process.log_rate import LogRate


class Lines:
    """Stands for the logger of rclpy."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.error = self.warning = self.info = self.debug = self.lines.append


@pytest.fixture
def log():
    """A logger of the package's, and the lines that come of it."""
    logger, ros = logging.getLogger("tips_ros.test_log_rate"), Lines()
    handler = RosLogHandler(ros)
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, ros.lines
    logger.removeHandler(handler)


def test_the_same_text_comes_once_a_second():
    rate = LogRate()
    said = [t for t in range(50) if rate.admit("%s failed", "a failed", t / 10) is not None]
    assert said == [0, 10, 20, 30, 40]


def test_ever_other_texts_of_one_message_come_once_a_second_in_the_long_run():
    rate = LogRate()
    said = sum(rate.admit("%s failed", f"{i} failed", i / 200) is not None for i in range(20_000))
    assert said <= 8 + 100


def test_several_cameras_may_say_the_same_of_themselves_at_once():
    rate = LogRate()
    cameras = [f"no image on /{name}" for name in ("front", "left", "right", "rear")]
    assert [rate.admit("no image on %s", text, 0.0) for text in cameras] == [0] * 4


def test_what_was_withheld_is_told_with_the_next_one():
    rate = LogRate()
    for i in range(4):
        rate.admit("%s", "a", i / 10)
    assert rate.admit("%s", "a", 1.05) == 3


def test_names_from_outside_take_no_memory(log):
    rate, throttle = LogRate(), LogThrottle(log[0])
    for i in range(5000):
        rate.admit(f"{i}", f"{i}", i)
        throttle.warning(f"{i}", "frame %d", i)
    assert len(rate._buckets) <= 500 and len(rate._texts) <= 500 and len(throttle._said) <= 500


def test_a_flood_through_the_log_itself_ends_after_a_few_lines(log):
    logger, lines = log
    for i in range(3000):
        logger.warning("images on %s have an empty frame_id", i)
        logger.error("frame lost: %s", "always the same")
    assert 2 <= len(lines) <= 20


def test_a_text_from_outside_makes_no_second_line_and_no_colours(log):
    logger, lines = log
    logger.warning("frame_id %s", "a\n[FATAL] \x1b[31mgone")
    assert lines == [r"frame_id a\n[FATAL] \x1b[31mgone"]


def test_a_traceback_keeps_its_lines(log):
    logger, lines = log
    try:
        raise ValueError("bad\x1b[0m")
    except ValueError as error:
        logger.error("lost", exc_info=error)
    assert lines[0].startswith("lost\nTraceback") and "\x1b" not in lines[0]


def test_news_are_never_withheld(log):
    logger, lines = log
    logger.setLevel(logging.INFO)
    for _ in range(30):
        logger.info("active")
    assert lines == ["active"] * 30
