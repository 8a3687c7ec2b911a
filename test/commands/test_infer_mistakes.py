# SPDX-License-Identifier: Apache-2.0
"""A mistake in what `tips_ros infer` is given costs exit code 2 and one line that names the fix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from .conftest import CALIBRATION, SMALL, infer, refusal


def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    assert cv2.imwrite(str(path), np.full((28, 42, 3), 90, np.uint8))
    return path


class TestAMistake:
    def test_in_the_picture_s_name(self, tmp_path: Path, capsys: Any):
        assert "there is no such file" in refusal(capsys, tmp_path / "absent.png")

    @pytest.mark.parametrize(
        "content", [b"", b"no picture\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
    )
    def test_in_the_picture(self, tmp_path: Path, capsys: Any, content: bytes):
        path = tmp_path / "picture.png"
        path.write_bytes(content)
        line = refusal(capsys, path)
        assert "picture.png: not a whole picture that OpenCV reads" in line

    def test_of_a_folder_for_a_picture(self, tmp_path: Path, capsys: Any):
        assert "no pictures in this folder" in refusal(capsys, tmp_path)

    def test_in_the_model_s_name(self, tmp_path: Path, capsys: Any):
        line = refusal(capsys, picture(tmp_path), "--model", "tips-xxl")
        assert "no model 'tips-xxl': name demo, tipsv2-b14" in line

    def test_of_an_empty_model_directory(self, tmp_path: Path, capsys: Any):
        (tmp_path / "model").mkdir()
        line = refusal(capsys, picture(tmp_path), "--model", tmp_path / "model")
        assert "a model directory holds one tips_…_vision.npz" in line

    def test_in_a_model_s_file(self, tmp_path: Path, capsys: Any):
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "tips_v2_oss_b14_vision.npz").write_bytes(b"half a download")
        line = refusal(capsys, picture(tmp_path), "--model", tmp_path / "model")
        assert "tips_v2_oss_b14_vision.npz: not a whole zip of arrays" in line

    def test_in_the_camera_file_s_name(self, tmp_path: Path, capsys: Any):
        line = refusal(capsys, picture(tmp_path), "--camera-info", tmp_path / "absent.yaml")
        assert "absent.yaml: there is no such file" in line
        line = refusal(capsys, picture(tmp_path), "--camera-info", tmp_path)
        assert f"the camera: {tmp_path} is a folder; name a file" in line

    def test_in_the_camera_file(self, tmp_path: Path, capsys: Any):
        camera = tmp_path / "camera.yaml"
        camera.write_text("image_width: 84\n")
        assert "image_height is None" in refusal(capsys, picture(tmp_path), "--camera-info", camera)

    def test_of_a_camera_file_for_another_shape(self, tmp_path: Path, capsys: Any):
        camera = tmp_path / "camera.yaml"
        camera.write_text(CALIBRATION.replace("image_height: 56", "image_height: 84"))
        line = refusal(capsys, picture(tmp_path), "--camera-info", camera)
        assert "for 84x84 images and this one is 42x28" in line

    @pytest.mark.parametrize("hfov", ["0", "180", "-60", "nan"])
    def test_in_the_angle_of_view(self, tmp_path: Path, capsys: Any, hfov: str):
        line = refusal(capsys, picture(tmp_path), f"--hfov-deg={hfov}")
        assert "must be between 0 and 180 degrees" in line

    def test_of_a_filter_without_a_cloud(self, tmp_path: Path, capsys: Any):
        line = refusal(capsys, picture(tmp_path), "--voxel-m", "0.1")
        assert "which needs --camera-info or --hfov-deg" in line

    def test_of_a_negative_filter(self, tmp_path: Path, capsys: Any):
        args = ["--hfov-deg", "60", "--voxel-m", "-1", "--output", tmp_path / "out", *SMALL]
        assert "must not be negative" in refusal(capsys, picture(tmp_path), *args)

    def test_of_rectified_without_a_calibration(self, tmp_path: Path, capsys: Any):
        line = refusal(capsys, picture(tmp_path), "--rectified", "--hfov-deg", "60")
        assert "which matrix of --camera-info" in line

    def test_in_the_device(self, tmp_path: Path, capsys: Any):
        assert "name one as torch does" in refusal(
            capsys, picture(tmp_path), "--device", "graphics"
        )

    def test_in_the_input_size(self, tmp_path: Path, capsys: Any):
        line = refusal(capsys, picture(tmp_path), "--input-size", "450x448")
        assert "must be multiples of 14" in line

    def test_of_a_file_where_the_folder_should_be(self, tmp_path: Path, capsys: Any):
        (tmp_path / "out").write_text("a file")
        line = refusal(capsys, picture(tmp_path), "--output", tmp_path / "out", *SMALL)
        assert "cannot be written" in line

    @pytest.mark.parametrize(
        "args",
        [
            ["--camera-info", "x.yaml", "--hfov-deg", "60"],
            ["--input-size", "448"],
            ["--input-size", "448x"],
            ["--scale", "0"],
            ["--scale", "2"],
            ["--precision", "int4"],
            ["--hfov-deg", "wide"],
        ],
        ids=" ".join,
    )
    def test_in_the_usage(self, tmp_path: Path, capsys: Any, args: list[str]):
        with pytest.raises(SystemExit) as exit_info:
            infer(picture(tmp_path), *args)
        assert exit_info.value.code == 2
        assert args[-2] in capsys.readouterr().err
