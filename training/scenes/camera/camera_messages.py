# SPDX-License-Identifier: Apache-2.0
"""The ROS messages of a robot's camera, filled for a bag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from transforms3d.quaternions import mat2quat

from tips_ros.perception.camera.camera_info import Intrinsics


class CameraMessages:
    """Fills the messages of a camera on a robot; stamps are in nanoseconds."""

    def __init__(self, types: Any, frame_id: str) -> None:
        """Take the message classes of a typestore, and the optical frame of the camera."""
        self._types = types
        self._frame_id = frame_id

    def _header(self, stamp_ns: int, frame_id: str) -> Any:
        sec, nanosec = divmod(stamp_ns, 10**9)
        stamp = self._types["builtin_interfaces/msg/Time"](sec, nanosec)
        return self._types["std_msgs/msg/Header"](stamp, frame_id)

    def image(self, stamp_ns: int, jpeg: NDArray[np.uint8]) -> Any:
        """sensor_msgs/CompressedImage."""
        header = self._header(stamp_ns, self._frame_id)
        return self._types["sensor_msgs/msg/CompressedImage"](header, "jpeg", jpeg)

    def camera_info(self, stamp_ns: int, camera: Intrinsics) -> Any:
        """sensor_msgs/CameraInfo without distortion."""
        k = camera.matrix()
        return self._types["sensor_msgs/msg/CameraInfo"](
            header=self._header(stamp_ns, self._frame_id),
            height=camera.height,
            width=camera.width,
            distortion_model="plumb_bob",
            d=np.zeros(5),
            k=k.ravel(),
            r=np.eye(3).ravel(),
            p=np.column_stack([k, np.zeros(3)]).ravel(),
            binning_x=0,
            binning_y=0,
            roi=self._types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False),
        )

    def transform(self, stamp_ns: int, parent: str, child: str, pose: NDArray[np.float64]) -> Any:
        """tf2_msgs/TFMessage with the pose (4, 4) of `child` in `parent`."""
        vector = self._types["geometry_msgs/msg/Vector3"](*pose[:3, 3].tolist())
        w, x, y, z = mat2quat(pose[:3, :3]).tolist()
        quaternion = self._types["geometry_msgs/msg/Quaternion"](x, y, z, w)
        message = self._types["geometry_msgs/msg/TransformStamped"](
            self._header(stamp_ns, parent),
            child,
            self._types["geometry_msgs/msg/Transform"](vector, quaternion),
        )
        return self._types["tf2_msgs/msg/TFMessage"]([message])
