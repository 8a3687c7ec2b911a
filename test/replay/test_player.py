# SPDX-License-Identifier: Apache-2.0
"""A bag played into a live graph: nothing lost, nothing changed, with the QoS it was recorded."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.typesys import get_types_from_msg
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import String

from tips_ros.bags import BagError, BagReader, BagWriter, TopicInfo, default_typestore
from tips_ros.replay.domain import own_graph_environment
from tips_ros.replay.graph import RosSession
from tips_ros.replay.player import BagPlayer, offered_qos

from ..ros.live_graph import PATIENCE_S, until

pytestmark = pytest.mark.live

PERIOD_NS = 5_000_000
START_NS = 1_700_000_000 * 10**9
INFO, NAME, UNKNOWN = "/camera/camera_info", "/name", "/unknown"
FRAMES = 8
BEST_EFFORT = QoSProfile(depth=50, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=50)
LATCHED = QoSProfile(depth=50, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture(scope="module")
def bag(tmp_path_factory) -> Path:
    """Two latched names, eight CameraInfos, and a message of a type nobody has installed."""
    path = tmp_path_factory.mktemp("bags") / "bag"
    store = default_typestore()
    store.register(get_types_from_msg("int32 x", "no_such_msgs/msg/Nothing"))
    with BagWriter(path, typestore=store) as writer:
        writer.add_topic(INFO, "sensor_msgs/msg/CameraInfo")
        writer.add_topic(NAME, "std_msgs/msg/String", latched=True)
        writer.add_topic(UNKNOWN, "no_such_msgs/msg/Nothing")
        for text in ("first", "second"):
            writer.write(NAME, START_NS, store.types["std_msgs/msg/String"](text))
        writer.write(UNKNOWN, START_NS, store.types["no_such_msgs/msg/Nothing"](1))
        for index in range(FRAMES):
            writer.write(INFO, stamp_ns(index), camera_info(store.types, stamp_ns(index)))
    return path


def stamp_ns(index: int) -> int:
    return START_NS + index * PERIOD_NS


def camera_info(types, ns: int):
    header = types["std_msgs/msg/Header"](
        types["builtin_interfaces/msg/Time"](*divmod(ns, 10**9)), "camera"
    )
    k, p = np.zeros(9), np.zeros(12)
    roi = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    return types["sensor_msgs/msg/CameraInfo"](
        header, 3, 4, "plumb_bob", np.zeros(5), k, k, p, 0, 0, roi
    )


@pytest.fixture
def graph():
    with RosSession("test_player", own_graph_environment()) as graph:
        yield graph


@pytest.fixture
def reader(bag: Path):
    with BagReader(bag) as reader:
        yield reader


def recorded(reader: BagReader, topic: str) -> list[bytes]:
    return [message.data for message in reader.messages([topic])]


def test_every_message_arrives_byte_for_byte_in_its_order(graph, reader):
    got: list[bytes] = []
    graph.node.create_subscription(CameraInfo, INFO, got.append, RELIABLE, raw=True)
    player = BagPlayer(graph.node, reader, [INFO])
    assert player.wait_for_subscribers({INFO: 1}, PATIENCE_S) == []
    assert player.play() == FRAMES == player.counts[INFO]
    until(lambda: len(got) == FRAMES, "all messages")
    assert got == recorded(reader, INFO)


def test_a_best_effort_subscriber_of_another_participant_gets_the_first_message(reader):
    environment = own_graph_environment()
    with RosSession("listener", environment) as far, RosSession("player", environment) as near:
        got: list[CameraInfo] = []
        far.node.create_subscription(CameraInfo, INFO, got.append, BEST_EFFORT)
        player = BagPlayer(near.node, reader, [INFO])
        assert player.wait_for_subscribers({INFO: 1}, PATIENCE_S) == []
        player.play()
        until(lambda: got, "a message")
        assert got[0].header.stamp.nanosec == 0


def test_a_late_subscriber_gets_all_that_was_latched(graph, reader):
    player = BagPlayer(graph.node, reader, [NAME])
    player.play()
    got: list[String] = []
    graph.node.create_subscription(String, NAME, got.append, LATCHED)
    until(lambda: len(got) == 2, "both latched messages")
    assert [message.data for message in got] == ["first", "second"]


def test_a_topic_can_be_played_under_another_name(graph, reader):
    got: list[CameraInfo] = []
    graph.node.create_subscription(CameraInfo, "/front/camera_info", got.append, RELIABLE)
    player = BagPlayer(graph.node, reader, {INFO: "/front/camera_info"})
    assert player.live_topics == {INFO: "/front/camera_info"}
    player.wait_for_subscribers({"/front/camera_info": 1}, PATIENCE_S)
    player.play()
    until(lambda: len(got) == FRAMES, "all messages")


def test_a_type_that_is_not_installed_is_left_out_and_said_in_one_line(graph, reader, caplog):
    caplog.set_level("INFO")
    player = BagPlayer(graph.node, reader)
    assert set(player.live_topics) == {INFO, NAME}
    said = [record.getMessage() for record in caplog.records if UNKNOWN in record.getMessage()]
    assert said == [f"{UNKNOWN} is not played: no_such_msgs/msg/Nothing is not installed"]
    assert player.play() == FRAMES + 2


def test_when_each_stamp_was_published_is_kept(graph, reader):
    player = BagPlayer(graph.node, reader)
    began_ns = time.monotonic_ns()
    player.play()
    log = player.published[INFO]
    assert log.stamps_ns.tolist() == [stamp_ns(index) for index in range(FRAMES)]
    times = log.times_ns.tolist()
    assert times == sorted(times) and began_ns <= times[0] and times[-1] <= time.monotonic_ns()
    assert NAME not in player.published  # a String has no stamp


def test_the_clock_tells_the_time_of_the_bag(graph, reader):
    got: list[int] = []

    def on_clock(message: Clock) -> None:
        got.append(message.clock.sec * 10**9 + message.clock.nanosec)

    graph.node.create_subscription(Clock, "/clock", on_clock, RELIABLE)
    player = BagPlayer(graph.node, reader, clock=True)
    until(lambda: graph.node.count_publishers("/clock"), "the clock")
    player.wait_for_subscribers({}, PATIENCE_S)
    player.play()
    until(lambda: got and got[-1] == stamp_ns(FRAMES - 1), "the last time")
    assert got == sorted(got) and got[0] >= START_NS


def test_a_loop_goes_on_until_it_is_stopped(graph, reader):
    player = BagPlayer(graph.node, reader, [INFO], rate=1000.0, loop=True)
    thread = threading.Thread(target=player.play)
    thread.start()
    until(lambda: player.counts[INFO] > 3 * FRAMES, "the fourth round")
    player.stop()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_waiting_for_a_subscriber_that_never_comes_ends_and_names_the_topic(graph, reader):
    player = BagPlayer(graph.node, reader)
    assert player.wait_for_subscribers({INFO: 1, "/not_played": 1}, 0.05) == [INFO]


def test_a_stopped_player_plays_nothing(graph, reader):
    player = BagPlayer(graph.node, reader)
    player.stop()
    assert player.play() == 0


def test_a_topic_that_is_not_in_the_bag_is_refused(graph, reader):
    with pytest.raises(BagError, match="no topic /nowhere"):
        BagPlayer(graph.node, reader, ["/nowhere"])


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_that_leads_nowhere_is_refused(graph, reader, rate: float):
    with pytest.raises(ValueError, match="above 0"):
        BagPlayer(graph.node, reader, rate=rate)


def topic(name: str, qos: Qos | None = None, count: int = 3) -> TopicInfo:
    return TopicInfo(name, "sensor_msgs/msg/Image", count, qos)


def recorded_qos(reliability: QosReliability, depth: int = 7) -> Qos:
    zero = QosTime(0, 0)
    return Qos(
        QosHistory.KEEP_LAST,
        depth,
        reliability,
        QosDurability.VOLATILE,
        zero,
        zero,
        QosLiveliness.AUTOMATIC,
        zero,
        False,
    )


def test_the_qos_that_was_recorded_is_offered_again():
    offered = offered_qos(topic("/image", recorded_qos(QosReliability.BEST_EFFORT)))
    assert (offered.reliability, offered.depth) == (ReliabilityPolicy.BEST_EFFORT, 7)


def test_a_bag_without_qos_is_played_reliably():
    offered = offered_qos(topic("/image"))
    assert offered.reliability == ReliabilityPolicy.RELIABLE
    assert offered.durability == DurabilityPolicy.VOLATILE


def test_static_transforms_are_latched_even_when_the_bag_does_not_say_so():
    offered = offered_qos(topic("/robot/tf_static", count=12))
    assert (offered.durability, offered.depth) == (DurabilityPolicy.TRANSIENT_LOCAL, 12)
