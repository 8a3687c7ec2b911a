# SPDX-License-Identifier: Apache-2.0
"""A mask is enlarged pixel by pixel as OpenCV does it, whatever the sizes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tips_ros.perception.temporal.mask import enlarge_mask


@pytest.mark.parametrize(
    ("few", "many"),
    [
        ((120, 160), (480, 640)),
        ((119, 161), (401, 533)),
        ((96, 200), (721, 1501)),
        ((7, 5), (7, 5)),
        ((1, 9), (13, 40)),
        ((9, 1), (40, 3)),
    ],
)
def test_each_pixel_is_that_of_opencvs_nearest_neighbour(few, many):
    mask = np.random.default_rng(2).random(few) < 0.4
    large = enlarge_mask(mask, many[::-1])
    asked = cv2.resize(mask.view(np.uint8), many[::-1], interpolation=cv2.INTER_NEAREST)
    assert large.dtype == np.uint8
    np.testing.assert_array_equal(large, asked)
