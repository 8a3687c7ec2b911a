# SPDX-License-Identifier: Apache-2.0
"""A photo with an Exif orientation lies as the truth about it does."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tips_ros.evaluation.datasets.ade20k import Ade20k
from tips_ros.evaluation.datasets.files import read_rgb

STORED = (8, 24)


def photo(path: Path, tag: int) -> Path:
    """A JPEG of 8 rows, red on the left as it is stored."""
    rgb, exif = np.zeros((*STORED, 3), np.uint8), Image.Exif()
    rgb[:, :8, 0] = 255
    exif[0x0112] = tag
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path, exif=exif)
    return path


@pytest.mark.parametrize("tag", range(1, 9))
def test_truth_of_the_stored_size_is_about_the_stored_pixels(tmp_path: Path, tag: int):
    rgb = read_rgb(photo(tmp_path / "p.jpg", tag), np.zeros(STORED))
    assert rgb.shape == (*STORED, 3) and rgb[4, 2, 0] > 200


@pytest.mark.parametrize(("tag", "red_is_at"), [(5, 2), (6, 2), (7, 21), (8, 21)])
def test_truth_of_the_upright_size_is_about_the_upright_picture(
    tmp_path: Path, tag: int, red_is_at: int
):
    rgb = read_rgb(photo(tmp_path / "p.jpg", tag), np.zeros(STORED[::-1]))
    assert rgb.shape == (24, 8, 3) and rgb[red_is_at, 4, 0] > 200


@pytest.mark.parametrize("tag", [1, 2, 3, 4])
def test_truth_of_another_size_turns_nothing(tmp_path: Path, tag: int):
    assert read_rgb(photo(tmp_path / "p.jpg", tag), np.zeros(STORED[::-1])).shape[:2] == STORED


def test_a_dataset_that_was_labelled_upright_is_read(tmp_path: Path):
    photo(tmp_path / "images/validation/a.jpg", 6)
    mask = tmp_path / "annotations/validation/a.png"
    mask.parent.mkdir(parents=True)
    assert cv2.imwrite(str(mask), np.ones(STORED[::-1], np.uint8))
    (sample,) = Ade20k(tmp_path)
    assert sample.labels is not None
    assert sample.rgb.shape[:2] == sample.labels.shape == STORED[::-1]
