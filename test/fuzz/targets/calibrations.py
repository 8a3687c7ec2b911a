# SPDX-License-Identifier: Apache-2.0
"""Calibration files of any tool, damaged by editors and disks."""

from __future__ import annotations

import numpy as np

from tips_ros.perception.calibration.calibration_file import lens_at, load_calibration
from tips_ros.perception.camera.camera_info import UncalibratedCamera

from ..mutations import mutated_text
from ..scratch import scratch_file
from ..target import Target, refusal

_K, _D = "[400.0, 0.0, 319.5, 0.0, 401.0, 239.5, 0.0, 0.0, 1.0]", "[0.1, -0.2, 0.001, 0.002, 0.0]"
_ROS = f"""image_width: 640
image_height: 480
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: {_K}
distortion_model: plumb_bob
distortion_coefficients: {{rows: 1, cols: 5, data: {_D}}}
rectification_matrix:
  data: [1, 0, 0, 0, 1, 0, 0, 0, 1]
projection_matrix:
  data: [400.0, 0.0, 319.5, 0.0, 0.0, 401.0, 239.5, 0.0, 0.0, 0.0, 1.0, 0.0]
"""
_OST = """# oST version 5.0 parameters
[image]
width
640
height
480
[narrow_stereo]
camera matrix
400.0 0.0 319.5
0.0 401.0 239.5
0.0 0.0 1.0
distortion
0.1 -0.2 0.001 0.002 0.0
"""
_XML = """<?xml version="1.0"?>
<opencv_storage>
<image_width>640</image_width>
<image_height>480</image_height>
<camera_matrix type_id="opencv-matrix"><rows>3</rows><cols>3</cols><dt>d</dt>
<data>400. 0. 319.5 0. 401. 239.5 0. 0. 1.</data></camera_matrix>
<distortion_coefficients type_id="opencv-matrix">
<data>0.1 -0.2 0. 0. 0.</data></distortion_coefficients>
</opencv_storage>
"""
_KALIBR = """cam0:
  camera_model: pinhole
  distortion_coeffs: [0.1, -0.2, 0.001, 0.002]
  distortion_model: radtan
  intrinsics: [400.0, 401.0, 319.5, 239.5]
  resolution: [640, 480]
"""
_JSON = (
    '{"width": 640, "height": 480,\n "intrinsic_matrix": [400, 0, 0, 0, 401, 0, 319.5, 239.5, 1]}'
)
_ZED = """[LEFT_CAM_VGA]
fx=400
fy=401
cx=319.5
cy=239.5
k1=-0.1
k2=0.01
"""


def check_calibration(content: bytes) -> None:
    """A lens that can be computed with, or a refusal."""
    path = scratch_file("camera.yaml", content)
    with refusal(UncalibratedCamera):
        lens = lens_at(load_calibration(path, (640, 480)), 64, 48)
        k = lens.intrinsics
        assert np.isfinite([k.fx, k.fy, k.cx, k.cy]).all() and min(k.fx, k.fy) > 0


_SEEDS = (_ROS, _OST, _XML, _KALIBR, _JSON, _ZED)
TARGETS = (Target("calibration files", mutated_text(_SEEDS), check_calibration),)
