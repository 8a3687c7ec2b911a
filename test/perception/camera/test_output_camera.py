# SPDX-License-Identifier: Apache-2.0
"""A reading of a CameraInfo is kept while it says the same, and not a moment longer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import (
    Intrinsics,
    UncalibratedCamera,
)
from tips_ros.perception.camera.camera_reading import read_camera_info
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.camera.output_camera import output_camera

K = Intrinsics(310.0, 305.0, 325.5, 235.25, 640, 480)
TWICE = K.matrix().ravel() * [2, 1, 2, 1, 2, 2, 1, 1, 1]
SIZE, SMALL = (480, 640), (240, 320)


def camera_info(**changes: Any) -> SimpleNamespace:
    """A new CameraInfo, as each message brings one."""
    fields: dict[str, Any] = {
        "width": 640,
        "height": 480,
        "distortion_model": "plumb_bob",
        "d": [0.1, -0.02, 0.001, 0.002, 0.0],
        "k": K.matrix().ravel(),
        "r": np.eye(3).ravel(),
        "p": np.hstack([K.matrix(), np.zeros((3, 1))]).ravel(),
        "binning_x": 0,
        "binning_y": 0,
        "roi": roi(),
    }
    return SimpleNamespace(**(fields | changes))


def roi(width: int = 0, height: int = 0) -> SimpleNamespace:
    return SimpleNamespace(x_offset=0, y_offset=0, width=width, height=height)


def test_it_is_what_its_two_sources_read_of_the_message_itself():
    seen = output_camera(camera_info(), SIZE, SMALL)
    assert seen.lens == Lens.from_camera_info(camera_info()).scaled_to(320, 240)
    assert seen.fields == read_camera_info(camera_info()).scaled_fields(320, 240)


def test_a_message_that_says_the_same_is_not_read_again():
    assert output_camera(camera_info(), SIZE, SMALL) is output_camera(camera_info(), SIZE, SMALL)


@pytest.mark.parametrize(
    "changes",
    [
        {"k": K.matrix().ravel() * [1.01, 1, 1, 1, 1, 1, 1, 1, 1]},
        {"d": [0.1, -0.02, 0.001, 0.002, 0.003]},
        {"distortion_model": "rational_polynomial", "d": [0.1] * 8},
        {"r": [0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]},
        {"p": np.hstack([K.matrix(), [[-31.0], [0.0], [0.0]]]).ravel()},
        {"width": 1280, "height": 960, "binning_x": 2, "binning_y": 2, "k": TWICE},
        {"width": 800, "roi": roi(640, 480), "k": K.matrix().ravel() + [0, 0, 9, 0, 0, 0, 0, 0, 0]},
    ],
)
def test_a_message_that_says_something_else_is_seen_at_once(changes: dict[str, Any]):
    before = output_camera(camera_info(), SIZE, SMALL)
    after = output_camera(camera_info(**changes), SIZE, SMALL)
    assert after != before
    assert after.lens == Lens.from_camera_info(camera_info(**changes)).scaled_to(320, 240)
    assert after.fields == read_camera_info(camera_info(**changes)).scaled_fields(320, 240)


def test_what_is_not_a_number_and_not_needed_is_not_read_again_either():
    def info() -> SimpleNamespace:
        return camera_info(p=[float("nan")] * 12, r=np.full(9, np.nan))

    assert output_camera(info(), SIZE, SMALL) is output_camera(info(), SIZE, SMALL)


def test_a_message_that_is_written_to_is_read_again():
    info = camera_info()
    before = output_camera(info, SIZE, SIZE)
    info.k[0] = 400.0
    assert before.intrinsics.fx == 310.0
    assert output_camera(info, SIZE, SIZE).intrinsics.fx == 400.0


def test_sizes_and_rectification_have_a_camera_each():
    info = camera_info()
    seen = {
        output_camera(info, SIZE, size, rectified).lens
        for size in (SIZE, SMALL)
        for rectified in (False, True)
    }
    assert len(seen) == 4


def test_a_wrong_calibration_is_refused_each_time_and_the_next_good_one_works():
    for _ in range(2):
        with pytest.raises(UncalibratedCamera, match="zeros"):
            output_camera(camera_info(k=np.zeros(9)), SIZE, SIZE)
        with pytest.raises(UncalibratedCamera, match="640x480 images, but they are 320x240"):
            output_camera(camera_info(), SMALL, SMALL)
    assert output_camera(camera_info(), SIZE, SIZE).intrinsics == K
