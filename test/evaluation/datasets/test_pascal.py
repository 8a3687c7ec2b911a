# SPDX-License-Identifier: Apache-2.0
"""PASCAL VOC 2012 as its archive lays it out."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.evaluation.datasets.pascal import Pascal, find, palette

IDS = np.array([[0, 1, 15, 20, 255]] * 3, np.uint8)


@pytest.fixture
def root(tmp_path, picture):
    """Two images with a mask in colours and one in grey; a third image is not listed."""
    for name in ("2007_000033", "2007_000042", "2007_000099"):
        picture(tmp_path / "JPEGImages" / f"{name}.jpg", np.full((3, 5, 3), 90, np.uint8))
    picture(tmp_path / "SegmentationClass/2007_000033.png", palette()[IDS])
    picture(tmp_path / "SegmentationClass/2007_000042.png", IDS)
    listed = tmp_path / "ImageSets/Segmentation/val.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text("2007_000033\n2007_000042\n")
    return tmp_path


def test_the_colours_are_the_devkit_s():
    colours = palette()
    known = {0: (0, 0, 0), 1: (128, 0, 0), 15: (192, 128, 128), 20: (0, 64, 128)}
    assert all(tuple(colours[i]) == colour for i, colour in known.items())
    assert tuple(colours[255]) == (224, 224, 192)


def test_masks_are_read_in_colours_and_in_grey(root):
    dataset = Pascal(root)
    samples = list(dataset)
    assert [s.name for s in samples] == ["2007_000033", "2007_000042"] and len(dataset) == 2
    for sample in samples:
        np.testing.assert_array_equal(sample.labels, IDS)
    names = dataset.class_names
    assert (names[0], names[1], names[15], names[20]) == (
        *("background", "aeroplane", "person", "tvmonitor"),
    )


def test_the_archive_s_own_folder_is_found(root):
    home = root / "VOCdevkit/VOC2012"
    home.mkdir(parents=True)
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets"):
        (root / folder).rename(home / folder)
    assert find(root) == find(root / "VOCdevkit") == find(home) == home
    assert find(root.parent) is None


def test_a_predictor_that_says_the_truth_scores_perfectly(root, perfect):
    assert perfect(Pascal(root)).segmentation.mean_iou == 1


def test_a_missing_list_mask_or_photo_is_named(root, refusal):
    (root / "JPEGImages/2007_000042.jpg").unlink()
    assert "2007_000042.jpg is missing" in refusal(lambda: list(Pascal(root)))
    (root / "SegmentationClass/2007_000033.png").unlink()
    assert "2007_000033.png is missing" in refusal(lambda: list(Pascal(root)))
    (root / "ImageSets/Segmentation/val.txt").write_text("")
    assert "names no images" in refusal(lambda: Pascal(root))
    (root / "ImageSets/Segmentation/val.txt").unlink()
    assert "val.txt is missing" in refusal(lambda: Pascal(root))


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (np.full((3, 5, 3), 77, np.uint8), "(77, 77, 77)"),
        (np.full((3, 5), 21, np.uint8), "class 21"),
    ],
)
def test_a_mask_of_another_kind_is_refused(root, picture, refusal, mask, reason):
    picture(root / "SegmentationClass/2007_000033.png", mask)
    assert reason in refusal(lambda: list(Pascal(root)))
