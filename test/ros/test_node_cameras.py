# SPDX-License-Identifier: Apache-2.0
"""Several cameras of one node: one pass, each with its own header, rate, mounting and fate."""

import threading

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import Image
from tips_ros.msg import ClassMap
from tips_ros.srv import Locate

from tips_ros.messages.conversions import image_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.ros.topics import qos

from .example_messages import header_at, picture
from .live_graph import PATIENCE_S, until

CAMERAS = ["front", "rear", "left", "right"]


@pytest.fixture
def graph(graph_with):
    size = {"input_height": 56, "input_width": 56}
    return graph_with(cameras=CAMERAS, precision="fp32", **size).active()


class Passes:
    """Of each pass over frames how many shared it. None goes on before `gate` is set."""

    def __init__(self, forward_batch):
        self.sizes, self.too_many = [], 99
        self.gate, self.at_work = threading.Event(), threading.Event()
        self._look_at_each = forward_batch

    def __call__(self, images, heads, **options):
        self.sizes.append(len(heads))
        self.at_work.set()
        assert self.gate.wait(PATIENCE_S)
        if len(heads) >= self.too_many:
            raise RuntimeError("out of memory")
        return self._look_at_each(images, heads, **options)


@pytest.fixture
def passes(graph, monkeypatch):
    model = graph.node.predictor.model
    held_up = Passes(model.forward_batch)
    monkeypatch.setattr(model, "forward_batch", held_up)
    return held_up


def answered(graph, camera, topic="depth/image"):
    return [message.header.stamp.sec for message in graph.received[f"{camera}/{topic}"]]


def status_of(reports, ending, ready):
    """The newest status of that name, once `ready` says yes to its values."""

    def found():
        for report in reversed(reports):
            for status in report.status:
                values = {value.key: value.value for value in status.values}
                if status.name.endswith(ending) and ready(values):
                    return status, values
        return None

    return until(found, f"a status of {ending}")


def test_each_cameras_outputs_carry_its_own_header(graph):
    for camera in ("front", "rear"):
        graph.listen("depth/image", "semantic/image", camera=camera)
    front = graph.publish_image(sec=3, camera="front")
    rear = graph.publish_image(np.full((30, 50, 3), 90, np.uint8), sec=8, camera="rear")
    for camera, header, size in (("front", front, (48, 64)), ("rear", rear, (30, 50))):
        for topic in ("depth/image", "semantic/image"):
            (message,) = until(
                lambda c=camera, t=topic: graph.received[f"{c}/{t}"], f"{topic} of {camera}"
            )
            assert message.header == header
            assert (message.height, message.width) == size


def test_frames_that_wait_together_share_one_pass_and_are_what_each_would_be_alone(graph, passes):
    images = []
    graph.node.predictor.model.backbone.register_forward_pre_hook(
        lambda _, inputs: images.append(len(inputs[0]))
    )
    pictures = {c: np.roll(picture(), 9 * i, axis=1) for i, c in enumerate(CAMERAS)}
    for camera in CAMERAS:
        graph.listen("depth/image", camera=camera)
    graph.publish_image(pictures["front"], sec=1, camera="front")
    until(passes.at_work.is_set, "the first frame to be at work")
    for camera in CAMERAS:
        graph.publish_image(pictures[camera], sec=2, camera=camera)
    until(
        lambda: sum(c.statistics.snapshot().received for c in graph.node.work.cameras) == 5,
        "all frames to arrive",
    )
    passes.gate.set()
    until(lambda: all(2 in answered(graph, camera) for camera in CAMERAS), "all outputs")
    # On several threads a batch is several shares; no image may be in two of them.
    assert passes.sizes[:2] == [1, 4]
    assert (images[0], sum(images)) == (1, 5)
    for camera in CAMERAS:
        alone = graph.node.predictor.predict(pictures[camera], ["depth"]).depth_m
        message = graph.received[f"{camera}/depth/image"][-1]
        together = np.frombuffer(message.data, np.float32).reshape(48, 64)
        np.testing.assert_allclose(together, alone, rtol=1e-4)


def test_in_a_shared_pass_each_head_sees_only_the_frames_that_want_it(graph, passes):
    seen = {"depth": [], "normals": []}
    model = graph.node.predictor.model
    for name, sizes in seen.items():
        getattr(model, name).register_forward_pre_hook(
            lambda _, inputs, s=sizes: s.append(inputs[0][0].patch_tokens.shape[0])
        )
    graph.listen("depth/image", camera="front")
    graph.listen("depth/image", camera="rear")
    graph.listen("normals/image", camera="left")
    graph.publish_image(sec=1, camera="front")
    until(passes.at_work.is_set, "the first frame to be at work")
    for camera in ("front", "rear", "left", "right"):
        graph.publish_image(sec=2, camera=camera)
    until(
        lambda: sum(c.statistics.snapshot().received for c in graph.node.work.cameras) == 5,
        "all frames to arrive",
    )
    passes.gate.set()
    until(lambda: graph.received["left/normals/image"], "normals of left")
    until(lambda: 2 in answered(graph, "front") and 2 in answered(graph, "rear"), "depth")
    assert passes.sizes == [1, 3]
    # On several threads a batch is several shares, and a head runs for each that wants it.
    assert {name: sum(sizes) for name, sizes in seen.items()} == {"depth": 3, "normals": 1}
    drops = {c.name: c.statistics.snapshot().drops for c in graph.node.work.cameras}
    assert drops["right"] == {"unwatched": 1}


def test_four_cameras_at_different_rates_get_their_outputs_and_one_that_dies_holds_up_nobody(graph):
    reports = graph.keep(DiagnosticArray, "/diagnostics", 10)
    for camera in CAMERAS:
        graph.listen("depth/image", camera=camera)
    every = {"front": 1, "rear": 2, "left": 3, "right": 1}
    sent = {camera: [] for camera in CAMERAS}
    for tick in range(1, 13):
        due = [c for c in CAMERAS if tick % every[c] == 0 and not (c == "right" and tick > 4)]
        for camera in due:
            graph.publish_image(sec=tick, camera=camera)
            sent[camera].append(tick)
        # Each frame is answered before the next is sent, so none may be lost.
        until(
            lambda d=due, t=tick: all(t in answered(graph, camera) for camera in d),
            f"the outputs of tick {tick}",
        )
    assert {camera: answered(graph, camera) for camera in CAMERAS} == sent
    for camera in CAMERAS:
        count = str(len(sent[camera]))
        _, values = status_of(
            reports, f": camera {camera}", lambda v, n=count: v.get("frames published") == n
        )
        assert values["frames received"] == count
        assert values["outputs active"] == "depth/image"
        # Of the last seconds: in one of the reports, if not in this one.
        status_of(reports, f": camera {camera}", lambda v: v.get("age p50 (ms)"))


def test_a_frame_that_cannot_be_read_is_lost_alone(graph):
    for camera in ("front", "rear"):
        graph.listen("depth/image", camera=camera)
    odd = Image(header=header_at(1), height=4, width=4, step=4, encoding="yuv9999")
    graph.publish(odd, "/front/image")
    graph.publish_image(sec=1, camera="rear")
    until(lambda: answered(graph, "rear") == [1], "the other camera's depth")
    until(lambda: graph.camera.statistics.snapshot().drops == {"unreadable": 1}, "the refusal")
    assert not [*graph.node.work.cameras][1].statistics.snapshot().drops


def test_a_batch_that_is_too_much_is_tried_frame_by_frame(graph, passes):
    passes.too_many = 2
    for camera in ("front", "rear"):
        graph.listen("depth/image", camera=camera)
    graph.publish_image(sec=1, camera="front")
    until(passes.at_work.is_set, "the first frame to be at work")
    for camera in ("front", "rear"):
        graph.publish_image(sec=2, camera=camera)
    until(
        lambda: sum(c.statistics.snapshot().received for c in graph.node.work.cameras) == 3,
        "all frames to arrive",
    )
    passes.gate.set()
    until(lambda: 2 in answered(graph, "front") and 2 in answered(graph, "rear"), "both")
    assert passes.sizes == [1, 2, 1, 1]
    assert all(not c.statistics.snapshot().drops for c in graph.node.work.cameras)


def test_classes_are_set_for_all_cameras_and_told_beside_each_mask(graph):
    told = {
        camera: graph.keep(ClassMap, f"/tips/{camera}/semantic/classes", qos.latched())
        for camera in ("front", "rear")
    }
    assert graph.set_prompts("lamp", "book").success
    for camera in ("front", "rear"):
        graph.listen("semantic/image", camera=camera)
        graph.publish_image(sec=1, camera=camera)
    for camera, messages in told.items():
        beside = f"{camera}_optical_frame", ["lamp", "book"]
        until(
            lambda m=messages, b=beside: m and (m[-1].header.frame_id, list(m[-1].names)) == b,
            f"classes of {camera}, with the header of its mask",
        )


def test_each_camera_is_asked_where_things_are_by_its_own_service(graph):
    answers = []
    request = Locate.Request(prompt="wall", timeout_s=PATIENCE_S)
    asking = threading.Thread(
        target=lambda: answers.append(graph.call(Locate, "/tips/rear/locate", request))
    )
    asking.start()
    until(lambda: [*graph.node.work.cameras][1].queries.waiting or answers, "the question")
    graph.publish_image(sec=1, camera="front")
    graph.publish_image(sec=2, camera="rear")
    asking.join(PATIENCE_S)
    assert answers[0].success
    assert answers[0].header.frame_id == "rear_optical_frame"


def test_a_parameter_can_be_set_for_one_camera_and_begins_with_that_for_all(graph_with):
    graph = graph_with(
        **{"cameras": ["front", "rear"], "rotation_deg": 180, "front.rotation_deg": 90},
        input_height=56,
        input_width=56,
    ).active()
    assert [camera.settings.mounting for camera in graph.node.work.cameras] == [90, 180]
    assert graph.set_parameter("rear.rotation_deg", 270).successful
    assert [camera.settings.mounting for camera in graph.node.work.cameras] == [90, 270]
    refused = graph.set_parameter("rear.rotation_deg", 45)
    assert not refused.successful
    assert "0, 90, 180, 270" in refused.reason


@pytest.mark.parametrize("names", [["front", "front"], ["2nd"], ["a/b"], ["depth"], ["x__y"]])
def test_a_name_that_cannot_be_is_refused_at_start(graph_with, names):
    with pytest.raises(ValueError, match=repr(names[-1])):
        graph_with(cameras=names)


def test_a_turned_camera_answers_what_the_upright_one_does_turned(graph):
    upright = picture(48, 64)
    as_delivered = np.rot90(upright)  # mounted so that 90 degrees clockwise bring it upright
    for camera in ("front", "rear"):
        graph.listen("depth/image", "semantic/image", "normals/image", camera=camera)
    assert graph.set_parameter("rear.rotation_deg", 90).successful
    graph.publish_image(upright, camera="front")
    message = image_message(RCLPY_TYPES, header_at(1), np.ascontiguousarray(as_delivered), "rgb8")
    graph.publish(message, "/rear/image")
    topics = ("depth/image", "semantic/image", "normals/image")
    until(
        lambda: all(graph.received[f"{c}/{t}"] for c in ("front", "rear") for t in topics),
        "all outputs of both",
    )

    def array(camera, topic, dtype, channels):
        m = graph.received[f"{camera}/{topic}"][0]
        return np.frombuffer(m.data, dtype).reshape(m.height, m.width, channels)

    # Batches of another size may round in another way.
    depth = array("front", "depth/image", np.float32, 1)
    np.testing.assert_allclose(
        array("rear", "depth/image", np.float32, 1), np.rot90(depth), rtol=1e-4
    )
    same = array("rear", "semantic/image", np.uint8, 1) == np.rot90(
        array("front", "semantic/image", np.uint8, 1)
    )
    assert same.mean() > 0.999
    # The camera's x points down in the upright frame, its y to the left.
    x, y, z = np.moveaxis(np.rot90(array("front", "normals/image", np.float32, 3)), -1, 0)
    np.testing.assert_allclose(
        array("rear", "normals/image", np.float32, 3), np.stack([y, -x, z], -1), atol=1e-4
    )
