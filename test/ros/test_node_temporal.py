# SPDX-License-Identifier: Apache-2.0
"""A node that holds depth still: each camera by itself, and never across a break in time."""

from __future__ import annotations

import numpy as np
import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

from tips_ros.messages.conversions import image_message
from tips_ros.messages.types import RCLPY_TYPES

from .depth_bench import SMALL, Bench
from .example_messages import FRAME_ID, header_at, picture
from .live_graph import until

FULL = {**SMALL, "temporal.mode": "full", "temporal.frame": ""}


def brighter(by: int) -> np.ndarray:
    """The same picture a little differently exposed: the network says another depth."""
    return np.clip(picture().astype(int) + by, 0, 255).astype(np.uint8)


class Watch(Bench):
    """Frames at any time, in milliseconds."""

    def see(self, at_ms: int, rgb: np.ndarray | None = None) -> np.ndarray:
        header = header_at(at_ms // 1000)
        header.stamp.nanosec = at_ms % 1000 * 1_000_000
        header.frame_id = f"{self.name}_optical_frame" if self.name else FRAME_ID
        before = len(self.depths)
        message = image_message(RCLPY_TYPES, header, picture() if rgb is None else rgb, "rgb8")
        self.graph.publish(message, f"/{self.under}image")
        until(lambda: len(self.depths) > before, "depth")
        said = self.depths[-1]
        assert said.header.stamp == header.stamp
        return np.frombuffer(said.data, np.float32).reshape(said.height, said.width)

    def own(self, rgb: np.ndarray | None = None) -> np.ndarray:
        """What the network says of this picture by itself."""
        shown = picture() if rgb is None else rgb
        return self.graph.node.predictor.predict(shown, ["depth"]).depth_m

    def is_own(self, depth_m: np.ndarray, rgb: np.ndarray | None = None) -> bool:
        return bool(np.allclose(depth_m, self.own(rgb), rtol=1e-5))


@pytest.fixture
def held(graph_with) -> Watch:
    watch = Watch(graph_with(**FULL))
    assert watch.is_own(watch.see(5000)), "the first frame is as it is"
    return watch


def test_a_frame_is_brought_near_to_the_one_before(held: Watch):
    rgb = brighter(9)
    depth = held.see(5100, rgb)
    assert not held.is_own(depth, rgb)
    off, raw = (np.abs(np.log(d / held.own())).mean() for d in (depth, held.own(rgb)))
    assert off < 0.8 * raw
    until(lambda: held.info.temporal_mode == "full", "the mode on ~/depth/info")
    assert held.info.temporal_resets == 0


def test_off_hands_on_what_the_network_says(held: Watch):
    assert held.graph.set_parameter("temporal.mode", "off").successful
    rgb = brighter(9)
    assert held.is_own(held.see(5100, rgb), rgb)
    until(lambda: held.info.temporal_mode == "off", "the mode on ~/depth/info")


@pytest.mark.parametrize(("at_ms", "why"), [(2000, "time went back"), (9000, "pause")])
def test_a_break_in_time_begins_anew(held: Watch, at_ms: int, why: str):
    rgb = brighter(9)
    assert held.is_own(held.see(at_ms, rgb), rgb)
    until(lambda: held.info.temporal_reset == why, "the reason on ~/depth/info")
    assert held.info.temporal_resets == 1
    again = brighter(0)
    assert not held.is_own(held.see(at_ms + 100, again), again), "and goes on from there"


def test_a_dropped_frame_is_no_break(held: Watch):
    rgb = brighter(9)
    assert not held.is_own(held.see(5400, rgb), rgb)


def test_deactivating_forgets(held: Watch):
    for transition in (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_ACTIVATE):
        request = ChangeState.Request(transition=Transition(id=transition))
        assert held.graph.call(ChangeState, "/tips/change_state", request).success
    held.graph.active()
    rgb = brighter(9)
    assert held.is_own(held.see(5100, rgb), rgb)


def test_each_camera_has_a_past_of_its_own(graph_with):
    graph = graph_with(**FULL, cameras=["front", "rear"])
    front, rear = (Watch(graph, name) for name in ("front", "rear"))
    rgb = brighter(9)
    front.see(5000)
    assert rear.is_own(rear.see(5050, rgb), rgb)
    assert not front.is_own(front.see(5100, rgb), rgb)
    assert rear.is_own(rear.see(5150, rgb), rgb), "the same picture as before: nothing to change"
