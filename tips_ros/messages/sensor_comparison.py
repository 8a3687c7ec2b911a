# SPDX-License-Identifier: Apache-2.0
"""A frame beside what a sensor measured of it: the same for the node and for a bag."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.messages.sensor_messages import SensorMessages
from tips_ros.messages.sensor_view import View
from tips_ros.perception.depth.measured_scale import MeasuredScale


class PredictedFrame(NamedTuple):
    """A frame that a sensor may have seen, too."""

    view: View
    rgb: NDArray[np.uint8]  # (H, W, 3), as the camera delivered it
    depth_m: NDArray[np.float32]  # (H, W) as the model said it


def compare(
    sensor: SensorMessages,
    measured: MeasuredScale,
    frame: PredictedFrame,
    max_dt_ns: int,
    with_offset: bool = False,
) -> None:
    """Learns the scale from what the sensor saw nearest to the frame's stamp.

    Args:
        sensor: its messages.
        measured: what is learnt.
        frame: with depth.
        max_dt_ns: the most that the stamps may differ.
        with_offset: as of `MeasuredScale.add`.

    Raises:
        NotMeasured: the sensor has nothing, or nothing that can be used.
        ValueError: its image is of another view.
    """
    seen = sensor.nearest(frame.view, max_dt_ns)
    if seen.is_image:
        measured.watch(frame.rgb, seen.depth_m)
        if measured.contradiction:  # points may do
            seen = sensor.nearest(frame.view, max_dt_ns, images=False)
    measured.add(frame.depth_m, seen.depth_m, with_offset)
