# SPDX-License-Identifier: Apache-2.0
"""Quality of service: every publisher is heard, and a user can choose otherwise."""

import logging
import re

import pytest
from rcl_interfaces.srv import ListParameters
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from tips_ros.messages.conversions import image_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.replay.graph import RosSession
from tips_ros.ros.topics import qos

from .example_messages import header_at, picture
from .live_graph import until


@pytest.mark.parametrize("reliability", [ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE])
@pytest.mark.parametrize(
    "durability", [DurabilityPolicy.VOLATILE, DurabilityPolicy.TRANSIENT_LOCAL]
)
def test_images_of_any_publisher_are_heard(graph, reliability, durability):
    graph.listen("depth/image")
    profile = QoSProfile(depth=1, reliability=reliability, durability=durability)
    message = image_message(RCLPY_TYPES, header_at(1), picture(), "rgb8")
    graph.publish(message, "/image", profile)
    until(lambda: graph.received["depth/image"], "depth")


def test_qos_overrides_change_the_subscription(graph_with):
    name = "qos_overrides./image.subscription.reliability"
    graph = graph_with(input_height=112, input_width=112, **{name: "reliable"}).active()
    found = until(lambda: graph.probe.get_subscriptions_info_by_topic("/image"), "it to subscribe")
    assert found[0].qos_profile.reliability == ReliabilityPolicy.RELIABLE


def test_images_are_remapped_with_their_compressed_topic(graph_with):
    graph = graph_with(
        cli_args=["--ros-args", "-r", "image:=/front/image_raw"], image_transport="compressed"
    ).active()
    assert until(
        lambda: graph.probe.get_subscriptions_info_by_topic("/front/image_raw/compressed"),
        "the compressed topic below the remapped one",
    )


OWN = {"/rosout", "/parameter_events", "/tips/transition_event"}  # of rclpy, in every node


def overridable(graph) -> dict[str, set[str]]:
    """Policies of each topic that may be overridden: {"/image subscription": {"depth", …}, …}."""
    found: dict[str, set[str]] = {}
    for name in graph.node.get_parameters_by_prefix("qos_overrides"):
        topic, role, policy = name.rsplit(".", 2)
        found.setdefault(f"{topic} {role}", set()).add(policy)
    return found


def test_each_topic_has_overrides_of_its_quality_of_service(graph_with):
    graph = graph_with(input_height=112, input_width=112, cameras=["front", "rear"]).active()
    assert graph.set_prompts("door", "red cup").success
    found = overridable(graph)
    topics = {f"{p.topic_name} publisher" for p in graph.node.publishers if p.topic_name not in OWN}
    topics |= {
        f"{s.topic_name} subscription"
        for s in graph.node.subscriptions
        if s.topic_name not in {"/clock", "/parameter_events", "/tf", "/tf_static"}
    }
    assert {"/front/image subscription", "/tips/rear/points publisher"} <= topics
    assert {"/tips/rear/semantic/classes publisher", "/tips/front/depth/info publisher"} <= topics
    assert {"/tips/front/similarity/red_cup publisher"} <= topics
    lacking = {
        topic
        for topic in topics
        if not found.get(topic, set()) >= {"depth", "reliability", "durability"}
    }
    assert not lacking


def test_an_override_of_an_output_reaches_its_publisher(graph_with):
    name = "qos_overrides./tips/depth/image.publisher"
    graph = graph_with(
        input_height=112,
        input_width=112,
        **{f"{name}.reliability": "best_effort", f"{name}.depth": 2},
    ).active()
    (found,) = until(
        lambda: graph.probe.get_publishers_info_by_topic("/tips/depth/image"), "its publisher"
    )
    assert found.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    (publisher,) = [p for p in graph.node.publishers if p.topic_name == "/tips/depth/image"]
    assert publisher.qos_profile.depth == 2


class TestSilence:
    """The node's advice when no image comes."""

    @pytest.fixture
    def silent(self, graph_with):
        """Makes a graph, and a function that waits for what the node complains of."""
        said: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: said.append(record.getMessage())
        # Not by /rosout: of several contexts in a process, rcl serves it in one alone.
        logging.getLogger("tips_ros").addHandler(handler)

        def make(**parameters):
            graph = graph_with(
                input_height=112, input_width=112, silence_warning_s=0.0, **parameters
            )
            graph.active()

            def complaint(publishers: int = 0) -> str:
                topic = graph.camera.input.topic

                def known() -> bool:
                    # That there is one is known before whose it is.
                    found = graph.node.get_publishers_info_by_topic(topic)
                    names = [info.node_name for info in found]
                    return len(names) == publishers and "_NODE_NAME_UNKNOWN_" not in names

                until(known, "the publisher and its node")
                assert graph.set_parameter("silence_warning_s", 0.2).successful
                return until(
                    lambda: next((line for line in said if line.startswith("no image for")), ""),
                    "the node to say that no image comes",
                )

            return graph, complaint

        yield make
        logging.getLogger("tips_ros").removeHandler(handler)

    def test_of_a_topic_that_nobody_publishes_says_what_to_do(self, silent):
        _, complaint = silent()
        said = complaint()
        assert "on /image: nobody publishes it, and no images are published at all" in said
        assert "start the camera, or give both the same ROS_DOMAIN_ID" in said

    def test_of_one_of_several_cameras_names_that_one(self, silent):
        _, complaint = silent(cameras=["front"])
        assert "on /front/image: nobody publishes it" in complaint()

    @pytest.mark.parametrize(
        ("transport", "type_", "topic"),
        [("raw", CompressedImage, "/image/compressed"), ("compressed", Image, "/image")],
    )
    def test_of_a_camera_with_another_transport_names_the_parameter(
        self, silent, transport, type_, topic
    ):
        graph, complaint = silent(image_transport=transport)
        graph.probe.create_publisher(type_, topic, qos.output())
        until(lambda: graph.node.count_publishers(topic), "the publisher")
        other = "compressed" if transport == "raw" else "raw"
        said = complaint()
        assert f"{topic} is published" in said
        assert f"start the node with `-p image_transport:={other}`" in said

    @pytest.mark.parametrize("durability", ["volatile", "transient_local"])
    def test_of_a_publisher_that_fits_tells_it_and_its_quality(self, silent, durability):
        graph, complaint = silent()
        profile = QoSProfile(depth=1, durability=DurabilityPolicy[durability.upper()])
        graph.probe.create_publisher(Image, "/image", profile)
        said = complaint(publishers=1)
        assert f"published by probe (sensor_msgs/msg/Image, reliable, {durability})" in said
        assert "type and QoS fit, yet nothing comes" in said

    def test_of_a_publisher_of_another_type_says_which_one_is_expected(self, silent):
        graph, complaint = silent()
        # In a context of its own: one participant can't have two types on a topic.
        environment = {"ROS_DOMAIN_ID": str(graph.context.get_domain_id())}
        with RosSession("other", environment) as other:
            other.node.create_publisher(CompressedImage, "/image", qos.output())
            said = complaint(publishers=1)
        assert "published by other (sensor_msgs/msg/CompressedImage" in said
        assert "the node expects sensor_msgs/msg/Image" in said
        assert "start the node with `-p image_transport:=compressed`" in said

    def test_of_a_mismatch_names_the_parameter_and_the_value_that_ends_it(self, silent, graph_with):
        name = "qos_overrides./image.subscription.reliability"
        graph, complaint = silent(**{name: "reliable"})
        camera = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
        publisher = graph.probe.create_publisher(Image, "/image", camera)
        message = image_message(RCLPY_TYPES, header_at(1), picture(), "rgb8")
        graph.probe.create_timer(0.05, lambda: publisher.publish(message))
        said = complaint(publishers=1)
        assert "published by probe (sensor_msgs/msg/Image, best_effort, volatile)" in said
        assert said.endswith(
            f"the node asks for reliable, volatile: start it with `-p {name}:=best_effort`"
        )
        assert graph.camera.statistics.snapshot().received == 0

        advised = graph_with(input_height=112, input_width=112, **{name: "best_effort"}).active()
        advised.listen("depth/image")
        advised.publish(message, "/image", camera)
        until(lambda: advised.received["depth/image"], "depth, once the advice was taken")


def churned(graph, topic: str, keep: int = 0) -> None:
    """A publisher comes and goes, with its parameters; `keep` others of the topic stay."""
    node = graph.node
    publishers = [
        node.create_publisher(Image, topic, qos.output(), qos_overriding_options=qos.overridable())
        for _ in range(1 + keep)
    ]
    name = publishers[0].topic_name
    node.destroy_publisher(publishers[0])
    qos.forget_overrides(node, name)


def names_of(graph) -> set[str]:
    answer = graph.call(ListParameters, "/tips/list_parameters", ListParameters.Request())
    return set(answer.result.names)


def test_overrides_of_a_topic_that_is_gone_are_forgotten_however_many_come(graph_with):
    graph = graph_with(autostart=False)
    before = names_of(graph)
    for k in range(50):
        churned(graph, f"~/similarity/cup_{k}")
    assert names_of(graph) == before


def test_overrides_stay_as_long_as_a_publisher_of_the_topic_does(graph_with):
    graph = graph_with(autostart=False)
    churned(graph, "~/similarity/cup", keep=1)
    assert "qos_overrides./tips/similarity/cup.publisher.depth" in names_of(graph)


def test_what_a_user_overrides_counts_again_when_the_topic_comes_back(graph_with):
    name = "qos_overrides./far/cup.publisher.reliability"
    graph = graph_with(
        cli_args=["--ros-args", "-r", "/tips/similarity/cup:=/far/cup"],
        autostart=False,
        **{name: "best_effort"},
    )
    for _ in range(2):
        churned(graph, "~/similarity/cup")
        assert name not in names_of(graph)
    graph.node.create_publisher(
        Image, "~/similarity/cup", qos.output(), qos_overriding_options=qos.overridable()
    )
    (found,) = until(lambda: graph.probe.get_publishers_info_by_topic("/far/cup"), "it")
    assert found.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    assert not graph.set_parameter(name, "reliable").successful  # read-only, as ever


def test_overrides_of_a_subscription_are_forgotten_too(graph_with):
    graph = graph_with(autostart=False)
    before = names_of(graph)
    heard = graph.node.create_subscription(
        Image, "there", print, qos.output(), qos_overriding_options=qos.overridable()
    )
    topic = heard.topic_name
    assert names_of(graph) != before
    graph.node.destroy_subscription(heard)
    qos.forget_overrides(graph.node, topic, "subscription")
    assert names_of(graph) == before


@pytest.mark.parametrize(
    ("policy", "value"),
    [
        ("depth", 2.0),
        ("depth", -1),
        ("depth", "5"),
        ("depth", True),
        ("reliability", "relaible"),
        ("reliability", 1),
        ("durability", "latched"),
        ("history", "unknown"),
    ],
)
def test_an_override_that_can_t_be_is_refused_at_the_start_before_a_topic_meets_it(
    graph_with, policy, value
):
    name = f"qos_overrides./rear/image.subscription.{policy}"
    with pytest.raises(ValueError, match=re.escape(name)):
        graph_with(autostart=False, **{name: value})
