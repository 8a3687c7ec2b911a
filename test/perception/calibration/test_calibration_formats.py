# SPDX-License-Identifier: Apache-2.0
"""The same camera in the files of every tool is the same lens; what is misspelt is told."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

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

FORMATS = {
    "camera_calibration": ROS,
    "camera_calibration, wrapped lines": WRAPPED,
    "its key of many years": ROS.replace("distortion_model", "camera_model"),
    "no distortion model": ROS.replace("distortion_model: plumb_bob\n", ""),
    "an empty distortion model": ROS.replace("plumb_bob", "''"),
    "matrices as lists": f"image_width: 640\nimage_height: 480\ncamera_matrix: {K}\n"
    f"distortion_model: plumb_bob\ndistortion_coefficients: {D}\n",
    "matrices as lists of rows": "image_width: 640\nimage_height: 480\n"
    f"camera_matrix: {np.reshape(K, (3, 3)).tolist()}\ndistortion_coefficients: {[D]}\n",
    "raw needs no projection": ROS[: ROS.index("rectification")],
    "Windows' line ends": ROS.replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + ROS,
    "indented by tabs": ROS.replace("  ", "\t"),
    "JSON": json.dumps(yaml.safe_load(ROS)),
    "numbers in quotes and with exponents": ROS.replace("0.084891", "'8.4891e-02'"),
    "within a parameters file": "/**:\n  ros__parameters:\n"
    + "".join(f"    {line}\n" for line in ROS.splitlines()),
    "OpenCV, with tags": OPENCV_TAGGED,
    "OpenCV, old: no document mark": OPENCV_TAGGED.replace("---\n", ""),
    "OpenCV, tutorial of version 2": OPENCV_TAGGED.replace("camera_matrix", "Camera_Matrix")
    .replace("distortion_coefficients", "Distortion_Coefficients")
    .replace("image_width", "image_Width")
    .replace("image_height", "image_Height"),
    "ost.txt": OST,
    "ros2 topic echo": ECHOED,
    "ros2 topic echo, several messages": ECHOED * 3,
    "ros2 topic echo, broken off": ECHOED + ECHOED[:150],
    "ros2 topic echo, a message was lost": "A message was lost!!!\n\ttotal count change:1\n"
    "\ttotal count: 1---\n" + ECHOED,
    "ros2 topic echo --flow-style": ECHOED_FLOW,
    "rostopic echo": ROS_1_ECHOED,
    "Kalibr": KALIBR,
    "maplab": MAPLAB,
    "Zivid": ZIVID,
    "with comments that trail off ...": ROS.replace("camera_name", "# by hand...\n# ---\nx"),
    "ros2 topic echo, joined late": ECHOED[ECHOED.index("k:") :] + ECHOED,
    "EuRoC's sensor.yaml": EUROC,
    "camodocal": CAMODOCAL,
    "ORB-SLAM": ORB_SLAM,
    "a Python script": PYTHON_SCRIPT,
    "RealSense": REALSENSE,
}


def lens_of(tmp_path: Path, text: str, name: str = "camera.yaml", rectified: bool = False) -> Lens:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return lens_at(load_calibration(path, SIZE), *SIZE, rectified)


def refusal(tmp_path: Path, text: str, name: str = "camera.yaml") -> str:
    with pytest.raises(UncalibratedCamera) as caught:
        lens_of(tmp_path, text, name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_camera_is_the_same_lens(tmp_path: Path, name: str):
    assert lens_of(tmp_path, FORMATS[name]) == LENS


@pytest.mark.parametrize("suffix", ["yml", "xml", "json"])
@pytest.mark.parametrize("keys", ["camera_matrix distortion_coefficients", "K D", "M dist_coeffs"])
def test_what_opencv_itself_writes(tmp_path: Path, suffix: str, keys: str):
    path = tmp_path / f"camera.{suffix}"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("calibration_time", "Thu 26 Nov 2026")
    storage.write("image_width", 640)
    storage.write("image_height", 480)
    matrix, coefficients = keys.replace("M ", "cameraMatrix ").split()
    storage.write(matrix, np.reshape(K, (3, 3)))
    storage.write(coefficients, np.reshape(D, (5, 1)))
    storage.write("per_view_reprojection_errors", np.array([0.1, np.nan, 0.2]))
    storage.write("avg_reprojection_error", 0.2)
    storage.release()
    assert lens_at(load_calibration(path, SIZE), *SIZE) == LENS


def test_what_powershell_redirects(tmp_path: Path):
    (tmp_path / "camera.yaml").write_bytes(ECHOED.encode("utf-16"))
    assert lens_at(load_calibration(tmp_path / "camera.yaml"), *SIZE) == LENS


@pytest.mark.parametrize(
    "text",
    [
        ROS.replace("plumb_bob", "equidistant").replace(str(D), str(FISHEYE_D)),
        KALIBR.replace("radtan", "equidistant").replace(str(D[:4]), str(FISHEYE_D)),
        MAPLAB.replace("radial-tangential", "equidistant").replace(str(D[:4]), str(FISHEYE_D)),
        OPENCV_TAGGED.replace("distortion_model: plumb_bob", "fisheye_model: 1").replace(
            str(D), str(FISHEYE_D)
        ),
        "%YAML:1.0\n---\nmodel_type: KANNALA_BRANDT\ncamera_name: camera\nimage_width: 640\n"
        "image_height: 480\nprojection_parameters:\n   k2: {}\n   k3: {}\n   k4: {}\n   k5: {}\n"
        "   mu: {}\n   mv: {}\n   u0: {}\n   v0: {}\n".format(*FISHEYE_D, K[0], K[4], K[2], K[5]),
        'Camera.type: "KannalaBrandt8"\nCamera1.fx: {4}\nCamera1.fy: {5}\nCamera1.cx: {6}\n'
        "Camera1.cy: {7}\nCamera1.k1: {0}\nCamera1.k2: {1}\nCamera1.k3: {2}\nCamera1.k4: {3}\n"
        "Camera.width: 640\nCamera.height: 480\n".format(*FISHEYE_D, K[0], K[4], K[2], K[5]),
    ],
    ids=["camera_calibration", "Kalibr", "maplab", "OpenCV", "camodocal", "ORB-SLAM3"],
)
def test_fisheyes_are_fisheyes(tmp_path: Path, text: str):
    assert lens_of(tmp_path, text) == FISHEYE


def test_a_matrix_column_by_column_is_turned(tmp_path: Path):
    """As Open3D's pinhole intrinsics are stored."""
    columns = np.reshape(K, (3, 3)).T.ravel().tolist()
    text = json.dumps({"width": 640, "height": 480, "intrinsic_matrix": columns})
    assert lens_of(tmp_path, text).intrinsics == INTRINSICS


def test_a_file_without_distortion_is_a_pinhole(tmp_path: Path):
    kalibr = KALIBR.replace("radtan", "none").replace(str(D[:4]), "[]")
    for text in (kalibr, ROS.replace(str(D), "[0., 0., 0., 0., 0.]"), ROS.replace(str(D), "[]")):
        assert lens_of(tmp_path, text).is_pinhole


def test_an_echoed_message_keeps_its_region_and_binning(tmp_path: Path):
    text = ECHOED.replace("binning_x: 0\nbinning_y: 0", "binning_x: 2\nbinning_y: 2")
    (tmp_path / "camera.yaml").write_text(text)
    half = lens_at(load_calibration(tmp_path / "camera.yaml"), 320, 240).intrinsics
    assert half == INTRINSICS.scaled_to(320, 240)
    text = ECHOED.replace("height: 0\n  width: 0", "height: 400\n  width: 600")
    (tmp_path / "camera.yaml").write_text(text.replace("x_offset: 0", "x_offset: 20"))
    cropped = lens_at(load_calibration(tmp_path / "camera.yaml"), 600, 400).intrinsics
    assert (cropped.fx, cropped.cx, cropped.cy) == (K[0], K[2] - 20, K[5])


@pytest.mark.parametrize(
    "p", ["[" + ", ".join(["0"] * 12) + "]", "[" + ", ".join([".Nan"] * 12) + "]"]
)
def test_a_projection_that_is_not_needed_may_be_anything(tmp_path: Path, p: str):
    assert lens_of(tmp_path, ROS.replace(str(P), p)) == LENS


def test_a_rectified_picture_needs_the_projection_alone(tmp_path: Path):
    text = ROS.replace(str(K), str([0.0] * 9))
    assert lens_of(tmp_path, text, rectified=True).intrinsics.fx == P[0]
    start, end = ROS.index("camera_matrix"), ROS.index("distortion_model")
    assert lens_of(tmp_path, ROS[:start] + ROS[end:], rectified=True).intrinsics.fx == P[0]


class TestSeveralCameras:
    two = KALIBR + KALIBR.replace("cam0", "cam1").replace(str(K[0]), "533.0")

    def test_of_one_size_have_to_be_named(self, tmp_path: Path):
        line = refusal(tmp_path, self.two)
        assert "cam0, cam1; name one, as camera.yaml#cam0" in line

    def test_one_is_named_behind_the_file(self, tmp_path: Path):
        (tmp_path / "camera.yaml").write_text(self.two)
        for name, focal in (("cam0", K[0]), ("cam1", 533.0)):
            assert load_calibration(f"{tmp_path}/camera.yaml#{name}").k[0] == focal
        with pytest.raises(UncalibratedCamera, match="no camera 'cam2'; name one of cam0, cam1"):
            load_calibration(f"{tmp_path}/camera.yaml#cam2")

    def test_a_file_whose_own_name_has_that_sign_is_read(self, tmp_path: Path):
        assert lens_of(tmp_path, ROS, "camera#1.yaml") == LENS

    def test_the_picture_s_size_chooses(self, tmp_path: Path):
        other = self.two.replace("640, 480", "1280, 800", 1)
        assert lens_of(tmp_path, other).intrinsics.fx == 533.0

    def test_the_picture_s_shape_chooses(self, tmp_path: Path):
        (tmp_path / "camera.yaml").write_text(self.two.replace("640, 480", "1280, 800", 1))
        half = load_calibration(tmp_path / "camera.yaml", (320, 240))
        assert half.k[0] == 533.0

    @pytest.mark.parametrize(
        "keys", ["M1 D1 M2 D2", "K_left D_left K_right D_right", "cameraMatrix1 distCoeffs1 K2 D2"]
    )
    def test_of_one_file_may_be_a_stereo_pair(self, tmp_path: Path, keys: str):
        """As OpenCV's stereo_calib and scripts after its example write them."""
        storage = cv2.FileStorage(str(tmp_path / "intrinsics.yml"), cv2.FILE_STORAGE_WRITE)
        other = np.reshape([533.0, *K[1:]], (3, 3))
        values = (np.reshape(K, (3, 3)), np.array([D]), other, np.array([D]))
        for key, value in zip(keys.split(), values, strict=True):
            storage.write(key, value)
        storage.release()
        names = ("left", "right") if "left" in keys else ("1", "2")
        for name, focal in zip(names, (K[0], 533.0), strict=True):
            one = load_calibration(f"{tmp_path}/intrinsics.yml#{name}")
            assert (one.k[0], one.d) == (focal, D)
        with pytest.raises(UncalibratedCamera, match=f"{names[0]}, {names[1]}; name one"):
            load_calibration(tmp_path / "intrinsics.yml", SIZE)

    def test_resolutions_of_a_zed_are_those_of_its_sections(self, tmp_path: Path):
        (tmp_path / "SN1234.conf").write_text(ZED)
        assert load_calibration(tmp_path / "SN1234.conf", (672, 376)).k[0] == K[0]
        assert load_calibration(tmp_path / "SN1234.conf", (1280, 720)).k[0] == 700.0

    def test_of_an_ost_file_share_its_size(self, tmp_path: Path):
        section = OST[OST.index("[narrow") :]
        text = OST + section.replace("narrow_stereo", "right").replace(str(K[0]), "533.0")
        (tmp_path / "ost.txt").write_text(text)
        right = load_calibration(tmp_path / "ost.txt#right")
        assert (right.width, right.height, right.k[0]) == (640, 480, 533.0)


class TestAMisspeltKey:
    @pytest.mark.parametrize(
        ("wrong", "right"),
        [
            ("distortion_coefficents", "distortion_coefficients"),
            ("distorsion_coefficients", "distortion_coefficients"),
            ("distortion_coeficients", "distortion_coefficients"),
            ("distorton_model", "distortion_model"),
            ("camera_matirx", "camera_matrix"),
            ("camera_matrices", "camera_matrix"),
            ("image_widht", "image_width"),
            ("image_heigth", "image_height"),
        ],
    )
    def test_that_is_needed_is_told_with_the_right_one(
        self, tmp_path: Path, wrong: str, right: str
    ):
        line = refusal(tmp_path, ROS.replace(f"{right}:", f"{wrong}:"))
        assert f"{wrong} is not known: did you mean {right}?" in line

    @pytest.mark.parametrize("wrong", ["rectification_matirx", "projecton_matrix"])
    def test_that_is_not_needed_is_told_and_the_rest_is_read(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, wrong: str
    ):
        right = "rectification_matrix" if wrong.startswith("r") else "projection_matrix"
        with caplog.at_level(logging.WARNING):
            assert lens_of(tmp_path, ROS.replace(right, wrong)) == LENS
        assert f"{wrong} is not known: did you mean {right}?" in caplog.text

    @pytest.mark.parametrize("key", ["dist_params", "distortion_vector", "distortion_ks"])
    def test_of_the_distortion_is_never_taken_for_none(self, tmp_path: Path, key: str):
        line = refusal(tmp_path, ROS.replace("distortion_coefficients", key))
        assert f"{key} is not known: did you mean distortion_coefficients?" in line
        nested = ZIVID.replace("    K", "    kappa").replace("    P", "    q")
        assert "but no k1" in refusal(tmp_path, nested)

    def test_within_a_matrix_is_told(self, tmp_path: Path):
        line = refusal(tmp_path, ROS.replace("  data: [-0.28", "  dta: [-0.28"))
        assert "dta is not known, did you mean data?" in line

    @pytest.mark.parametrize(
        "key", ["calibration_time", "camera_name", "flags", "rms", "fps", "T_BS"]
    )
    def test_is_not_seen_in_keys_of_other_things(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, key: str
    ):
        with caplog.at_level(logging.WARNING):
            assert lens_of(tmp_path, f"{key}: 3\n{ROS}") == LENS
        assert not caplog.messages


def test_an_assumed_lens_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        lens_of(tmp_path, FORMATS["no distortion model"])
    assert "names no distortion model: assumed plumb_bob" in caplog.text


def test_an_assumed_size_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    text = "".join(line + "\n" for line in ROS.splitlines() if "image_" not in line)
    with caplog.at_level(logging.WARNING):
        assert lens_of(tmp_path, text) == LENS
    assert "says no image size: assumed that of the picture" in caplog.text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (str(D), "'<array type: double[5]>'", "distortion_coefficients.data is not a list of"),
        (str(D), "[a, b, c, d]", "distortion_coefficients.data is not a list of numbers"),
        (str(K), "[yes, no, 1, 0, 1, 1, 0, 0, 1]", "camera_matrix.data is not a list of numbers"),
        (str(K), "[]", "camera_matrix.data holds 0 numbers, not 9"),
        ("image_width: 640", "image_width: 640.5", "image_width is 640.5"),
        ("image_width: 640", "image_width: .nan", "image_width is nan"),
        ("image_width: 640", "image_width: 0", "image_width is 0 and image_height is 480"),
        ("plumb_bob", "mei", "distortion_model 'mei' is not known"),
        ("distortion_model: plumb_bob", "camera_model: omni", "camera_model 'omni' is not known"),
    ],
)
def test_what_means_nothing_is_refused_in_one_line(
    tmp_path: Path, old: str, new: str, message: str
):
    assert old in ROS
    assert message in refusal(tmp_path, ROS.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (str(P), "[1, 2, 3]", "projection_matrix.data holds 3 numbers, not 12"),
        ("0.0, 500.1", "0.0 500.1", "projection_matrix.data is not a list of numbers"),
        ("[1, 0, 0, 0, 1, 0, 0, 0, 1]", "", "rectification_matrix.data is not a list"),
        ("[1, 0, 0, 0, 1, 0, 0, 0, 1]", "many", "rectification_matrix.data is not a list"),
    ],
)
def test_what_is_broken_and_not_needed_is_told_and_the_rest_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, old: str, new: str, message: str
):
    assert old in ROS
    with caplog.at_level(logging.WARNING):
        assert lens_of(tmp_path, ROS.replace(old, new)) == LENS
    assert message in caplog.text or not new


def test_a_comment_in_another_encoding_is_a_comment(tmp_path: Path):
    (tmp_path / "camera.yaml").write_bytes(b"# 90\xb0 lens\n" + ROS.encode())
    assert lens_at(load_calibration(tmp_path / "camera.yaml"), *SIZE) == LENS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<opencv_storage><camera_matrix>", "not an XML file"),
        ("<html></html>", "not a camera calibration"),
        ("[package]\nname = tips_ros\n", "not a camera calibration"),
        ("a: 1\n---\nb: 2\n", "not a camera calibration"),
        ("image_width: 640\nimage_height: 480\n", "there is no camera_matrix"),
        ("fx: 500\nfy: 500\nwidth: 640\nheight: 480\n", "fx is there, and cx, cy is not"),
        ("&a [*a]", "not a "),
        ("k: &a [*a]\nwidth: 640\nheight: 480\n", "camera_matrix.data is not a list"),
    ],
)
def test_another_kind_of_text_is_refused_in_one_line(tmp_path: Path, text: str, message: str):
    assert message in refusal(tmp_path, text)


def test_an_archive_is_told_apart(tmp_path: Path):
    (tmp_path / "calibrationdata.tar.gz").write_bytes(b"\x1f\x8b\x08\x00" + bytes(range(256)))
    with pytest.raises(UncalibratedCamera, match=r"give the \.yaml or ost\.txt inside"):
        load_calibration(tmp_path / "calibrationdata.tar.gz")
