# SPDX-License-Identifier: Apache-2.0
"""Flow is found in pictures of any size, and is that of the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tips_ros.perception.temporal.dense_flow import dense_flow

PRESETS = [cv2.DISOPTICAL_FLOW_PRESET_FAST, cv2.DISOPTICAL_FLOW_PRESET_MEDIUM]


def shifted(h: int, w: int, pixels: int) -> tuple[np.ndarray, np.ndarray]:
    noise = np.random.default_rng(3).integers(0, 255, (h // 4 + 9, w // 4 + 9)).astype(np.uint8)
    large = cv2.resize(noise, (w + 20, h + 20), interpolation=cv2.INTER_CUBIC)
    return large[:h, pixels : pixels + w], large[:h, :w]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    "size", [(1, 1), (1, 30), (60, 3), (8, 60), (16, 16), (11, 40), (16, 100), (40, 1200)]
)
def test_no_size_ends_the_process(size: tuple[int, int], preset: int):
    flow = dense_flow(cv2.DISOpticalFlow_create(preset), *shifted(*size, 1))
    assert flow.shape == (*size, 2) and np.isfinite(flow).all()


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("size", [(120, 160), (40, 400), (400, 60)])
def test_a_shift_is_found_in_pixels_of_the_picture(size: tuple[int, int], preset: int):
    flow = dense_flow(cv2.DISOpticalFlow_create(preset), *shifted(*size, 3))
    assert np.median(flow[..., 0]) == pytest.approx(3, abs=0.3)
    assert np.median(flow[..., 1]) == pytest.approx(0, abs=0.3)
