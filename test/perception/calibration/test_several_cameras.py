# SPDX-License-Identifier: Apache-2.0
"""A file of several cameras: one is named, or the picture's size chooses."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tips_ros.perception.calibration.calibration_file import load_calibration
from tips_ros.perception.camera.camera_info import UncalibratedCamera

from .other_texts import KALIBR, ZED
from .ros_texts import OST, ROS
from .written_camera import LENS, SIZE, D, K, lens_of, refusal


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
