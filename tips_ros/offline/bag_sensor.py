# SPDX-License-Identifier: Apache-2.0
"""The scale of depth by what another sensor's topic of a bag says, as the node measures it live."""

from __future__ import annotations

import logging

from tips_ros.bags import BagError, BagReader
from tips_ros.messages.sensor_comparison import PredictedFrame, compare
from tips_ros.messages.sensor_messages import SensorMessages
from tips_ros.messages.sensor_view import SENSOR_TYPES
from tips_ros.offline.readable import read_if_whole
from tips_ros.offline.recorded_transforms import RecordedTransforms
from tips_ros.perception.depth.depth_scale import DepthScale
from tips_ros.perception.depth.measured_scale import MeasuredScale

logger = logging.getLogger(__name__)


def check_sensor_topic(reader: BagReader, topic: str) -> None:
    """BagError for a topic that no depth can be read from; says which can."""
    usable = [name for name, of in reader.topics.items() if of.type in SENSOR_TYPES and of.count]
    if topic not in usable:
        raise BagError(
            f"{reader.path} has no depth images, points or scans on {topic}; choose one with "
            f"--sensor-topic: {', '.join(sorted(usable)) or '(it has none)'}"
        )


class BagSensor:
    """Reads the sensor's messages up to each frame's stamp; frames come in their order.

    Each frame is compared with the message nearest to its stamp before it is scaled.
    """

    def __init__(
        self, reader: BagReader, topic: str, max_predicted_m: float, max_dt_s: float = 0.05
    ) -> None:
        """
        Args:
            reader: an open bag.
            topic: of depth images, points or scans.
            max_predicted_m: the end of the model's range.
            max_dt_s: the most that the stamps of an image and of what the sensor saw may differ.

        Raises:
            BagError: nothing of a sensor is on that topic.
        """
        check_sensor_topic(reader, topic)
        self._reader, self._topic = reader, topic
        self._kind = SENSOR_TYPES[reader.topics[topic].type]
        self._unread = reader.messages([topic])
        self._sensor = SensorMessages(RecordedTransforms(reader), topic, forgets=False)
        self._measured = MeasuredScale(max_predicted_m)
        self._max_dt_ns = round(max_dt_s * 1e9)

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of messages, by what became of them."""
        return self._sensor.counts

    def scale(self, frame: PredictedFrame, at_ns: int, otherwise: DepthScale) -> DepthScale:
        """The scale of a frame.

        Args:
            frame: as the model said it.
            at_ns: its stamp.
            otherwise: the scale to use where there is none of the sensor.
        """
        while not self._sensor.is_past(at_ns):
            if (message := next(self._unread, None)) is None:
                break
            if (read := read_if_whole(self._reader, message)) is not None:
                self._sensor.add(self._kind, self._topic, read)
        try:
            compare(self._sensor, self._measured, frame, self._max_dt_ns)
        except ValueError as error:  # NotMeasured, or an image of another view
            self._measured.record_miss(str(error))
        return self._measured.scale(at_ns / 1e9, otherwise)
