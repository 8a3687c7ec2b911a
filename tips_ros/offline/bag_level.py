# SPDX-License-Identifier: Apache-2.0
"""Up in a bag's camera by its IMU and its transforms, as the node asks them live."""

from __future__ import annotations

import logging
from typing import Any

from tips_ros.bags import BagError, BagReader
from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.conversions import stamp_ns
from tips_ros.messages.imu import imu_reading, up_of_base, up_of_imu
from tips_ros.messages.transform_error import TransformError
from tips_ros.offline.readable import read_if_whole
from tips_ros.offline.recorded_transforms import RecordedTransforms
from tips_ros.perception.camera.imu_up import GravityFilter
from tips_ros.perception.ground.candidates import Up

logger = logging.getLogger(__name__)

IMU = "sensor_msgs/msg/Imu"


def check_imu_topic(reader: BagReader, topic: str) -> None:
    """BagError for a topic that is no IMU's; says which are."""
    usable = [name for name, of in reader.topics.items() if of.type == IMU and of.count]
    if topic not in usable:
        raise BagError(
            f"{reader.path} has no {IMU} on {topic}; choose one with --imu-topic: "
            f"{', '.join(sorted(usable)) or '(it has none)'}"
        )


class BagLevel:
    """Reads the IMU's messages up to each frame's stamp; frames come in their order."""

    def __init__(self, reader: BagReader, imu_topic: str = "", base_frame: str = "") -> None:
        """
        Args:
            reader: an open bag.
            imu_topic: of the IMU; "" for none.
            base_frame: a frame of tf whose z is up, asked where the IMU does not tell; "" for none.

        Raises:
            BagError: no IMU is on that topic.
        """
        if imu_topic:
            check_imu_topic(reader, imu_topic)
        self._reader, self._topic, self._base = reader, imu_topic, base_frame
        self._unread = reader.messages([imu_topic]) if imu_topic else iter(())
        self._frames = RecordedTransforms(reader)
        self._filter = GravityFilter()
        self._frame_id, self._read_ns = "", -1
        self._throttle = LogThrottle(logger)

    def up(self, header: Any) -> Up | None:
        """Up in the optical frame of an image; None where nobody tells it."""
        by_imu = self._by_imu(header) if self._topic else None
        if by_imu is not None or not self._base:
            return by_imu
        try:
            return up_of_base(self._base, header, self._frames)
        except TransformError as error:
            self._throttle.warning(self._base, "--base-frame: %s", error)
            return None

    def _by_imu(self, header: Any) -> Up | None:
        at_ns = stamp_ns(header)
        while self._read_ns < at_ns and (message := next(self._unread, None)) is not None:
            if (read := read_if_whole(self._reader, message)) is not None:
                self._read_ns = stamp_ns(read.header)
                self._frame_id = read.header.frame_id
                self._filter.add(imu_reading(read))
        found = self._filter.at(at_ns / 1e9)
        if self._filter.note:
            note = self._filter.note
            self._throttle.warning("note", "--imu-topic %s: %s", self._topic, note)
        if found is None:
            return None
        try:
            return up_of_imu(found, self._frame_id, header, self._frames)
        except TransformError as error:
            self._throttle.warning("transform", "--imu-topic %s: %s", self._topic, error)
            return None
