# SPDX-License-Identifier: Apache-2.0
"""Transforms that are none: circles, NaN, frames without a name, stamps outside of all time."""

from __future__ import annotations

from typing import Any

import numpy as np
from builtin_interfaces.msg import Time as Stamp
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from hypothesis import strategies as st
from rclpy.time import Time
from std_msgs.msg import Header

from tips_ros.messages.transform_error import TransformError
from tips_ros.ros.transforms.tree import TransformTree

from ..mutations import ODD_FLOATS
from ..target import Target, refusal

_FRAMES = st.sampled_from(("map", "odom", "base", "/base", "camera", "", "x" * 300, "é"))
_NUMBERS = st.one_of(st.sampled_from(ODD_FLOATS), st.floats(-5, 5))
_SECONDS = st.one_of(st.integers(0, 20), st.sampled_from((-1, -(2**31), 2**31 - 1)))
_NANOSECONDS = st.sampled_from((0, 1, 500_000_000, 10**9, 2**32 - 1))


@st.composite
def _transforms(draw: Any) -> tuple[TransformStamped, bool]:
    # A rotation by a third of a turn, or numbers.
    q = [0.5] * 4 if draw(st.booleans()) else [draw(_NUMBERS) for _ in range(4)]
    t = [draw(_NUMBERS) for _ in range(3)] if draw(st.booleans()) else [1.0, 2.0, 3.0]
    stamp = Stamp(sec=draw(_SECONDS), nanosec=draw(_NANOSECONDS))
    message = TransformStamped(
        header=Header(frame_id=draw(_FRAMES), stamp=stamp),
        child_frame_id=draw(_FRAMES),
        transform=Transform(
            translation=Vector3(x=t[0], y=t[1], z=t[2]),
            rotation=Quaternion(x=q[0], y=q[1], z=q[2], w=q[3]),
        ),
    )
    return message, draw(st.booleans())


def check_tree(case: tuple[list[tuple[TransformStamped, bool]], str, str, int]) -> None:
    """A rigid transform, or a refusal; and time may begin anew at any moment."""
    told, target, source, at_s = case
    tree = TransformTree()
    for message, is_static in told:
        with refusal(ValueError):
            (tree.set_transform_static if is_static else tree.set_transform)(message, "fuzz")
    for _ in range(2):
        with refusal(TransformError):
            matrix = tree.matrix(target, source, Time(seconds=at_s))
            turn = matrix[:3, :3]
            assert np.isfinite(matrix).all() and np.allclose(turn @ turn.T, np.eye(3), atol=1e-6)
        tree.rewind(at_s * 10**9)


TARGETS = (
    Target(
        "transforms",
        st.tuples(st.lists(_transforms(), max_size=8), _FRAMES, _FRAMES, st.integers(0, 20)),
        check_tree,
    ),
)
