# SPDX-License-Identifier: Apache-2.0
"""Other processes take what is published, and are gone afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.messages.conversions import image_message
from tips_ros.messages.outputs import DEFAULT_TOPICS
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.replay import subscribers as audience
from tips_ros.replay.subscribers import Audience


def test_two_listeners_come_and_go(monkeypatch: pytest.MonkeyPatch):
    started = []
    popen = audience.subprocess.Popen
    monkeypatch.setattr(
        audience.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1]
    )
    header = RCLPY_TYPES.message("std_msgs/msg/Header")()
    depth = image_message(RCLPY_TYPES, header, np.ones((4, 6), np.float32), "32FC1")
    with Audience(2) as listeners:
        listeners.publish(DEFAULT_TOPICS[0], depth)
        assert [process.poll() for process in started] == [None, None]
    assert None not in [process.poll() for process in started]


def test_listeners_that_end_at_once_are_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audience.sys, "executable", "/bin/false")
    with pytest.raises(RuntimeError, match="tips_ros doctor"), Audience(1):
        pass
