# SPDX-License-Identifier: Apache-2.0
"""Keys that are misspelt, assumed or broken in a calibration are told in one line."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tips_ros.perception.calibration.calibration_file import load_calibration
from tips_ros.perception.camera.camera_info import UncalibratedCamera

from .other_texts import ZIVID
from .ros_texts import ROS
from .written_camera import LENS, D, K, P, lens_of, refusal


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
        lens_of(tmp_path, ROS.replace("distortion_model: plumb_bob\n", ""))
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
