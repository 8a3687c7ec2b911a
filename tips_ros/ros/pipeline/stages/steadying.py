# SPDX-License-Identifier: Apache-2.0
"""One camera's depth and labels held still, as the parameters `temporal.*` say, with tf's poses."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.output_camera import OutputCamera
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.temporal.stream import Held, PlacedImage, SteadyStream
from tips_ros.ros.parameters.snapshot import CameraSettings
from tips_ros.ros.pipeline.stages.pending_reset import PendingReset
from tips_ros.ros.transforms.tf import TransformLookup


class Steadying:
    """Holds the frames of one camera still. `update` is called from one thread; the rest from any.

    Attributes:
        last: what was done to the newest frame.
    """

    def __init__(self, frames: TransformLookup) -> None:
        """
        Args:
            frames: where the camera is.
        """
        self._frames = frames
        self._stream = SteadyStream()
        self._pending_reset = PendingReset()
        self.last = Held()
        self._pose_note = ""  # of the newest frame

    def listen(self, settings: CameraSettings) -> None:
        """Has /tf heard where it will be asked: what was said before that nobody knows later."""
        if settings.holding.anything and settings.holding_frame:
            self._frames.listen()

    def update(
        self,
        header: Any,
        at_ns: int,
        rgb: NDArray[np.uint8],
        prediction: Prediction,
        camera: OutputCamera | None,
        settings: CameraSettings,
        setting: Hashable,
    ) -> Prediction:
        """The prediction of the next frame, held still; see `SteadyStream`.

        Args:
            header, at_ns: of the image; its stamp.
            rgb: (H, W, 3), as the camera delivered it.
            prediction: of it, in metres.
            camera: at the size of the prediction; None where unknown.
            settings: of the frame.
            setting: what depth and labels follow from; where it changes all begins anew.
        """
        if self._pending_reset.take():
            self._stream.interrupt("time went back")
        image = PlacedImage(rgb, at_ns)
        self._pose_note = ""
        if settings.holding.anything and prediction.depth_m is not None:
            image = image._replace(lens=None if camera is None else camera.lens)
            image = self._place(image, header, settings.holding_frame)
        setting = setting, settings.mounting
        held = self._stream.update(prediction, image, settings.holding, setting)
        self.last = self._stream.last
        return held

    def facts(self) -> dict[str, str]:
        """Facts for diagnostics."""
        last = self.last
        return {
            "temporal mode": last.mode,
            "temporal labels": "held" if last.labels else "off",
            "temporal scale": f"{last.scale:.4f}",
            "temporal pose": self._pose_note,
            "temporal laid over by": last.laid_over,
            "temporal resets": str(last.resets),
            "temporal last reset": last.reset,
        }

    def rest(self) -> None:
        """Forgets earlier frames: the next are not held still. From the thread of `update`."""
        self._stream.reset()
        self.last, self._pose_note = self._stream.last, ""

    def reset(self) -> None:
        """Forgets earlier frames: time went back."""
        self._pending_reset.request()

    def _place(self, image: PlacedImage, header: Any, world: str) -> PlacedImage:
        """The image with the pose of its camera, if tf knows it by now: nothing is waited for."""
        if not world or not header.frame_id:
            return image
        try:
            pose = self._frames.transform(world, header.frame_id, header.stamp)
        except ValueError as error:  # not (yet): the flow of the picture serves
            self._pose_note = str(error)
            return image
        self._pose_note = f"known in {world}"
        return image._replace(world_from_camera=pose, world_id=world)
