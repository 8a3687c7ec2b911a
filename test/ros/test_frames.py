# SPDX-License-Identifier: Apache-2.0
"""Transforms from tf2, or a plain sentence where it is not installed."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from builtin_interfaces.msg import Time

from tips_ros.ros.frames import FrameError, Frames

STAMP = Time(sec=3, nanosec=5)


class TransformException(Exception):
    """As tf2's."""


class Buffer:
    """A tree with one edge, at one time."""

    def lookup_transform(self, target, source, time):
        if (target, source) != ("map", "camera"):
            raise TransformException(f'"{target}" does not exist')
        assert time.nanoseconds == 3 * 10**9 + 5
        half = np.sqrt(0.5)
        rotation = SimpleNamespace(x=0.0, y=0.0, z=half, w=half)  # 90° about z
        translation = SimpleNamespace(x=1.0, y=2.0, z=3.0)
        transform = SimpleNamespace(translation=translation, rotation=rotation)
        return SimpleNamespace(transform=transform)


@pytest.fixture
def listeners(monkeypatch):
    """A tf2_ros, and the listeners that were made with it."""
    made = []
    tf2_ros = ModuleType("tf2_ros")
    tf2_ros.Buffer, tf2_ros.TransformException = Buffer, TransformException
    tf2_ros.TransformListener = lambda buffer, node, spin_thread: made.append((buffer, node))
    monkeypatch.setitem(sys.modules, "tf2_ros", tf2_ros)
    return made


def test_a_transform_is_looked_up_at_the_frames_stamp(listeners):
    frames = Frames("node")
    assert not listeners, "nobody asked yet"
    for _ in range(2):
        matrix = frames.transform("map", "camera", STAMP, 0.25)
    assert len(listeners) == 1
    np.testing.assert_allclose(matrix @ [1, 0, 0, 1], [1, 3, 3, 1], atol=1e-12)


def test_a_frame_that_the_tree_does_not_know_is_named_with_the_trees_reason(listeners):
    with pytest.raises(FrameError, match='camera to attic: "attic" does not exist'):
        Frames("node").transform("attic", "camera", STAMP, 0.25)


def test_the_cameras_own_frame_takes_no_tree():
    np.testing.assert_array_equal(Frames("node").transform("a", "a", STAMP, 1.0), np.eye(4))


def test_without_tf2_the_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2_ros", None)
    with pytest.raises(FrameError, match="tf2-ros-py"):
        Frames("node").transform("map", "camera", STAMP, 1.0)
