# SPDX-License-Identifier: Apache-2.0
"""A part of the picture in fractions is the same part at every size."""

import math

import numpy as np
import pytest

from tips_ros.perception.cloud.cloud_cleaning import Rectangle
from tips_ros.perception.cloud.roi import check_roi, roi_rectangle


def test_nothing_said_is_all_of_it():
    assert roi_rectangle([], (48, 64)) is None


def test_the_lower_half_is_the_lower_half_at_every_size():
    half = [0.0, 0.5, 1.0, 0.5]
    assert roi_rectangle(half, (48, 64)) == Rectangle(0, 24, 64, 24)
    assert roi_rectangle(half, (1080, 1920)) == Rectangle(0, 540, 1920, 540)


@pytest.mark.parametrize("count", [1, 2, 7, 10, 97, 640])
def test_a_pixel_belongs_to_it_when_its_centre_does(count):
    rng = np.random.default_rng(count)
    centres = (np.arange(count) + 0.5) / count
    for _ in range(100):
        x = rng.uniform(0, 0.9)
        width = rng.uniform(0.05, 1.0 - x)
        part = roi_rectangle([x, 0.0, width, 1.0], (3, count))
        assert (part.y, part.height) == (0, 3)
        inside = np.flatnonzero((centres >= x) & (centres <= x + width))
        if inside.size:
            assert (part.x, part.width) == (inside[0], inside.size)
        else:
            assert part.width == 1 and 0 <= part.x < count


def test_parts_that_share_an_edge_share_no_pixel_even_where_fractions_round():
    parts = [roi_rectangle([x / 10, 0.0, 0.1, 1.0], (4, 640)) for x in range(10)]
    assert [part.x for part in parts] == list(range(0, 640, 64))
    assert {part.width for part in parts} == {64}


@pytest.mark.parametrize(
    "roi",
    [
        [0.0, 0.5, 1.0],
        [0.0, 0.0, 0.0, 1.0],
        [-0.1, 0.0, 1.0, 1.0],
        [0.5, 0.0, 0.6, 1.0],
        [0, 0, 640, 480],
        [math.nan, 0.0, 1.0, 1.0],
    ],
)
def test_what_is_no_part_of_a_picture_is_refused_with_an_example(roi):
    with pytest.raises(ValueError, match="fractions of the picture"):
        check_roi(roi)


def test_sums_a_little_above_one_are_rounding():
    check_roi([0.9, 0.0, 0.1, 1.0])
    check_roi([0.7, 0.1 + 0.2, 0.30000000000000004, 0.7])
