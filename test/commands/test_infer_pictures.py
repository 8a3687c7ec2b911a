# SPDX-License-Identifier: Apache-2.0
"""Pictures of every kind that OpenCV reads reach the model as RGB."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tips_ros import cli
from tips_ros.errors import UserError
from tips_ros.offline.pictures.picture_files import read_picture


def picture(tmp_path: Path, array: np.ndarray, name: str = "picture.png") -> Path:
    path = tmp_path / name
    assert cv2.imwrite(str(path), array)
    return path


def stored(path: Path) -> np.ndarray:
    """The file's pixels, as they lie in it."""
    return read_picture(path).stored


def colored(height: int = 12, width: int = 16) -> np.ndarray:
    """BGR as OpenCV writes it: red on the left, blue on the right."""
    array = np.zeros((height, width, 3), np.uint8)
    array[:, : width // 2, 2] = array[:, width // 2 :, 0] = 200
    return array


class TestAPicture:
    @pytest.mark.parametrize("suffix", ["png", "tiff", "bmp", "webp", "ppm"])
    def test_keeps_its_colours(self, tmp_path: Path, suffix: str):
        rgb = stored(picture(tmp_path, colored(), f"p.{suffix}"))
        assert rgb.shape == (12, 16, 3) and rgb.dtype == np.uint8
        assert rgb[6, 2].argmax() == 0 and rgb[6, 13].argmax() == 2

    def test_of_jpeg_keeps_them_nearly(self, tmp_path: Path):
        rgb = stored(picture(tmp_path, colored(64, 64), "p.jpg"))
        np.testing.assert_allclose(rgb[30, 5], [200, 0, 0], atol=12)

    def test_that_is_grey_has_three_equal_channels(self, tmp_path: Path):
        grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
        rgb = stored(picture(tmp_path, grey))
        np.testing.assert_array_equal(rgb, np.repeat(grey[..., None], 3, axis=2))

    def test_with_alpha_loses_it(self, tmp_path: Path):
        bgra = np.dstack([colored(), np.full((12, 16), 7, np.uint8)])
        assert (stored(picture(tmp_path, bgra))[:, :8] == [200, 0, 0]).all()

    def test_of_16_bits_is_scaled_to_8(self, tmp_path: Path):
        deep = colored().astype(np.uint16) * 257
        np.testing.assert_allclose(
            stored(picture(tmp_path, deep)), colored()[..., ::-1], atol=1
        )

    @pytest.mark.parametrize("bits", [8, 10, 12, 14])
    def test_of_fewer_bits_in_16_is_as_bright_as_any(self, tmp_path: Path, bits: int):
        full = (1 << bits) - 1
        deep = np.where(colored() > 0, full, 0).astype(np.uint16)
        wanted = np.where(colored() > 0, 255, 0)[..., ::-1]
        np.testing.assert_array_equal(stored(picture(tmp_path, deep)), wanted)

    def test_of_one_pixel_is_a_picture(self, tmp_path: Path):
        out = tmp_path / "out"
        path = picture(tmp_path, np.full((1, 1, 3), 90, np.uint8))
        assert cli.main(["infer", str(path), "--hfov-deg", "60", "--output", str(out)]) == 0
        assert np.load(out / "normals.npy").shape == (1, 1, 3)

    def test_cut_short_is_refused(self, tmp_path: Path):
        path = picture(tmp_path, colored(64, 64), "p.jpg")
        path.write_bytes(path.read_bytes()[:-200])
        with pytest.raises(UserError, match="not a whole picture"):
            read_picture(path)


# Pictures with licences of their own, not part of the project; used where they are at hand.
ODD = Path(__file__).parents[2].parent / "shared" / "data" / "odd"
ODD_PICTURES = sorted(p for p in ODD.glob("*") if p.suffix in (".png", ".jpg", ".tif"))


@pytest.mark.skipif(not ODD_PICTURES, reason="the folder of odd pictures is not here")
@pytest.mark.parametrize("path", ODD_PICTURES, ids=lambda p: p.name)
def test_odd_pictures_from_the_wild_are_read(path: Path):
    rgb = stored(path)
    assert rgb.ndim == 3 and rgb.shape[2] == 3 and rgb.dtype == np.uint8
    assert rgb.std() > 5
