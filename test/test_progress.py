# SPDX-License-Identifier: Apache-2.0
"""Long work tells how far it is: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import fcntl
import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading

import pytest

from tips_ros import progress
from tips_ros.progress import WorkProgress

_SOON = """
import logging, sys, time
from tips_ros import progress
progress.show_bars()
logging.basicConfig(format="tips_ros: %(message)s", level=logging.INFO,
                    handlers=[progress.LogHandler()])
progress.FIRST_S = 0.2
with progress.WorkProgress("building", 4, "part") as work:
    for part in range(4):
        work.note(f"part {part}")
        time.sleep(0.6)
        work.update()
progress.say("built")
"""


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "FIRST_S", 0.0)
    monkeypatch.setattr(progress, "EVERY_S", (0.0, 0.0))
    monkeypatch.setattr(progress, "_TICK_S", 0.01)


def lines(caplog: pytest.LogCaptureFixture, work: WorkProgress) -> list[str]:
    """The lines told within a while, the last one of how things are now."""
    enough = len(caplog.messages) + 2  # the next one may have been begun before
    for _ in range(500):
        if len(caplog.messages) >= enough:
            break
        threading.Event().wait(0.01)
    work.close()
    return caplog.messages


def test_a_line_says_what_and_how_far(soon: None, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    work = WorkProgress("building", 5, "part")
    work.note("depth")
    work.update(2)
    assert any(line.startswith("building: 2 of 5 parts, depth, ") for line in lines(caplog, work))


def test_work_of_unknown_length_is_told_by_its_time(soon: None, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    assert "reading: 0 s so far" in lines(caplog, WorkProgress("reading"))


def test_short_work_says_nothing(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    before = threading.active_count()
    with WorkProgress("building", 2) as work:
        work.update(2)
    assert not caplog.messages and threading.active_count() == before


def test_bytes_are_told_in_megabytes(soon: None, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    work = WorkProgress("downloading", 439_000_000, "B")
    work.update(100_000_000)
    assert any("downloading: 100 MB of 439 MB" in line for line in lines(caplog, work))


def test_where_there_is_no_terminal_there_are_lines_and_no_bar():
    done = subprocess.run([sys.executable, "-c", _SOON], capture_output=True, text=True)
    assert done.stdout == "built\n"
    told = done.stderr.splitlines()
    assert told and all(line.startswith("tips_ros: building: ") for line in told)
    assert "\r" not in done.stderr


_BELOW = """
import sys, time
from tips_ros import progress
progress.show_bars()
with progress.WorkProgress("waiting", delay_s=0.2):
    time.sleep(1.2)
print("between", file=sys.stderr)
with progress.WorkProgress("playing", 4, "frame") as work:
    for part in range(4):
        work.show_below(["depth %d m" % part, "classes " + "wall " * 40])
        time.sleep(0.6)
        work.update()
print("built")
"""


def rows_of(shown: bytes) -> list[str]:
    """The lines on the screen of a terminal that was sent this."""
    rows, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[A|\r|\n|[^\x1b\r\n]", shown.decode()):
        if part == "\x1b[A":
            row -= 1
        elif part == "\r":
            column = 0
        elif part == "\n":
            row += 1
            rows += [""] * (row == len(rows))
        else:
            line = rows[row].ljust(column)
            rows[row], column = line[:column] + part + line[column + 1 :], column + 1
    return [line.rstrip() for line in rows]


def shown_on_a_terminal(rows: int, columns: int, program: str = _SOON) -> bytes:
    """The text that appears on a terminal that tells this size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    done = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the terminal's other side is closed
            break
        if not part:
            break
        shown += part
    assert done.communicate()[0].endswith(b"built\n") and done.returncode == 0
    os.close(ours)
    return shown


def test_on_a_terminal_there_is_a_bar():
    shown = shown_on_a_terminal(24, 80)
    assert b"building" in shown and b"4/4" in shown and b"\r" in shown
    assert b"tips_ros: building" not in shown


@pytest.mark.parametrize("size", [(0, 0), (0, 80), (1, 80)])
def test_a_terminal_that_hides_bars_gets_lines(size: tuple[int, int]):
    """As that of a container or a recording, which often tells no size."""
    assert b"tips_ros: building: " in shown_on_a_terminal(*size)


def test_a_forecast_comes_once_there_is_enough_to_make_it_of(
    soon: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(progress, "EVERY_S", (0.05, 0.05))
    work = WorkProgress("reading", 40, "image")
    for _ in range(20):
        work.update()
        threading.Event().wait(0.05)
    told = lines(caplog, work)
    few = [line for line in told if re.match(r"reading: \d of ", line)]
    many = [line for line in told if re.match(r"reading: 1[1-9] of ", line)]
    assert few and not any("to go" in line for line in few)
    assert many and all(re.search(r"about \d+ s to go$", line) for line in many)


def test_lines_below_a_bar_are_cut_to_the_terminal_and_gone_with_it():
    shown = shown_on_a_terminal(24, 60, _BELOW)
    assert b"depth 2 m" in shown
    widest = max(re.findall(rb"classes [wall ]+", shown), key=len)
    assert 40 < len(widest) < 60
    left = rows_of(shown)
    assert not any("depth" in line or "classes" in line for line in left)
    assert sum("playing: 100%" in line for line in left) == 1


def test_a_bar_that_came_late_leaves_its_line_to_itself():
    shown = shown_on_a_terminal(24, 60, _BELOW)
    assert b"waiting: 00:0" in shown
    assert "between" in rows_of(shown)


def test_without_a_terminal_there_are_no_lines_below():
    done = subprocess.run([sys.executable, "-c", _BELOW], capture_output=True, text=True)
    assert "depth" not in done.stderr and done.stdout == "built\n"
