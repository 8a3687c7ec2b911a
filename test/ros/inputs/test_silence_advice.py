# SPDX-License-Identifier: Apache-2.0
"""Advice on silent inputs: whoever types it gets images, whatever is published where."""

import itertools
import re

import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.topic_endpoint_info import TopicEndpointInfo

from tips_ros.ros.inputs.silence_advice import (
    Setting,
    advise_on_camera_info,
    advise_on_images,
    heard_topic,
    other_setting,
)
from tips_ros.ros.inputs.topics import CAMERA_INFO, IMAGE_TYPES, image_topics
from tips_ros.ros.topics import qos

RAW, COMPRESSED = IMAGE_TYPES["raw"], IMAGE_TYPES["compressed"]
RELIABLE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
TOPICS = ("/image", "/image/compressed", "/cam/image_raw", "/cam/image_raw/compressed", "/cam/jpeg")
KINDS = (None, RAW, COMPRESSED, "other_msgs/msg/Thing")


@pytest.fixture(autouse=True)
def ros2(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Programs of ROS on PATH; the test may change them."""
    there = ["ros2"]
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}" if name in there else None)
    return there


def publisher(type_: str, profile: QoSProfile = RELIABLE) -> TopicEndpointInfo:
    return TopicEndpointInfo(
        node_name="camera", node_namespace="/", topic_type=type_, qos_profile=profile
    )


def graph_of(**types: str):
    """{"/a/b": [publisher]} of keywords as `a__b`."""
    return {"/" + name.replace("__", "/"): [publisher(kind)] for name, kind in types.items()}


def advice(setting: Setting, graph, camera: str = "", asked: QoSProfile | None = None) -> str:
    topic = heard_topic(setting, graph) or image_topics(*setting)[0]
    return advise_on_images(camera, setting, topic, asked or qos.sensor_input(), graph)


def followed(setting: Setting, said: str) -> Setting:
    """The setting of somebody who types what stands in backquotes."""
    typed = re.search(r"`(-[rp] .*?)`", said)
    assert typed, said
    base, transport = setting
    for option, assignment in re.findall(r"(-[rp]) (\S+)", typed.group(1)):
        name, _, value = assignment.partition(":=")
        assert (option, name.rpartition("/")[2]) in (("-r", "image"), ("-p", "image_transport"))
        base, transport = (value, transport) if option == "-r" else (base, value)
    return Setting(base, transport)


@pytest.mark.parametrize("transport", IMAGE_TYPES)
@pytest.mark.parametrize("base", ["/image", "/cam/image_raw", "/cam/image_raw/compressed"])
def test_who_follows_the_advice_gets_images_at_once_whatever_is_published(base, transport):
    setting = Setting(base, transport)
    advised = 0
    for kinds in itertools.product(KINDS, repeat=len(TOPICS)):
        published = dict(zip(TOPICS, kinds, strict=True))
        graph = {topic: [publisher(kind)] for topic, kind in published.items() if kind}
        said = advice(setting, graph)
        if heard_topic(setting, graph):
            assert "type and QoS fit" in said
        elif {RAW, COMPRESSED}.isdisjoint(kinds):
            assert "no images are published at all" in said
        else:
            then = followed(setting, said)
            assert then != setting
            assert heard_topic(then, graph), (graph, said)
            advised += 1
    assert advised > 100


def test_the_transport_of_the_same_camera_is_advised_before_another_camera():
    graph = graph_of(image__compressed=COMPRESSED, other=RAW)
    assert other_setting(Setting("/image", "raw"), graph) == Setting("/image", "compressed")


def test_the_nearest_topic_is_named_first_and_the_others_after_it():
    graph = graph_of(front__color__image_raw=RAW, rear__image_raw=RAW, front__left=COMPRESSED)
    said = advice(Setting("/front/color/image", "raw"), graph)
    assert "`-r image:=/front/color/image_raw` (ros2 launch: image:=/front/color/image_raw)" in said
    assert said.endswith("other images: /front/left, /rear/image_raw")


def test_who_has_no_ros2_is_not_told_to_launch(ros2: list[str]):
    ros2.clear()
    said = advice(Setting("/image", "raw"), graph_of(cam__image_raw=RAW))
    assert "`-r image:=/cam/image_raw`" in said and "ros2" not in said
    graph = graph_of(cam__camera_info=CAMERA_INFO)
    said = advise_on_camera_info("", "/image", "/camera_info", qos.sensor_input(), graph)
    assert "start the node with `-r camera_info:=/cam/camera_info`" in said and "ros2" not in said


def test_depth_images_are_no_camera_to_those_who_did_not_ask_for_one():
    graph = graph_of(cam__depth__image_rect_raw=RAW, cam__color__compressedDepth=COMPRESSED)
    assert "no images are published at all" in advice(Setting("/image", "raw"), graph)


def test_one_of_several_cameras_is_named_in_what_is_typed():
    said = advice(Setting("/front/image", "raw"), graph_of(f__jpeg=COMPRESSED), camera="front")
    assert "`-r front/image:=/f/jpeg -p front.image_transport:=compressed`" in said
    assert "front=/f/jpeg in cameras" in said


def test_images_of_a_plugin_s_transport_are_republished_by_the_plugin():
    graph = graph_of(cam__image_raw__theora="theora_image_transport/msg/Packet", other=RAW)
    said = advice(Setting("/cam/image_raw", "raw"), graph)
    assert "-p in_transport:=theora -p out_transport:=raw" in said
    assert "-r in/theora:=/cam/image_raw/theora -r out:=/cam/image_raw" in said


@pytest.mark.parametrize(
    ("asked", "offered", "typed"),
    [
        (RELIABLE, BEST_EFFORT, "-p qos_overrides./image.subscription.reliability:=best_effort"),
        (
            QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
            RELIABLE,
            "-p qos_overrides./image.subscription.durability:=volatile",
        ),
        (
            qos.sensor_input(),
            QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
            "-p qos_overrides./image.subscription.reliability:=reliable "
            "-p qos_overrides./image.subscription.durability:=transient_local",
        ),
        (qos.sensor_input(), RELIABLE, "qos_overrides./image.subscription.reliability:=reliable"),
    ],
)
def test_each_mismatch_of_quality_names_the_policy_that_ends_it(asked, offered, typed):
    graph = {"/image": [publisher(RAW, offered)]}
    assert typed in advice(Setting("/image", "raw"), graph, asked=asked)


class TestCameraInfo:
    def said(self, graph, topic: str = "/camera_info", base: str = "/cam/image_raw", camera=""):
        return advise_on_camera_info(camera, base, topic, qos.sensor_input(), graph)

    def test_the_nearest_one_is_named_with_its_remapping(self):
        graph = graph_of(rear__camera_info=CAMERA_INFO, cam__left__camera_info=CAMERA_INFO)
        said = self.said(graph)
        assert "nobody publishes it; /cam/left/camera_info is published" in said
        assert "`-r camera_info:=/cam/left/camera_info`" in said
        assert said.endswith("others: /rear/camera_info")

    def test_one_of_several_cameras_is_named(self):
        said = self.said(graph_of(f__info=CAMERA_INFO), camera="front")
        assert "`-r front/camera_info:=/f/info` (ros2 launch: `camera_info:=front=/f/info`)" in said

    def test_nobody_s_is_said(self):
        assert "no other CameraInfo either" in self.said({})

    def test_another_type_is_said(self):
        said = self.said(graph_of(camera_info=RAW, other=CAMERA_INFO))
        assert "not CameraInfo" in said
        assert "`-r camera_info:=/other`" in said

    def test_one_that_was_published_once_is_asked_for_again(self):
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        said = self.said({"/camera_info": [publisher(CAMERA_INFO, latched)]})
        assert "qos_overrides./camera_info.subscription.durability:=transient_local" in said
