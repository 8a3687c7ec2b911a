# SPDX-License-Identifier: Apache-2.0
"""One camera as other tools write it."""

from __future__ import annotations

import json

import numpy as np
import yaml

from .written_camera import SIZE, D, K

MAPLAB = f"""\
label: rig
cameras:
- camera:
    label: cam0
    line-delay-nanoseconds: 0
    image_height: 480
    image_width: 640
    type: pinhole
    intrinsics:
      cols: 1
      rows: 4
      data: [{K[0]}, {K[4]}, {K[2]}, {K[5]}]
    distortion:
      type: radial-tangential
      parameters:
        cols: 1
        rows: 4
        data: {D[:4]}
  T_B_C:
    cols: 4
    rows: 4
    data: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
"""


ZIVID = f"""\
__version__: 5
CameraIntrinsics:
  CameraMatrix:
    CX: {K[2]}
    CY: {K[5]}
    FX: {K[0]}
    FY: {K[4]}
  Distortion:
    K1: {D[0]}
    K2: {D[1]}
    K3: {D[4]}
    P1: {D[2]}
    P2: {D[3]}
"""


KALIBR = f"""\
cam0:
  cam_overlaps: []
  camera_model: pinhole
  distortion_coeffs: {D[:4]}
  distortion_model: radtan
  intrinsics: [{K[0]}, {K[4]}, {K[2]}, {K[5]}]
  resolution: [640, 480]
  rostopic: /cam0/image_raw
"""


EUROC = f"""\
sensor_type: camera
comment: VI-Sensor cam0
T_BS:
  cols: 4
  rows: 4
  data: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
rate_hz: 20
resolution: [640, 480]
camera_model: pinhole
intrinsics: [{K[0]}, {K[4]}, {K[2]}, {K[5]}] #fu, fv, cu, cv
distortion_model: radial-tangential
distortion_coefficients: {D[:4]}
"""


CAMODOCAL = f"""\
%YAML:1.0
---
model_type: PINHOLE
camera_name: camera
image_width: 640
image_height: 480
distortion_parameters:
   k1: {D[0]}
   k2: {D[1]}
   p1: {D[2]}
   p2: {D[3]}
projection_parameters:
   fx: {K[0]}
   fy: {K[4]}
   cx: {K[2]}
   cy: {K[5]}
"""


ORB_SLAM = f"""\
%YAML:1.0
Camera.type: "PinHole"
Camera.fx: {K[0]}
Camera.fy: {K[4]}
Camera.cx: {K[2]}
Camera.cy: {K[5]}
Camera.k1: {D[0]}
Camera.k2: {D[1]}
Camera.p1: {D[2]}
Camera.p2: {D[3]}
Camera.width: 640
Camera.height: 480
Camera.fps: 30.0
"""


PYTHON_SCRIPT = yaml.dump(
    {
        "camera_matrix": np.reshape(K, (3, 3)).tolist(),
        "dist_coeff": [D],
        "image_size": SIZE,  # a tuple, with Python's own tag
    }
)


ZED = f"""\
[LEFT_CAM_HD]
fx=700.0
fy=700.0
cx=640.0
cy=360.0
k1=0
k2=0

[LEFT_CAM_VGA]
fx={K[0]}
fy={K[4]}
cx={K[2]}
cy={K[5]}
k1={D[0]}
k2={D[1]}
p1={D[2]}
p2={D[3]}
k3=0.0

[STEREO]
Baseline=119.9
TY=0.1
"""


REALSENSE = json.dumps(
    {
        "width": 640, "height": 480, "ppx": K[2], "ppy": K[5], "fx": K[0], "fy": K[4],
        "model": "distortion.brown_conrady", "coeffs": D,
    }
)  # fmt: skip
