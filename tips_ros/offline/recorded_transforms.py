# SPDX-License-Identifier: Apache-2.0
"""Transforms between frames at a time, as a bag recorded them on /tf and /tf_static."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.bags import BagMessage, BagReader
from tips_ros.messages.transform_error import TransformError
from tips_ros.messages.transforms import (
    FIXED_TOPIC,
    MOVING_TOPIC,
    TF_MESSAGE,
    child_and_pose,
    strip_slash,
)
from tips_ros.offline.readable import read_if_whole
from tips_ros.perception.poses.transform_graph import TransformGraph, TransformUnknown


class RecordedTransforms:
    """The tree of frames of a bag.

    Attributes:
        graph: all its transforms.
    """

    def __init__(self, reader: BagReader) -> None:
        """Read all transforms of the bag."""
        self.graph = TransformGraph()
        for message in reader.messages(_transform_topics(reader)):
            for transform in _transforms(reader, message):
                try:
                    child, pose = child_and_pose(transform)
                    self.graph.add(child, pose, fixed=message.topic == FIXED_TOPIC)
                except ValueError:  # no pose: the others are welcome
                    continue

    def transform(self, target: str, source: str, stamp: Any) -> NDArray[np.float64]:
        """(4, 4) ``p_target = transform @ (p_source, 1)`` at a time.

        Raises:
            TransformError: the bag does not tell it.
        """
        at_ns = stamp.sec * 10**9 + stamp.nanosec
        try:
            return self.graph.matrix(strip_slash(target), strip_slash(source), at_ns)
        except TransformUnknown as error:
            raise TransformError(
                f"the bag has no transform from {source} to {target}: {error}"
            ) from error


def _transform_topics(reader: BagReader) -> list[str]:
    topics = (reader.topics.get(name) for name in (FIXED_TOPIC, MOVING_TOPIC))
    return [topic.name for topic in topics if topic is not None and topic.type == TF_MESSAGE]


def _transforms(reader: BagReader, message: BagMessage) -> Iterable[Any]:
    """None of a message that can't be read: poses are no more than welcome."""
    read = read_if_whole(reader, message)
    return () if read is None else read.transforms
