# SPDX-License-Identifier: Apache-2.0
"""Stamps are read off serialised bytes; delays are between equal stamps."""

import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import Header, String

from tips_ros.replay.stamp_log import StampLog, begins_with_header, header_stamp_ns


@pytest.mark.parametrize("message_class", [Image, CameraInfo, PointCloud2])
def test_the_stamp_of_a_serialised_message_is_read_without_deserialising(message_class):
    message = message_class(header=Header(frame_id="camera"))
    message.header.stamp.sec, message.header.stamp.nanosec = 1_700_000_000, 123_456_789
    assert header_stamp_ns(serialize_message(message)) == 1_700_000_000_123_456_789


def test_the_stamp_of_a_big_endian_writer_is_read():
    assert header_stamp_ns(bytes([0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 9])) == 7_000_000_009


def test_a_message_that_is_too_short_has_no_stamp():
    assert header_stamp_ns(bytes(11)) is None


def test_only_types_that_begin_with_a_header_have_stamps():
    assert begins_with_header(Image)
    assert not begins_with_header(String)
    assert not begins_with_header(Header)  # its stamp comes first, but it has none of its own


def test_the_tail_of_a_log_is_a_copy_of_the_newest():
    log = StampLog()
    for stamp in range(5):
        log.add(stamp, 10 * stamp)
    tail = log.tail(2)
    log.add(9, 90)
    assert tail.stamps_ns.tolist() == [3, 4] and tail.times_ns.tolist() == [30, 40]
    assert len(log.tail(100)) == 6 and len(StampLog().tail(3)) == 0


def test_delays_are_between_equal_stamps_only():
    began, ended = StampLog(), StampLog()
    for stamp in (1, 2, 3):
        began.add(stamp, 1000 * stamp)
    ended.add(3, 3000 + 500)
    ended.add(1, 1000 + 250)
    ended.add(9, 0)
    assert ended.delays_s(began).tolist() == pytest.approx([500e-9, 250e-9])
    assert ended.stamps_ns.tolist() == [3, 1, 9] and len(ended) == 3


def test_a_stamp_that_was_played_twice_counts_from_the_last_time():
    began, ended = StampLog(), StampLog()
    began.add(5, 100)
    began.add(5, 700)
    ended.add(5, 1000)
    assert ended.delays_s(began).tolist() == pytest.approx([300e-9])
