# SPDX-License-Identifier: Apache-2.0
"""NYU Depth v2 in the two layouts in which its pictures go around."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.evaluation.datasets import truth_png
from tips_ros.evaluation.datasets.nyu import INTRINSICS, Nyu, find
from tips_ros.evaluation.depth_protocol import NYU_EIGEN

HEIGHT, WIDTH = 480, 640
RGB = np.full((HEIGHT, WIDTH, 3), (200, 30, 10), np.uint8)


def depth_mm() -> np.ndarray:
    """A ramp from 0 (invalid) to 12 m down the rows."""
    return np.repeat(np.linspace(0, 12_000, HEIGHT, dtype=np.uint16)[:, None], WIDTH, axis=1)


@pytest.fixture
def plain(tmp_path, picture):
    for name in ("0001", "0002"):
        picture(tmp_path / f"rgb/{name}.png", RGB)
        picture(tmp_path / f"depth/{name}.png", depth_mm())
    return tmp_path


@pytest.fixture
def with_more(plain, picture):
    """The plain layout with normals of a wall ahead, and labels."""
    normals = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    normals[..., 2] = -1
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[:, 300:], labels[:10] = 1, 255
    for name in ("0001", "0002"):
        (plain / "normals").mkdir(exist_ok=True)
        (plain / f"normals/{name}.png").write_bytes(truth_png.encode_normals(normals))
        picture(plain / f"labels/{name}.png", labels)
    (plain / "classes.txt").write_text("wall\nfloor\n")
    return plain


def test_the_plain_layout_has_depth_in_metres_and_the_dataset_s_camera(plain):
    dataset = Nyu(plain)
    first, second = dataset
    assert (first.name, second.name, len(dataset)) == ("0001", "0002", 2)
    np.testing.assert_array_equal(first.rgb, RGB)
    np.testing.assert_allclose(first.depth_m[1:], depth_mm()[1:] / 1000, rtol=1e-6)
    assert np.isnan(first.depth_m[0]).all()
    assert first.intrinsics == INTRINSICS and first.normals is None and first.labels is None
    assert dataset.depth_protocol == NYU_EIGEN and not dataset.class_names


def test_depth_counts_inside_eigen_s_crop_up_to_10_m(plain):
    dataset = Nyu(plain)
    counts = dataset.depth_protocol.mask(next(iter(dataset)).depth_m)
    rows, columns = counts.nonzero()
    assert (rows.min(), columns.min(), columns.max()) == (45, 41, 600)
    assert depth_mm()[rows.max(), 0] <= 10_000 < depth_mm()[rows.max() + 1, 0]


def test_normals_and_labels_are_read_where_they_are(with_more, perfect):
    dataset = Nyu(with_more)
    sample = next(iter(dataset))
    np.testing.assert_allclose(sample.normals[0, 0], [0, 0, -1], atol=3e-5)
    assert (sample.labels[20, 0], sample.labels[20, 400], sample.labels[0, 0]) == (0, 1, 255)
    assert dataset.class_names == {0: "wall", 1: "floor"}
    results = perfect(dataset)
    assert results.depth.errors.abs_rel == 0
    assert results.segmentation.mean_iou == 1


@pytest.mark.parametrize("split", [".", "test", "official_splits/test"])
def test_the_test_images_are_found_where_their_archives_put_them(tmp_path, picture, split):
    root = tmp_path / split
    for scene, number in (("kitchen", "00002"), ("bathroom", "00045"), ("bathroom", "00046")):
        picture(root / scene / f"rgb_{number}.jpg", RGB)
        picture(root / scene / f"sync_depth_{number}.png", depth_mm())
    found = find(tmp_path)
    assert found is not None and found.resolve() == root.resolve()
    names = [sample.name for sample in Nyu(found)]
    assert names == ["bathroom/rgb_00045", "bathroom/rgb_00046", "kitchen/rgb_00002"]


def test_another_directory_is_none_of_them(tmp_path):
    assert find(tmp_path) is None


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("depth/0002.png", "depth/0002.png is missing (1 in all)"),
        ("normals/0001.png", "normals/0001.png is missing"),
        ("labels/0001.png", "labels/0001.png is missing"),
        ("classes.txt", "classes.txt is missing; write a class name per line"),
    ],
)
def test_a_missing_file_is_named_before_the_work_begins(with_more, refusal, file, reason):
    (with_more / file).unlink()
    assert reason in refusal(lambda: Nyu(with_more))


def test_frames_of_another_size_are_refused(plain, picture, refusal):
    picture(plain / "rgb/0001.png", RGB[::2, ::2])
    assert "0001.png is 320x240" in refusal(lambda: list(Nyu(plain)))


def test_depth_of_8_bits_is_refused(plain, picture, refusal):
    picture(plain / "depth/0001.png", np.zeros((HEIGHT, WIDTH), np.uint8))
    assert "depth must be a 16-bit grey PNG" in refusal(lambda: list(Nyu(plain)))
