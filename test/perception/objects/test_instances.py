# SPDX-License-Identifier: Apache-2.0
"""The things of one frame: pieces of a class that are one in image and in depth."""

from dataclasses import replace

import numpy as np
import pytest

from tips_ros.perception.objects.instances import instances
from tips_ros.perception.objects.settings import ObjectSettings
from tips_ros.perception.objects.stuff import thing_classes
from tips_ros.perception.regions.regions import regions

from ..ground.floor_scene import BOX, LAMP, Box
from .scenes import CLASSES, SIZE, seen

THINGS = thing_classes(CLASSES)
LEFT = Box((1.5, 0.3, 0), (1.7, 0.6, 0.4))
RIGHT = Box((1.5, -0.5, 0), (1.7, -0.2, 0.4), LAMP)
BEHIND = Box((2.6, 0.1, 0), (2.9, 0.5, 0.6))


def found(frame, **settings):
    return instances(frame, CLASSES, THINGS, ObjectSettings(**settings))


def test_each_box_is_a_thing_and_floor_and_wall_are_none():
    shown = found(seen([LEFT, RIGHT]))
    assert sorted(one.class_name for one in shown.found) == ["box", "lamp"]
    for one in shown.found:
        centre_y = 0.45 if one.class_name == "box" else -0.35
        assert one.region.centroid_m[0] == pytest.approx(-centre_y, abs=0.03)
        assert one.region.median_depth_m == pytest.approx(1.5, abs=0.1)
        assert one.region.box.size_m.max() == pytest.approx(0.4, abs=0.06)
        assert one.feature.shape == (16,) and np.linalg.norm(one.feature) == pytest.approx(1)


def test_two_of_a_class_one_behind_the_other_are_two():
    frame = seen([LEFT, BEHIND])
    mask = frame.labels == BOX
    assert len(regions(mask)) == 1, "they touch in the picture"
    assert len(found(frame).found) == 2


def test_a_frame_of_several_classes_has_the_pieces_of_each_mask_alone():
    frame = seen([LEFT, RIGHT, BEHIND])
    for class_id in (BOX, LAMP):
        alone = regions(
            frame.labels == class_id, depth_m=frame.depth_m, intrinsics=frame.lens.intrinsics
        )
        together = [one for one in found(frame).found if one.class_id == class_id]
        assert len(together) == len(alone)
        for a, b in zip(together, sorted(alone, key=lambda r: -r.pixels), strict=True):
            assert a.region.pixels == pytest.approx(b.pixels, rel=0.05)
            np.testing.assert_allclose(a.region.centroid_m, b.centroid_m, atol=0.03)
            np.testing.assert_allclose(a.region.box_px, b.box_px, atol=3)


def test_the_centroid_believes_what_is_sure():
    frame = seen([LEFT])
    unsure = frame.stddev_m if frame.stddev_m is not None else np.full(SIZE, 0.01, np.float32)
    depth = frame.depth_m.copy()
    rows, columns = np.nonzero(frame.labels == BOX)
    upper = rows < np.median(rows)
    depth[rows[upper], columns[upper]] += 0.1
    unsure[rows[upper], columns[upper]] = 0.5
    sure = found(replace(frame, depth_m=depth, stddev_m=unsure)).found[0]
    plain = found(replace(frame, depth_m=depth)).found[0]
    true = found(frame).found[0].region.centroid_m[2]
    assert abs(sure.region.centroid_m[2] - true) < abs(plain.region.centroid_m[2] - true) - 0.02
    assert sure.covariance_m2[2, 2] < plain.covariance_m2[2, 2]


def test_a_frame_has_its_things_without_depth_or_calibration_or_features():
    frame = seen([LEFT, RIGHT])
    flat = found(replace(frame, depth_m=None, lens=None, value_features=None))
    assert len(flat.found) == 2
    assert all(one.region.centroid_m is None and one.feature is None for one in flat.found)
    near = found(replace(frame, lens=None)).found
    assert near[0].region.median_depth_m and near[0].region.centroid_m is None
    nothing = replace(frame, depth_m=np.full(SIZE, np.nan, np.float32))
    assert [one.region.centroid_m for one in found(nothing).found] == [None, None]


def test_one_wrong_depth_makes_no_box_as_deep_as_the_room():
    frame = seen([LEFT])
    right = found(frame).found[0].region.box
    depth = frame.depth_m.copy()
    inside = np.argwhere(frame.labels == BOX)
    middle = tuple(inside[len(inside) // 2])
    depth[middle] = 5.0
    wrong = found(replace(frame, depth_m=depth), depth_jump=5.0).found[0].region.box
    np.testing.assert_allclose(wrong.size_m, right.size_m, atol=0.05)


def test_without_labels_there_are_none_to_be_had():
    with pytest.raises(ValueError, match="labels"):
        found(replace(seen([LEFT]), labels=None))


def test_what_is_small_or_unsure_is_left_out():
    frame = replace(seen([LEFT, RIGHT]), confidence=np.full(SIZE, 128, np.uint8))
    frame.confidence[frame.labels == LAMP] = 25
    assert [one.region.score for one in found(frame).found] == pytest.approx([0.5, 0.1], abs=0.01)
    assert [one.class_name for one in found(frame, min_score=0.3).found] == ["box"]
    assert found(frame, min_size=0.5).found == []


def test_their_numbers_are_painted_where_their_class_is():
    frame = seen([LEFT, RIGHT])
    big = {name: np.kron(getattr(frame, name), np.ones((2, 2))).astype(getattr(frame, name).dtype)
           for name in ("labels", "depth_m")}  # fmt: skip
    shown = found(replace(frame, lens=frame.lens.scaled_to(640, 480), **big))
    assert shown.stride == 2
    painted = shown.at_size(np.array([0, 300, 400], np.uint16), big["labels"])
    assert painted.shape == (480, 640) and painted.dtype == np.uint16
    for k, one in enumerate(shown.found):
        inside = painted == 100 * (k + 3)
        assert (big["labels"][inside] == one.class_id).all()
        assert np.count_nonzero(inside) == pytest.approx(one.region.pixels, rel=0.02)


def test_a_picture_full_of_specks_costs_a_bounded_number():
    labels = np.where(np.indices(SIZE).sum(axis=0) % 4 < 2, BOX, LAMP).astype(np.uint8)
    labels[::3] = 0
    frame = replace(seen([]), labels=labels)
    assert len(found(frame, min_size=0.0).found) == 64
