# SPDX-License-Identifier: Apache-2.0
"""One camera, and how tests read it from a text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tips_ros.perception.calibration.calibration_file import lens_at, load_calibration
from tips_ros.perception.camera.camera_info import Intrinsics, UncalibratedCamera
from tips_ros.perception.camera.distortion import Distortion
from tips_ros.perception.camera.lens import Lens

SIZE = (640, 480)


K = [543.2134, 0.0, 321.01119, 0.0, 543.06716, 240.99665, 0.0, 0.0, 1.0]


D = [-0.280672, 0.084891, -0.001901, 0.002792, 0.0]


FISHEYE_D = [-0.02, 0.003, -0.001, 0.0002]


P = [429.48141, 0.0, 322.5, 0.0, 0.0, 500.1, 241.2, 0.0, 0.0, 0.0, 1.0, 0.0]


INTRINSICS = Intrinsics(K[0], K[4], K[2], K[5], *SIZE)


LENS = Lens(INTRINSICS, Distortion("brown", (*D, *[0.0] * 9)))


FISHEYE = Lens(INTRINSICS, Distortion("fisheye", tuple(FISHEYE_D)))


def lens_of(tmp_path: Path, text: str, name: str = "camera.yaml", rectified: bool = False) -> Lens:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return lens_at(load_calibration(path, SIZE), *SIZE, rectified)


def refusal(tmp_path: Path, text: str, name: str = "camera.yaml") -> str:
    with pytest.raises(UncalibratedCamera) as caught:
        lens_of(tmp_path, text, name)
    assert "\n" not in str(caught.value)
    return str(caught.value)
