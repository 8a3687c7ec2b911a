# SPDX-License-Identifier: Apache-2.0
"""The beams of a LiDAR that turns while the robot moves, as the camera would have seen them."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tips_ros.messages.decoding import Beams
from tips_ros.messages.transform_error import TransformError


class Transforms(Protocol):
    """A tree of frames."""

    def transform(self, target: str, source: str, stamp: Any) -> NDArray[np.float64]:
        """(4, 4) ``p_target = transform @ (p_source, 1)`` at a time.

        Raises:
            TransformError: it is not known.
        """
        ...


def beams_seen_by(
    camera: Any, scan: Any, beams: Beams, frames: Transforms, world: str, may_wait: bool
) -> NDArray[np.float64]:
    """(N, 3) ends of the beams in the camera's optical frame at the time of its image.

    Each beam is placed in the world at the time it was sent, and seen from where the camera was
    when it took the image. Where nobody tells how the robot moves it is taken to stand still.

    Args:
        camera, scan: headers of the image and of the scan.
        beams: of the scan.
        frames: where camera and LiDAR are.
        world: the frame in which the robot moves smoothly, such as odom; "" for none.
        may_wait: whether a pose in the world that has not come yet is worth waiting for.

    Raises:
        TransformError: it is not known where the LiDAR is, or not yet.
    """
    if world and beams.after_s.size:
        try:
            return _through(camera, scan, beams, frames, world)
        except TransformError as error:
            if may_wait and error.may_come and error.at_other_times:
                raise
    mounting = frames.transform(camera.frame_id, scan.frame_id, scan.stamp)
    return _transform_points(beams.points, mounting)


def _through(
    camera: Any, scan: Any, beams: Beams, frames: Transforms, world: str
) -> NDArray[np.float64]:
    world_from_camera = frames.transform(world, camera.frame_id, camera.stamp)
    sweep_s = float(beams.after_s[-1])
    began = frames.transform(world, scan.frame_id, scan.stamp)
    points = _transform_points(beams.points, began)
    if sweep_s > 0.0:
        # Within a sweep a straight line between both ends is as good as the turn it stands for.
        ended = frames.transform(world, scan.frame_id, _later(scan.stamp, sweep_s))
        share = np.asarray(beams.after_s / sweep_s, np.float64)[:, None]
        at_end = _transform_points(beams.points, ended)
        points = np.asarray(points + share * (at_end - points), np.float64)
    return _transform_points(points, np.linalg.inv(world_from_camera))


def _transform_points(points: NDArray[np.float64], matrix: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3], np.float64)


def _later(stamp: Any, by_s: float) -> Any:
    nanoseconds = stamp.sec * 10**9 + stamp.nanosec + round(by_s * 1e9)
    return type(stamp)(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)
