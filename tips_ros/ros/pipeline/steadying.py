# SPDX-License-Identifier: Apache-2.0
"""One camera's depth and labels held still, as the parameters `temporal.*` say, with tf's poses."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.lifecycle import LifecycleNode

from tips_ros.messages.conversions import stamp_ns
from tips_ros.perception.camera.output_camera import SeenCamera
from tips_ros.perception.predictor import Prediction
from tips_ros.perception.temporal.stream import Held, Holding, PlacedImage, SteadyStream
from tips_ros.ros.parameters import values as parameters
from tips_ros.ros.transforms.tf import Frames


class Steadying:
    """`update` is called from one thread; the rest from any."""

    def __init__(self, node: LifecycleNode, camera: str, frames: Frames) -> None:
        """
        Args:
            node: whose parameters count.
            camera: its name; "" for the only one.
            frames: where it is.
        """
        self._node, self._camera, self._frames = node, camera, frames
        self._stream = SteadyStream()
        self._forget = threading.Event()
        self.last = Held()
        self.listen()

    @property
    def holding(self) -> Holding:
        """What the user wants now."""
        now = parameters.snapshot(self._node)
        mode, labels = (now.value(f"temporal.{name}", self._camera) for name in ("mode", "labels"))
        return Holding(mode, labels)

    def listen(self) -> None:
        """Has /tf heard where it will be asked: what was said before that nobody knows later."""
        if self.holding.anything and parameters.value(self._node, "temporal.frame", self._camera):
            self._frames.listen()

    def update(
        self,
        header: Any,
        rgb: NDArray[np.uint8],
        prediction: Prediction,
        camera: SeenCamera | None,
        setting: Hashable,
    ) -> Prediction:
        """The prediction of the next frame, held still; see `SteadyStream`."""
        holding = self.holding
        if self._forget.is_set():
            self._forget.clear()
            self._stream.reset()
        image = PlacedImage(rgb, stamp_ns(header))
        if holding.anything and prediction.depth_m is not None:
            image = image._replace(lens=None if camera is None else camera.lens)
            image = self._placed(image, header)
        held = self._stream.update(prediction, image, holding, setting)
        self.last = self._stream.last
        return held

    def facts(self) -> dict[str, str]:
        """For diagnostics."""
        last = self.last
        return {
            "temporal mode": last.mode,
            "temporal labels": "held" if last.labels else "off",
            "temporal scale": f"{last.scale:.4f}",
            "temporal laid over by": last.laid_over,
            "temporal resets": str(last.resets),
            "temporal last reset": last.reset,
        }

    def reset(self) -> None:
        """Forgets earlier frames, as when time jumps back."""
        self._forget.set()

    def _placed(self, image: PlacedImage, header: Any) -> PlacedImage:
        """The image with the pose of its camera, if tf knows it by now: nothing is waited for."""
        world = parameters.value(self._node, "temporal.frame", self._camera)
        if not world or not header.frame_id:
            return image
        try:
            pose = self._frames.transform(world, header.frame_id, header.stamp)
        except ValueError:  # not (yet): the flow of the picture serves
            return image
        return image._replace(world_from_camera=pose, world_id=world)
