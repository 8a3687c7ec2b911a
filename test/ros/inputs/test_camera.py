# SPDX-License-Identifier: Apache-2.0
"""A camera is heard on the topics that drivers publish, also when they come and go later."""

import logging

import cv2
import pytest
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from tips_ros.replay.graph import RosSession
from tips_ros.ros.inputs import subscription
from tips_ros.ros.topics import qos

from ..example_messages import camera_info, header_at, picture
from ..live_graph import until

SMALL = {"input_height": 112, "input_width": 112}


def jpeg(sec: int = 1) -> CompressedImage:
    coded = cv2.imencode(".jpg", picture()[..., ::-1])[1].tobytes()
    return CompressedImage(header=header_at(sec), format="jpeg", data=coded)


@pytest.fixture
def driver(graph_with):
    """Makes the process of a camera beside the graph: one can't have two types on a topic."""
    started = []

    def make(graph) -> RosSession:
        environment = {"ROS_DOMAIN_ID": str(graph.context.get_domain_id())}
        started.append(RosSession(f"driver{len(started)}", environment))
        return started[-1]

    yield make
    for one in started:
        one.close()


@pytest.fixture
def said():
    """All that the package logs."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logging.getLogger("tips_ros").addHandler(handler)
    yield lines
    logging.getLogger("tips_ros").removeHandler(handler)


def remapped(**names: str) -> list[str]:
    return ["--ros-args", *(w for n, to in names.items() for w in ("-r", f"{n}:={to}"))]


def show(graph, driver: RosSession, topic: str, message) -> None:
    """Publishes one message on a topic once the node listens to it, and waits for its depth."""
    before = len(graph.received["depth/image"])
    publisher = driver.node.create_publisher(type(message), topic, qos.output())
    graph.hears(publisher)
    publisher.publish(message)
    until(lambda: len(graph.received["depth/image"]) > before, f"depth of an image on {topic}")
    driver.node.destroy_publisher(publisher)


class TestCompressed:
    @pytest.mark.parametrize("base", ["/image", "/cam/jpeg", "/cam/image_raw/compressed"])
    def test_a_topic_of_any_name_that_carries_it_is_heard(self, graph_with, driver, base):
        cli = remapped(image=base)
        graph = graph_with(cli, image_transport="compressed", **SMALL).active()
        graph.listen("depth/image")
        show(graph, driver(graph), base, jpeg())
        assert graph.camera.input.topic == base

    @pytest.mark.parametrize("base", ["/image", "/cam/jpeg"])
    def test_the_topic_below_is_heard_too(self, graph_with, driver, base):
        graph = graph_with(remapped(image=base), image_transport="compressed", **SMALL).active()
        graph.listen("depth/image")
        show(graph, driver(graph), f"{base}/compressed", jpeg())

    def test_a_camera_that_comes_back_on_the_other_topic_is_found_again(self, graph_with, driver):
        graph = graph_with(image_transport="compressed", **SMALL).active()
        graph.listen("depth/image")
        camera = driver(graph)
        for topic in ("/image", "/image/compressed", "/image"):
            show(graph, camera, topic, jpeg())
            assert graph.camera.input.topic == topic

    def test_raw_images_on_the_topic_do_not_distract_from_those_below(self, graph_with, driver):
        graph = graph_with(image_transport="compressed", **SMALL).active()
        graph.listen("depth/image")
        camera = driver(graph)
        camera.node.create_publisher(Image, "/image", qos.output())
        until(lambda: graph.node.count_publishers("/image"), "the raw images")
        show(graph, camera, "/image/compressed", jpeg())

    def test_the_topic_below_may_be_remapped_itself(self, graph_with, driver):
        cli = remapped(**{"image/compressed": "/elsewhere"})
        graph = graph_with(cli, image_transport="compressed", **SMALL).active()
        graph.listen("depth/image")
        show(graph, driver(graph), "/elsewhere", jpeg())
        assert graph.camera.input.topic == "/elsewhere"


class TestCameraInfo:
    @pytest.mark.parametrize("topic", ["/cam/camera_info", "/cam/image_raw/camera_info"])
    def test_that_is_near_the_image_is_found_without_a_remapping_and_said(
        self, graph_with, driver, said, topic
    ):
        graph = graph_with(remapped(image="/cam/image_raw"), **SMALL).active()
        publisher = driver(graph).node.create_publisher(CameraInfo, topic, qos.output())
        graph.hears(publisher)
        publisher.publish(camera_info())
        until(lambda: graph.camera.input.camera_info, "the CameraInfo")
        assert graph.camera.input.info_topic == topic
        (line,) = [line for line in said if line.startswith("CameraInfo is taken from")]
        assert topic in line

    def test_of_a_compressed_image_is_that_of_its_image(self, graph_with, driver):
        cli = remapped(image="/cam/image_raw/compressed")
        graph = graph_with(cli, image_transport="compressed", **SMALL).active()
        camera = driver(graph).node
        publisher = camera.create_publisher(CameraInfo, "/cam/camera_info", qos.output())
        until(publisher.get_subscription_count, "the node to listen to it")

    def test_of_its_own_name_goes_before_those_near_the_image(self, graph_with, driver):
        graph = graph_with(remapped(image="/cam/image_raw"), **SMALL).active()
        camera = driver(graph).node
        for topic in ("/cam/camera_info", "/camera_info"):
            publisher = camera.create_publisher(CameraInfo, topic, qos.output())
            until(publisher.get_subscription_count, f"the node to listen to {topic}")
        until(lambda: graph.camera.input.info_topic == "/camera_info", "its own to be taken")

    def test_that_was_chosen_by_a_remapping_is_waited_for(self, graph_with, driver, said):
        cli = remapped(image="/cam/image_raw", camera_info="/chosen")
        graph = graph_with(cli, **SMALL).active()
        graph.listen("depth/image")
        camera = driver(graph)
        camera.node.create_publisher(CameraInfo, "/cam/camera_info", qos.output())
        until(lambda: graph.node.count_publishers("/cam/camera_info"), "the publisher")
        show(graph, camera, "/cam/image_raw", image())
        assert graph.camera.input.info_topic == "/chosen"
        warning = until(
            lambda: next((line for line in said if line.startswith("no CameraInfo")), ""),
            "the warning",
        )
        assert "no CameraInfo on /chosen yet: nobody publishes it" in warning
        assert "`-r camera_info:=/cam/camera_info`" in warning

    def test_that_is_published_but_late_is_not_complained_of(self, graph_with, driver, said):
        graph = graph_with(remapped(image="/cam/image_raw"), **SMALL).active()
        graph.listen("depth/image", "points")
        camera = driver(graph)
        infos = camera.node.create_publisher(CameraInfo, "/cam/camera_info", qos.output())
        until(lambda: graph.node.count_publishers("/cam/camera_info"), "the publisher")
        show(graph, camera, "/cam/image_raw", image())
        graph.hears(infos)
        infos.publish(camera_info())
        until(lambda: graph.camera.input.camera_info, "the CameraInfo")
        show(graph, camera, "/cam/image_raw", image(2))
        until(lambda: graph.received["points"], "points")
        assert not [line for line in said if line.startswith("no CameraInfo")]


def test_a_resting_camera_is_heard_again_on_the_topic_that_is_published_by_then(graph_with, driver):
    graph = graph_with(image_transport="compressed", unsubscribe_after_s=0.2, **SMALL).active()
    given = graph.camera.input
    until(lambda: not given.listens, "the camera to rest")
    camera = driver(graph)
    camera.node.create_publisher(CompressedImage, "/image", qos.output())
    until(lambda: given.topic == "/image", "the topic to be found")
    until(lambda: not graph.probe.count_subscribers("/image"), "nobody to listen to it")
    assert given.publishers_found() == "it rests until somebody wants an output"
    graph.listen("depth/image")
    until(lambda: given.listens, "the camera to be heard again")
    show(graph, camera, "/image", jpeg())


def test_two_cameras_on_one_topic_are_named(graph_with, driver, said):
    graph = graph_with(**SMALL).active()
    for _ in range(2):
        driver(graph).node.create_publisher(Image, "/image", qos.output())
    line = until(lambda: next((line for line in said if "2 nodes publish" in line), ""), "the line")
    assert "on /image: /driver0, /driver1" in line


def image(sec: int = 1) -> Image:
    rgb = picture()
    height, width = rgb.shape[:2]
    return Image(
        header=header_at(sec),
        height=height,
        width=width,
        encoding="rgb8",
        step=3 * width,
        data=rgb.tobytes(),
    )


def test_a_topic_that_cannot_be_subscribed_to_leaves_the_present_one(
    graph_with, driver, said, monkeypatch
):
    graph = graph_with(image_transport="compressed", **SMALL).active()
    subscribe = subscription.subscribe

    def refuse(node, type_, topic, callback, group):
        if topic == "/image":
            raise RuntimeError("no more readers")
        return subscribe(node, type_, topic, callback, group)

    monkeypatch.setattr(subscription, "subscribe", refuse)
    camera = driver(graph)
    camera.node.create_publisher(CompressedImage, "/image", qos.output())
    until(lambda: [line for line in said if "not listening to /image" in line], "the reason")
    assert graph.camera.input.topic == "/image/compressed"
    graph.listen("depth/image")
    show(graph, camera, "/image/compressed", jpeg())
