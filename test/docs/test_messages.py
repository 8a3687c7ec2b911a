# SPDX-License-Identifier: Apache-2.0
"""Every warning and error has a cause and a remedy in docs/messages.md, and none floods the log."""

from __future__ import annotations

import ast
import logging
from pathlib import Path

import pytest

from . import message_catalogue

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "messages.md"


@pytest.fixture
def catalogue():
    """The program that writes the page."""
    return message_catalogue


def test_the_page_has_the_messages_of_the_code(catalogue):
    page = PAGE.read_text(encoding="utf-8")
    again = "python test/docs/message_catalogue.py --write docs/messages.md"
    assert tuple(row.message for row in catalogue.rows_of(page)) == catalogue.messages(), again
    assert catalogue.write(page) == page, again


def test_each_has_a_cause_and_a_remedy(catalogue):
    rows = catalogue.rows_of(PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 60
    assert [row.message for row in rows if not (row.cause and row.remedy)] == []


def test_a_new_message_is_found_and_has_no_remedy_yet(catalogue, monkeypatch):
    new = catalogue.Message("ros/new.py", "WARN", "… is new")
    before = catalogue.messages()
    monkeypatch.setattr(catalogue, "messages", lambda: tuple(sorted([*before, new])))
    (row,) = [r for r in catalogue.rows_of(catalogue.write(PAGE.read_text())) if r.message == new]
    assert row.cause == row.remedy == ""


@pytest.mark.parametrize(
    "line",
    [
        'logger.warning("%s is odd", name)',
        'logger.warning(f"{name} is odd")',
        'self._throttle.warning(name, "%s is odd", name)',
    ],
)
def test_a_message_without_a_fix_is_seen_however_it_is_logged(catalogue, monkeypatch, line):
    (call,) = [node for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Call)]
    new = catalogue._message("ros/new.py", call)
    assert new == catalogue.Message("ros/new.py", "WARN", "… is odd")
    before = catalogue.messages()
    monkeypatch.setattr(catalogue, "messages", lambda: tuple(sorted([*before, new])))
    page = PAGE.read_text(encoding="utf-8")
    assert catalogue.write(page) != page
    rows = catalogue.rows_of(catalogue.write(page))
    assert [row.message for row in rows if not (row.cause and row.remedy)] == [new]


@pytest.mark.parametrize(
    "tell",
    [
        lambda logger, i: logger.warning("a frame is odd"),
        lambda logger, i: logger.warning("frame %d is odd", i),
        lambda logger, i: logger.warning("%s is no class", f"a client's text {i}"),
    ],
    ids=["with each frame", "with a number", "a client's text"],
)
def test_what_is_logged_without_a_throttle_does_not_fill_the_log(tell):
    pytest.importorskip("rclpy")
    from tips_ros.ros.process.log_forwarding import RosLogHandler

    lines: list[str] = []

    class Ros:
        error = warning = info = debug = staticmethod(lines.append)

    logger, handler = logging.getLogger("tips_ros.test_hostile"), RosLogHandler(Ros())
    logger.addHandler(handler)
    logger.propagate = False
    try:
        for i in range(3000):
            tell(logger, i)
    finally:
        logger.removeHandler(handler)
    assert 1 <= len(lines) <= 20


def test_none_is_written_more_than_once_a_second_in_the_long_run(catalogue):
    pytest.importorskip("rclpy")
    from tips_ros.ros.process.log_forwarding import RosLogHandler
    from tips_ros.ros.process.log_rate import LogRate

    lines: list[str] = []

    class Ros:
        error = warning = info = debug = staticmethod(lines.append)

    rows = [message for message in catalogue.messages() if message.level in ("WARN", "ERROR")]
    handler = RosLogHandler(Ros())
    logger = logging.getLogger("tips_ros.test_messages")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        for message in rows:
            level = logging.WARNING if message.level == "WARN" else logging.ERROR
            lines.clear()
            for i in range(300):  # ever other texts, in no time
                logger.log(level, message.file + " " + message.text.replace("%", "%%") + "%d", i)  # noqa: G003
            assert 1 <= len(lines) <= 12, message
    finally:
        logger.removeHandler(handler)
    rate = LogRate()
    ten_minutes = [rate.admit("m", f"text {i}", i / 30) for i in range(600 * 30)]
    assert sum(withheld is not None for withheld in ten_minutes) <= 600 + 10
