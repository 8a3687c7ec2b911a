# SPDX-License-Identifier: Apache-2.0
"""The view beside a demonstration: its words come through ours, those of the node's life do not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tips_ros.demo.live_view import LiveView

_SAYS = """
import sys
print("http://127.0.0.1:9090/  shows it; Ctrl-C ends", flush=True)
print("tips_ros: /tips is not there; start tips_node, or name it by --node", file=sys.stderr)
print("tips_ros: /tips is there", file=sys.stderr)
print("tips_ros: port 9090 of 127.0.0.1 is in use", file=sys.stderr)
"""


@pytest.fixture
def talking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LiveView:
    """A view that says a few lines and ends."""
    (tmp_path / "python").write_text(f"#!/bin/sh\nexec {sys.executable} -c '{_SAYS}'\n")
    os.chmod(tmp_path / "python", 0o755)
    monkeypatch.setattr("tips_ros.demo.live_view.sys.executable", str(tmp_path / "python"))
    return LiveView()


def test_where_it_is_and_what_is_wrong_is_passed_on_and_nothing_else(
    talking: LiveView, capsys: pytest.CaptureFixture[str]
):
    with talking as view:
        view.start({})
        view.wait()
    told = capsys.readouterr().out
    assert told.splitlines() == [
        "http://127.0.0.1:9090/  shows it; Ctrl-C ends",
        "tips_ros: port 9090 of 127.0.0.1 is in use",
    ]


def test_a_view_that_was_never_started_is_nothing_to_wait_for():
    with LiveView() as view:
        view.wait()
