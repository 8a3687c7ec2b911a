# SPDX-License-Identifier: Apache-2.0
"""Published messages are in the bag, as they were; what cannot be recorded is told."""

import errno
import time

import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import String

from tips_ros.bags import BagReader, BagWriter
from tips_ros.replay.domain import own_graph_environment
from tips_ros.replay.graph import RosSession
from tips_ros.replay.recorder import Recorder

from ..ros.live_graph import until

pytestmark = pytest.mark.live

IMAGE, STRING = "sensor_msgs/msg/Image", "std_msgs/msg/String"
QOS = QoSProfile(depth=50)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture
def graph():
    with RosSession("test_recorder", own_graph_environment()) as graph:
        yield graph


def image(sec: int) -> Image:
    message = Image(height=2, width=3, encoding="mono8", step=3, data=list(range(6)))
    message.header.stamp.sec = sec
    message.header.frame_id = "camera"
    return message


def publisher_of(graph: RosSession, type_: type, topic: str, qos: QoSProfile = QOS):
    """A publisher that the recorder's subscription has matched."""
    publisher = graph.node.create_publisher(type_, topic, qos)
    until(publisher.get_subscription_count, f"a subscriber of {topic}")
    return publisher


def test_what_is_published_is_in_the_bag_byte_for_byte(graph, tmp_path):
    # Serialised once: the padding between fields is whatever was in memory.
    sent = [serialize_message(image(sec)) for sec in range(5)]
    with BagWriter(tmp_path / "bag") as writer:
        recorder = Recorder(graph.node, {"/image": IMAGE}, writer)
        publisher = publisher_of(graph, Image, "/image")
        for message in sent:
            publisher.publish(message)
        until(lambda: recorder.counts["/image"] == len(sent), "all images")
        recorder.close()
    with BagReader(tmp_path / "bag") as reader:
        assert [m.data for m in reader.messages()] == sent
        assert reader.topics["/image"].type == IMAGE


def test_when_each_stamp_arrived_is_kept_for_types_with_a_header(graph, tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        recorder = Recorder(graph.node, {"/image": IMAGE, "/text": STRING}, writer)
        images = publisher_of(graph, Image, "/image")
        texts = publisher_of(graph, String, "/text")
        began_ns = time.monotonic_ns()
        images.publish(image(3))
        images.publish(image(4))
        texts.publish(String(data="x"))
        until(lambda: recorder.counts.total() == 3, "all messages")
        recorder.close()
    assert recorder.arrived["/image"].stamps_ns.tolist() == [3 * 10**9, 4 * 10**9]
    times = recorder.arrived["/image"].times_ns.tolist()
    assert began_ns <= times[0] <= times[1] <= time.monotonic_ns()
    assert "/text" not in recorder.arrived


def test_what_was_latched_before_the_recording_is_in_it_and_stays_latched(graph, tmp_path):
    publisher = graph.node.create_publisher(String, "/classes", LATCHED)
    publisher.publish(String(data="wall, floor"))
    with BagWriter(tmp_path / "bag") as writer:
        recorder = Recorder(graph.node, {"/classes": STRING}, writer, qos={"/classes": LATCHED})
        until(lambda: recorder.counts["/classes"], "the latched message")
        recorder.close()
    with BagReader(tmp_path / "bag") as reader:
        assert reader.topics["/classes"].latched


def test_a_type_that_is_not_installed_is_left_out_and_said_in_one_line(graph, tmp_path, caplog):
    caplog.set_level("INFO")
    writer = BagWriter(tmp_path / "bag")
    recorder = Recorder(graph.node, {"/image": IMAGE, "/x": "no_such_msgs/msg/Nothing"}, writer)
    assert list(recorder.topics) == ["/image"]
    said = [r.getMessage() for r in caplog.records if "/x" in r.getMessage()]
    assert said == ["/x is not recorded: no_such_msgs/msg/Nothing is not installed"]
    recorder.close()
    writer.abort()


def test_a_full_disk_ends_the_recording_and_is_told(graph, tmp_path):
    class FullDisk(BagWriter):
        def write(self, name, stamp_ns, message):
            raise OSError(errno.ENOSPC, "No space left on device")

    writer = FullDisk(tmp_path / "bag")
    recorder = Recorder(graph.node, {"/image": IMAGE}, writer)
    publisher = publisher_of(graph, Image, "/image")
    publisher.publish(image(1))
    publisher.publish(image(2))
    assert "No space left" in str(until(lambda: recorder.error, "the error"))
    assert recorder.counts["/image"] == 0
    recorder.close()
    writer.abort()


def test_nothing_is_written_once_it_is_closed(graph, tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        recorder = Recorder(graph.node, {"/image": IMAGE}, writer)
        seen: list[Image] = []
        graph.node.create_subscription(Image, "/image", seen.append, QOS)
        publisher = graph.node.create_publisher(Image, "/image", QOS)
        until(lambda: publisher.get_subscription_count() == 2, "both subscribers")
        publisher.publish(image(1))
        until(lambda: recorder.counts["/image"] == 1, "the first image")
        recorder.close()
        publisher.publish(image(2))
        until(lambda: len(seen) == 2, "the second image")
    assert recorder.counts["/image"] == 1


def test_a_publisher_that_is_missing_is_named(graph, tmp_path):
    graph.node.create_publisher(Image, "/image", QOS)
    writer = BagWriter(tmp_path / "bag")
    recorder = Recorder(graph.node, {"/image": IMAGE, "/text": STRING}, writer)
    until(lambda: graph.node.count_publishers("/image"), "the publisher of /image")
    assert recorder.wait_for_publishers(["/image", "/text"], 0.05) == ["/text"]
    recorder.close()
    writer.abort()
