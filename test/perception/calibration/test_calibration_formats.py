# SPDX-License-Identifier: Apache-2.0
"""The same camera in the files of every tool is the same lens."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from tips_ros.perception.calibration.calibration_file import lens_at, load_calibration

from .other_texts import CAMODOCAL, EUROC, KALIBR, MAPLAB, ORB_SLAM, PYTHON_SCRIPT, REALSENSE, ZIVID
from .ros_texts import ECHOED, ECHOED_FLOW, OPENCV_TAGGED, OST, ROS, ROS_1_ECHOED, WRAPPED
from .written_camera import FISHEYE, FISHEYE_D, INTRINSICS, LENS, SIZE, D, K, P, lens_of

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


def test_a_comment_in_another_encoding_is_a_comment(tmp_path: Path):
    (tmp_path / "camera.yaml").write_bytes(b"# 90\xb0 lens\n" + ROS.encode())
    assert lens_at(load_calibration(tmp_path / "camera.yaml"), *SIZE) == LENS
