# SPDX-License-Identifier: Apache-2.0
"""One camera's predictions, held still as its user wants: the same live and from a bag."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.temporal.steady_depth import Mode, SteadyDepth
from tips_ros.perception.temporal.steady_labels import SteadyLabels


class Holding(NamedTuple):
    """Settings of what is held still; see `SteadyDepth` and `SteadyLabels`."""

    mode: Mode = "off"
    labels: bool = False

    @property
    def anything(self) -> bool:
        """Whether frames are compared at all."""
        return self.mode != "off" or self.labels


class Held(NamedTuple):
    """A report of the last frame.

    Attributes:
        mode: of the depth.
        labels: whether they are held, too.
        scale: what its depth was multiplied with as a whole.
        laid_over: how it was laid over the frame before: standing, pose, flow; "" where it was not.
        resets: frames that began anew since the stream began, but for the first.
        reset: why the last of them did.
    """

    mode: Mode = "off"
    labels: bool = False
    scale: float = 1.0
    laid_over: str = ""
    resets: int = 0
    reset: str = ""


class PlacedImage(NamedTuple):
    """An image as it was taken.

    Attributes:
        rgb: (H, W, 3) of any size.
        stamp_ns: when.
        lens: at the size of what is predicted; None where unknown.
        world_from_camera: (4, 4), or None.
        world_id: the frame that the pose is told in.
    """

    rgb: NDArray[np.uint8]
    stamp_ns: int
    lens: Lens | None = None
    world_from_camera: NDArray[np.float64] | None = None
    world_id: str = ""


class SteadyStream:
    """Frame by frame, in their order. Not for several threads."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._setting: Hashable = None
        self._depth: SteadyDepth | None = None
        self._labels: SteadyLabels | None = None
        self.last = Held()

    def reset(self) -> None:
        """The next frame begins anew, as the first one did."""
        self._clear()

    def interrupt(self, why: str) -> None:
        """The next frame begins anew, which is counted and told with this reason."""
        if self._depth is not None:
            self._depth.reset(why)
            self._labels = None

    def update(
        self,
        prediction: Prediction,
        image: PlacedImage,
        holding: Holding,
        setting: Hashable = None,
    ) -> Prediction:
        """The prediction with depth, its deviation and labels held still.

        Args:
            prediction: of the next frame, depth in metres; without depth it stays as it is.
            image: that it was made of.
            holding: what is wanted; nothing is spent on what is not.
            setting: whatever else frames must have in common to be compared, such as where their
                scale is from and which classes there are.
        """
        if not holding.anything:
            if self._depth is not None:
                self._clear()
            return prediction
        if prediction.depth_m is None:
            return prediction
        setting = (holding, setting)
        if self._depth is None:
            self._depth = SteadyDepth("scale" if holding.mode == "off" else holding.mode)
        elif setting != self._setting:
            self._depth = SteadyDepth("scale" if holding.mode == "off" else holding.mode)
            self._depth.reset("another setting")
            self._labels = None
        self._setting = setting
        frame = PosedFrame(
            image.stamp_ns,
            depth_m=prediction.depth_m,
            stddev_m=prediction.stddev_m,
            lens=image.lens,
            world_from_camera=image.world_from_camera,
            world_id=image.world_id,
        )
        steadied = self._depth.update(frame, image.rgb)
        first = self.last == Held()
        self.last = Held(
            holding.mode,
            holding.labels,
            1.0 if holding.mode == "off" else float(np.exp(steadied.log_scale)),
            steadied.kind or "",
            self.last.resets + bool(steadied.reset and not first),
            steadied.reset if steadied.reset and not first else self.last.reset,
        )
        if prediction.labels is None:
            self._labels = None  # what it remembers would be of an older frame than depth does
        elif holding.labels:
            self._labels = self._labels or SteadyLabels()
            held = self._labels.update(prediction.labels, prediction.confidence, steadied)
            prediction = prediction._replace(labels=held)
        if holding.mode == "off":
            return prediction
        said = steadied.frame
        return prediction._replace(depth_m=said.depth_m, stddev_m=said.stddev_m)
