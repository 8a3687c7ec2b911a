# SPDX-License-Identifier: Apache-2.0
"""The calibration file of camera_calibration becomes intrinsics, of a resized image too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tips_ros.perception.calibration.calibration_file import lens_at, load_calibration
from tips_ros.perception.camera.camera_info import Intrinsics, UncalibratedCamera, has_distortion

# As camera_calibration writes it.
FILE = """\
image_width: 640
image_height: 480
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: [525.5, 0, 319.5, 0, 524.5, 239.5, 0, 0, 1]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [0.1, -0.2, 0.001, 0.002, 0]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1, 0, 0, 0, 1, 0, 0, 0, 1]
projection_matrix:
  rows: 3
  cols: 4
  data: [510, 0, 322, 0, 0, 512, 241, 0, 0, 0, 1, 0]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "camera.yaml"
    path.write_text(FILE)
    return path


def changed(file: Path, old: str, new: str) -> Path:
    assert old in FILE
    file.write_text(FILE.replace(old, new))
    return file


def test_the_camera_matrix_belongs_to_the_raw_image(file: Path):
    calibration = load_calibration(file)
    assert has_distortion(calibration) and calibration.distortion_model == "plumb_bob"
    expected = Intrinsics(525.5, 524.5, 319.5, 239.5, 640, 480)
    assert lens_at(calibration, 640, 480).intrinsics == expected


def test_the_projection_matrix_belongs_to_the_rectified_image(file: Path):
    expected = Intrinsics(510, 512, 322, 241, 640, 480)
    assert lens_at(load_calibration(file), 640, 480, rectified=True).intrinsics == expected


def test_a_file_with_the_camera_matrix_alone_is_enough(file: Path):
    file.write_text(FILE[: FILE.index("distortion_model")])
    assert lens_at(load_calibration(file), 640, 480, rectified=True).intrinsics.fx == 525.5


def test_a_resized_image_has_scaled_intrinsics(file: Path):
    half = lens_at(load_calibration(file), 320, 240).intrinsics
    assert (half.fx, half.fy, half.width, half.height) == (262.75, 262.25, 320, 240)
    assert half.cx == pytest.approx((319.5 + 0.5) / 2 - 0.5)


@pytest.mark.parametrize("size", [(321, 241), (213, 160), (1281, 960), (3, 2)])
def test_a_resized_side_may_have_been_rounded(file: Path, size: tuple[int, int]):
    assert lens_at(load_calibration(file), *size).intrinsics.width == size[0]


@pytest.mark.parametrize("size", [(640, 360), (480, 640), (640, 470), (600, 480)])
def test_an_image_of_another_shape_is_refused(file: Path, size: tuple[int, int]):
    with pytest.raises(UncalibratedCamera, match="for 640x480 images and this one is"):
        lens_at(load_calibration(file), *size)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("image_width: 640", "", "image_width is None"),
        ("image_height: 480", "image_height: many", "image_height is 'many'"),
        ("image_height: 480", "image_height: -480", "image_height is -480"),
        ("[525.5, 0, 319.5, 0, 524.5,", "[525.5,", "camera_matrix.data holds 5 numbers, not 9"),
        ("525.5, 0, 319.5", "wide, 0, 319.5", "camera_matrix.data is not a list of numbers"),
        ("image_width: 640", "image_width: [", "not a YAML file"),
        ("image_width: 640", "image_width: !!python/object:os.system x", "not a YAML file"),
    ],
)
def test_a_file_that_lacks_something_is_refused_in_one_line(
    file: Path, old: str, new: str, message: str
):
    with pytest.raises(UncalibratedCamera, match=message) as raised:
        load_calibration(changed(file, old, new))
    assert str(file) in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"just words", b"- 1\n- 2\n", b"\xff\xfe\x00"])
def test_another_kind_of_file_is_refused(file: Path, content: bytes):
    file.write_bytes(content)
    with pytest.raises(UncalibratedCamera, match=r"camera\.yaml: not a "):
        load_calibration(file)


def test_a_calibration_of_zeros_is_no_calibration(file: Path):
    calibration = load_calibration(
        changed(file, "525.5, 0, 319.5, 0, 524.5, 239.5, 0, 0, 1", "0, 0, 0, 0, 0, 0, 0, 0, 0")
    )
    with pytest.raises(UncalibratedCamera, match="not calibrated"):
        lens_at(calibration, 640, 480)
