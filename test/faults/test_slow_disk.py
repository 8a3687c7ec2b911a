# SPDX-License-Identifier: Apache-2.0
"""A recording whose disk stands still: what waits is bounded, and the newest is kept."""

from __future__ import annotations

import time

import pytest
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from tips_ros.bags import BagReader, BagWriter
from tips_ros.replay.domain import own_graph_environment
from tips_ros.replay.graph import RosSession
from tips_ros.replay.recorder import Recorder

from ..ros.live_graph import until
from .standing_disk import StandingDisk

pytestmark = pytest.mark.live

IMAGE = "sensor_msgs/msg/Image"
WAITING = 10  # messages that the recorder's subscription keeps


def test_a_recording_keeps_the_newest_in_order_and_goes_on_when_the_disk_does(
    tmp_path, monkeypatch
):
    disk = StandingDisk()
    session = RosSession("slow_disk", own_graph_environment())
    with session as graph, BagWriter(tmp_path / "bag") as writer:
        monkeypatch.setattr(writer, "write", disk.before(writer.write))
        recorder = Recorder(graph.node, {"/image": IMAGE}, writer)
        publisher = graph.node.create_publisher(Image, "/image", QoSProfile(depth=200))
        until(publisher.get_subscription_count, "the recorder")
        for sec in range(100):
            publisher.publish(image(sec))
            time.sleep(0.01)
        assert disk.asked.is_set() and recorder.counts["/image"] == 0
        disk.goes.set()
        until(lambda: recorder.quiet_s() > 0.5 and recorder.counts["/image"], "what waited")
        waited = recorder.counts["/image"]
        assert 1 + 1 <= waited <= 1 + WAITING, "the one at hand, and the last few"
        for sec in range(100, 105):
            publisher.publish(image(sec))
            until(lambda sec=sec: recorder.counts["/image"] == waited + sec - 99, f"{sec}")
        recorder.close()
        assert recorder.error is None
    with BagReader(tmp_path / "bag") as reader:
        secs = [reader.deserialize(m).header.stamp.sec for m in reader.messages()]
    assert secs == sorted(secs) and secs[-5:] == list(range(100, 105))
    assert secs[0] == 0 and secs[1:-5] == list(range(100 - waited + 1, 100)), "the newest"


def image(sec: int) -> Image:
    message = Image(height=400, width=400, encoding="mono8", step=400, data=bytes(160_000))
    message.header.stamp.sec = sec
    return message
