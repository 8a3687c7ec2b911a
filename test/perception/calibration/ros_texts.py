# SPDX-License-Identifier: Apache-2.0
"""One camera as the tools of ROS and OpenCV write it."""

from __future__ import annotations

from .written_camera import D, K, P

ROS = f"""\
image_width: 640
image_height: 480
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: {K}
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: {D}
rectification_matrix:
  rows: 3
  cols: 3
  data: [1, 0, 0, 0, 1, 0, 0, 0, 1]
projection_matrix:
  rows: 3
  cols: 4
  data: {P}
"""


# As camera_calibration wraps its lines.
WRAPPED = ROS.replace(
    f"data: {K}",
    f"data: [{K[0]},   0.     , {K[2]},\n           0.     , {K[4]}, {K[5]},\n"
    "           0.     ,   0.     ,   1.     ]",
)


OPENCV_TAGGED = "%YAML:1.0\n---\n" + ROS.replace("_matrix:", "_matrix: !!opencv-matrix").replace(
    "coefficients:", "coefficients: !!opencv-matrix"
).replace("  data:", "  dt: d\n  data:")


OST = f"""\
# oST version 5.0 parameters


[image]

width
640

height
480

[narrow_stereo]

camera matrix
{K[0]} 0.000000 {K[2]}
0.000000 {K[4]} {K[5]}
0.000000 0.000000 1.000000

distortion
{D[0]} {D[1]} {D[2]} {D[3]} 0.000000

rectification
1.000000 0.000000 0.000000
0.000000 1.000000 0.000000
0.000000 0.000000 1.000000

projection
429.481410 0.000000 322.500000 0.000000
0.000000 500.100000 241.200000 0.000000
0.000000 0.000000 1.000000 0.000000
"""


ECHOED = f"""\
header:
  stamp:
    sec: 1
    nanosec: 2
  frame_id: cam
height: 480
width: 640
distortion_model: plumb_bob
d:
{"".join(f"- {x}" + chr(10) for x in D)}k:
{"".join(f"- {x}" + chr(10) for x in K)}r:
- 1.0
- 0.0
- 0.0
- 0.0
- 1.0
- 0.0
- 0.0
- 0.0
- 1.0
p:
{"".join(f"- {x}" + chr(10) for x in P)}binning_x: 0
binning_y: 0
roi:
  x_offset: 0
  y_offset: 0
  height: 0
  width: 0
  do_rectify: false
---
"""


ECHOED_FLOW = f"""\
header: {{stamp: {{sec: 1, nanosec: 2}}, frame_id: cam}}
height: 480
width: 640
distortion_model: plumb_bob
d: {D}
k: {K}
r: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
p: {P}
binning_x: 0
binning_y: 0
roi: {{x_offset: 0, y_offset: 0, height: 0, width: 0, do_rectify: false}}
---
"""


ROS_1_ECHOED = f"""\
header: \n  seq: 4
  stamp: \n    secs: 1
    nsecs:  2
  frame_id: "cam"
height: 480
width: 640
distortion_model: "plumb_bob"
D: {D}
K: {K}
R: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
P: {P}
binning_x: 0
binning_y: 0
roi: \n  x_offset: 0
  y_offset: 0
  height: 0
  width: 0
  do_rectify: False
---
"""
