# SPDX-License-Identifier: Apache-2.0
"""A place in the graph is left cleanly, wherever its program was interrupted."""

from __future__ import annotations

import pytest
from rclpy.executors import Executor
from std_msgs.msg import String

from tips_ros.replay.graph import RosSession

pytestmark = pytest.mark.live


def test_an_interrupt_while_a_subscription_is_made_stays_an_interrupt(monkeypatch):
    """It leaves half a subscription, which rclpy can't take apart."""
    wake = Executor.wake

    def interrupted(executor):
        monkeypatch.setattr(Executor, "wake", wake)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), RosSession("interrupted") as session:
        session.node.create_subscription(String, "before", print, 10)
        monkeypatch.setattr(Executor, "wake", interrupted)
        session.node.create_subscription(String, "half_made", print, 10)
    assert not session.context.ok()
