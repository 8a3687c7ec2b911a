# SPDX-License-Identifier: Apache-2.0
"""A region becomes a message that says the same, and NaN where it doesn't know."""

import math

import numpy as np
from tips_ros.srv import Locate

from tips_ros.bags import BagWriter
from tips_ros.messages.conversions import region_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.offline.bag_types import bag_types
from tips_ros.perception.regions.oriented_box import OrientedBox, transform_matrix
from tips_ros.perception.regions.regions import PixelBox, Region

BOX = OrientedBox(
    np.array([1.0, 2.0, 3.0]),
    transform_matrix([0, 0, 0], [0.0, 0.6, 0.0, 0.8])[:3, :3],
    np.array([0.3, 0.2, 0.0]),
)
PLACED = Region(PixelBox(3, 4, 50, 60), 2500, 0.75, 2.9, np.array([1.1, 2.1, 2.9]), BOX)
UNPLACED = Region(PixelBox(0, 0, 8, 9), 72, math.nan)


def xyz(message):
    return [message.x, message.y, message.z]


def test_a_region_is_told_as_it_is():
    message = region_message(RCLPY_TYPES, PLACED)
    assert (message.score, message.pixels) == (0.75, 2500)
    roi = message.roi
    assert (roi.x_offset, roi.y_offset, roi.width, roi.height) == (3, 4, 50, 60)
    assert math.isclose(message.median_depth_m, 2.9, rel_tol=1e-6)
    assert xyz(message.centroid) == [1.1, 2.1, 2.9]
    assert xyz(message.box.position) == [1.0, 2.0, 3.0]
    turn = message.box.orientation
    np.testing.assert_allclose([turn.x, turn.y, turn.z, turn.w], [0.0, 0.6, 0.0, 0.8], atol=1e-12)
    assert xyz(message.size) == [0.3, 0.2, 0.0]


def test_what_is_not_known_is_nan():
    message = region_message(RCLPY_TYPES, UNPLACED)
    assert message.pixels == 72 and message.roi.height == 9
    numbers = [message.score, message.median_depth_m]
    for part in (message.centroid, message.box.position, message.size):
        numbers += xyz(part)
    assert np.isnan(numbers).all()
    assert message.box.orientation.w == 1.0  # a rotation that tf2 accepts


def test_an_answer_holds_regions():
    answer = Locate.Response(regions=[region_message(RCLPY_TYPES, r) for r in (PLACED, UNPLACED)])
    assert [region.pixels for region in answer.regions] == [2500, 72]


def test_the_same_builder_serves_a_bag(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        message = region_message(bag_types(writer), PLACED)
        writer.add_topic("/region", message.__msgtype__)
        writer.write("/region", 1, message)
    assert (message.roi.width, message.size.x) == (50, 0.3)
