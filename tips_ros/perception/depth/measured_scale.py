# SPDX-License-Identifier: Apache-2.0
"""The scale by a sensor, over many frames: which one is live, and what is to be said of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.depth.depth_scale import DepthScale
from tips_ros.perception.depth.fit_choice import FitChoice
from tips_ros.perception.depth.registration_watch import RegistrationWatch
from tips_ros.perception.depth.sensor_samples import sensor_samples
from tips_ros.perception.depth.sensor_scale import pair_depths, sensor_scale

SILENCE_S = 5.0  # frames without a usable measure for this long, and the last scale is doubted
_NOTHING_YET = "no depth of the sensor came yet"
_HELD = "scale and shift are held: what the sensor sees now is too flat to tell both"
_HELD_S = 1.0  # two numbers that were not told anew for so long are said to be held


class MeasuredScale:
    """Takes frames that a sensor saw, too, and frames that it didn't; from one thread.

    Until the first usable measure, and while the sensor's depth is of another view than the
    picture, another scale is live. A sensor that falls silent or contradicts the prediction leaves
    its last scale, which is doubted after `SILENCE_S` of frames.
    """

    def __init__(self, max_predicted_m: float) -> None:
        """
        Args:
            max_predicted_m: the end of the model's range; predictions there say "at least".
        """
        self._max_predicted_m = max_predicted_m
        self._fit = FitChoice()
        self._watch = RegistrationWatch()
        self._why = _NOTHING_YET  # there is no measure of the last frame; empty when there is
        self._contradicts = False
        self._believed = True  # the sensor's images are
        self._missing_since_s: float | None = None
        self._held_since_s: float | None = None

    @property
    def contradiction(self) -> str:
        """The reason why the sensor's images are not believed; empty when they are."""
        return self._watch.contradiction

    def add(
        self, predicted_m: NDArray[np.float32], sensor_m: NDArray[np.float32], with_offset: bool
    ) -> None:
        """A frame that was measured.

        Args:
            predicted_m: (H, W) as the network said it.
            sensor_m: (h, w) of the same view, NaN where there is nothing.
            with_offset: whether a shift in metres is fitted, too; then there is none of the inverse
                depth.

        Raises:
            ValueError: images of different proportions.
        """
        samples = sensor_samples(predicted_m, sensor_m)
        measure = sensor_scale(
            *samples, with_offset=with_offset, max_predicted_m=self._max_predicted_m
        )
        if with_offset:
            self._fit.use_one(measure)
        elif measure.usable:
            measure = self._fit.add(measure, *pair_depths(*samples, self._max_predicted_m))
        good = measure.usable and measure.consistent
        self._why = "" if good else measure.note
        self._contradicts = measure.usable and not good
        if good:
            self._missing_since_s = None

    def watch(self, rgb: NDArray[np.uint8], sensor_m: NDArray[np.float32]) -> None:
        """A depth image that is said to be of this picture; checked beside the frames."""
        self._watch.offer(rgb, sensor_m)
        believed, self._believed = self._believed, not self._watch.contradiction
        if believed and not self._believed:
            self._fit.reset()

    def record_miss(self, why: str) -> None:
        """A frame that could not be measured."""
        self._why, self._contradicts = why, False

    def scale(self, at_s: float, otherwise: DepthScale) -> DepthScale:
        """Returns the scale in use.

        Args:
            at_s: stamp of the frame.
            otherwise: the scale to use where there is none of the sensor.
        """
        if self._why and self._missing_since_s is None:
            self._missing_since_s = at_s
        current, contradiction = self._fit.current, self._watch.contradiction
        if contradiction:
            return (current or otherwise).with_doubt(contradiction)
        if current is None:
            return (
                otherwise.with_doubt(self._why)
                if self._contradicts
                else otherwise.with_note(self._why)
            )
        if not self._fit.held:
            self._held_since_s = None
        elif self._held_since_s is None:
            self._held_since_s = at_s
        if self.overdue(at_s):
            note = f"the last good scale of the sensor is more than {SILENCE_S:g} s old"
            return current.with_doubt(note).with_note(self._why)
        if self._held_since_s is not None and at_s - self._held_since_s > _HELD_S:
            return current.with_note(_HELD)
        return current

    def overdue(self, at_s: float) -> bool:
        """Whether frames have lacked a good measure for too long."""
        since = self._missing_since_s
        return since is not None and at_s - since > SILENCE_S

    def reset(self) -> None:
        """Forgets everything, as when time jumps back or the sensor is replaced."""
        self._fit.reset()
        self._watch.reset()
        self._why, self._contradicts, self._missing_since_s = _NOTHING_YET, False, None
        self._believed = True
        self._held_since_s = None
