# SPDX-License-Identifier: Apache-2.0
"""Texts from outside do nothing to the log or the terminal that shows them."""

from __future__ import annotations

import pytest

from tips_ros.texts.printable import printable


@pytest.mark.parametrize("text", ["", "images on /cam", "Tür 杯 ☕", "a\u200db", "1.5 °C"])
def test_what_people_write_stays_as_it_is(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b[31mroot", r"\x1b[2J\x1b[31mroot"),
        ("cam\n[ERROR] all is lost", r"cam\n[ERROR] all is lost"),
        ("a\r\0\x7f", r"a\r\x00\x7f"),
        ("a\u2028b\u202ec", r"a\u2028b\u202ec"),
        ("\x9b2J", r"\x9b2J"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_would_move_a_cursor_or_end_a_line_is_spelt(text, shown):
    assert printable(text) == shown
    printable(text).encode()


def test_line_breaks_of_a_traceback_stay_where_they_are_asked_for():
    assert printable("a\n\x1bb", keep="\n") == "a\n\\x1bb"


def test_an_endless_text_ends():
    assert len(printable("x" * 10**6)) < 5000
