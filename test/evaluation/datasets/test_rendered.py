# SPDX-License-Identifier: Apache-2.0
"""Our own layout: what was written is what is read."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tips_ros.evaluation.datasets.rendered import UNIT_M, Rendered, write_frame, write_index
from tips_ros.evaluation.sample import Sample

CLASSES = {0: "wall", 1: "floor", 2: "bed"}


@pytest.fixture
def folder(tmp_path, frame):
    """Three frames, the last of which is only a picture."""
    picture = Sample("bare", frame(2).rgb)
    entries = [write_frame(tmp_path, sample) for sample in (frame(0), frame(1), picture)]
    write_index(tmp_path, "held-out rooms", CLASSES, entries)
    return tmp_path


def change(folder, edit):
    """Edits the index in place."""
    file = folder / "scene.json"
    index = json.loads(file.read_text())
    edit(index)
    file.write_text(json.dumps(index))


def test_frames_come_back_with_everything_that_was_known(folder, frame):
    dataset = Rendered(folder)
    assert (dataset.name, dataset.class_names, len(dataset)) == ("held-out rooms", CLASSES, 3)
    for number, sample in zip((0, 1), dataset, strict=False):
        truth = frame(number)
        np.testing.assert_array_equal(sample.rgb, truth.rgb)
        np.testing.assert_allclose(sample.depth_m, truth.depth_m, atol=0.51 * UNIT_M)
        np.testing.assert_allclose(sample.normals, truth.normals, atol=4e-5)
        np.testing.assert_array_equal(sample.labels, truth.labels)
        np.testing.assert_array_equal(sample.world_from_camera, truth.world_from_camera)
        assert sample.name == truth.name
        assert sample.intrinsics == truth.intrinsics
        assert (sample.sequence, sample.stamp_s) == (truth.sequence, truth.stamp_s)


def test_what_was_not_known_is_not_known(folder):
    *_, bare = Rendered(folder)
    assert bare[2:] == (None,) * 7


def test_it_can_be_read_twice(folder):
    dataset = Rendered(folder)
    assert [s.name for s in dataset] == [s.name for s in dataset]


def test_a_jpeg_is_a_picture_too(tmp_path, frame):
    smooth = np.full((12, 16, 3), (200, 120, 40), np.uint8)
    entry = write_frame(tmp_path, frame()._replace(rgb=smooth), "jpg")
    write_index(tmp_path, "jpeg", CLASSES, [entry])
    (sample,) = Rendered(tmp_path)
    assert entry["rgb"].endswith(".jpg")
    np.testing.assert_allclose(sample.rgb, smooth, atol=4)


def test_a_predictor_that_says_the_truth_scores_perfectly(folder, perfect):
    results = perfect(Rendered(folder))
    assert results.frames == 3
    assert results.depth.errors.abs_rel == 0 and results.depth.errors.delta1 == 1
    assert results.normals.mean_deg == pytest.approx(0, abs=0.05)
    assert results.segmentation.mean_iou == 1


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("000001_rgb.png", "000001_rgb.png is missing"),
        ("000001_depth.png", "000001_depth.png is missing"),
        ("scene.json", "scene.json is missing"),
    ],
)
def test_a_missing_file_is_named(folder, refusal, file, reason):
    (folder / file).unlink()
    assert reason in refusal(lambda: list(Rendered(folder)))


def test_a_broken_picture_is_named(folder, refusal):
    (folder / "000000_labels.png").write_bytes(b"nothing")
    line = refusal(lambda: list(Rendered(folder)))
    assert "000000_labels.png: not a whole picture" in line


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda index: index.pop("format"), "not an index of frames"),
        (lambda index: index.pop("classes"), "`classes` is missing"),
        (lambda index: index["frames"].clear(), "lists no frames"),
        (lambda index: index["classes"].update(wall="0"), "scene.json: invalid literal"),
        (lambda index: index["frames"][0].pop("rgb"), "frame '000000' is not whole"),
        (lambda index: index["frames"][0]["intrinsics"].pop("fx"), "fx"),
        (lambda index: index["frames"][0]["intrinsics"].update(fx=-1), "focal lengths"),
        (lambda index: index["frames"][0].update(world_from_camera=[1]), "not whole"),
    ],
)
def test_an_index_that_is_not_whole_says_what_it_lacks(folder, refusal, edit, reason):
    change(folder, edit)
    assert reason in refusal(lambda: list(Rendered(folder)))


def test_truth_of_another_size_is_refused(folder, frame, refusal):
    write_frame(folder, frame(0, height=6, width=8)._replace(rgb=frame(0).rgb))
    assert "the depth are 8x6 but the image is 16x12" in refusal(lambda: list(Rendered(folder)))


def test_normals_of_another_convention_are_refused(folder, frame, refusal):
    write_frame(folder, frame(0)._replace(normals=-frame(0).normals))
    assert "face away from the camera" in refusal(lambda: list(Rendered(folder)))
