# SPDX-License-Identifier: Apache-2.0
"""ADE20K as the scene parsing benchmark lays it out."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tips_ros.evaluation.datasets.ade20k import Ade20k, find

REAL = Path(__file__).parents[4] / "shared" / "data" / "semseg"
PHOTOS, MASKS = Path("images/validation"), Path("annotations/validation")


@pytest.fixture
def root(tmp_path, picture):
    grey = np.full((4, 5, 3), 128, np.uint8)
    mask = np.array([[0, 1, 2, 150, 4]] * 4, np.uint8)
    for name in ("ADE_val_00000002", "ADE_val_00000001"):
        picture(tmp_path / PHOTOS / f"{name}.jpg", grey)
        picture(tmp_path / MASKS / f"{name}.png", mask)
    return tmp_path


def test_a_mask_s_numbers_become_ids_from_0_and_other_is_ignored(root):
    dataset = Ade20k(root)
    samples = list(dataset)
    assert [s.name for s in samples] == ["ADE_val_00000001", "ADE_val_00000002"]
    assert len(dataset) == 2
    np.testing.assert_array_equal(samples[0].labels[0], [255, 0, 1, 149, 3])
    assert samples[0].depth_m is None and samples[0].normals is None
    assert (dataset.class_names[0], dataset.class_names[149]) == ("wall", "flag")


def test_the_archive_s_own_folder_is_found(root):
    (root / "ADEChallengeData2016").mkdir()
    for folder in ("images", "annotations"):
        (root / folder).rename(root / "ADEChallengeData2016" / folder)
    assert find(root) == root / "ADEChallengeData2016"
    assert find(root / "ADEChallengeData2016") == root / "ADEChallengeData2016"
    assert find(root.parent) is None


def test_a_predictor_that_says_the_truth_scores_perfectly(root, perfect):
    results = perfect(Ade20k(root))
    assert results.segmentation.mean_iou == 1 and results.depth is None


def test_a_missing_mask_is_named_before_the_work_begins(root, refusal):
    (root / MASKS / "ADE_val_00000001.png").unlink()
    assert "ADE_val_00000001.png is missing (1 in all)" in refusal(lambda: Ade20k(root))


def test_a_folder_without_photos_says_so(root, refusal):
    shutil.rmtree(root / PHOTOS)
    (root / PHOTOS).mkdir()
    assert "holds no photos" in refusal(lambda: Ade20k(root))


def test_a_mask_of_another_benchmark_is_refused(root, picture, refusal):
    picture(root / MASKS / "ADE_val_00000001.png", np.full((4, 5), 151, np.uint8))
    assert "class 151" in refusal(lambda: list(Ade20k(root)))


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real masks of ../shared/data")
def test_real_photos_and_masks_are_read(tmp_path, perfect):
    for folder, suffix in ((PHOTOS, ".jpg"), (MASKS, ".png")):
        (tmp_path / folder).mkdir(parents=True)
        for file in REAL.glob(f"ADE_val_*{suffix}"):
            shutil.copy(file, tmp_path / folder)
    results = perfect(Ade20k(tmp_path))
    assert results.frames == 3 and results.segmentation.mean_iou == 1
    names = {results.name_of(i) for i in results.segmentation.iou_of_class}
    assert {"wall", "sky"} & names
