# SPDX-License-Identifier: Apache-2.0
"""Things at known places are found there."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.cloud.point_cloud import unproject
from tips_ros.perception.regions.oriented_box import transform_matrix
from tips_ros.perception.regions.regions import regions

from .solid_scene import CAMERA, about_y, box, seen, sphere


def test_the_front_of_a_sphere_is_where_the_sphere_is():
    centre, radius = (0.3, -0.2, 2.0), 0.25
    depth_m, (mask,) = seen(sphere(centre, radius), wall_m=4.0)
    (region,) = regions(mask, np.full(mask.shape, 0.8, np.float32), depth_m, CAMERA)
    assert region.pixels == mask.sum() and region.score == pytest.approx(0.8)
    rows, columns = np.nonzero(mask)
    assert region.box_px[:2] == (columns.min(), rows.min())
    assert region.box_px[2:] == (np.ptp(columns) + 1, np.ptp(rows) + 1)
    assert region.median_depth_m == pytest.approx(np.median(depth_m[mask]), abs=0.01)
    # The points seen, from the sphere's own centre: 2/3 of the radius towards the camera, for each
    # pixel counts the same.
    towards = np.array(centre) / np.linalg.norm(centre)
    np.testing.assert_allclose(region.centroid_m, centre - towards * radius * 2 / 3, atol=0.02)
    # Seen is nearly half of it: as wide and high as the whole, and nearly as deep as the radius.
    np.testing.assert_allclose(np.sort(region.box.size_m), [0.21, 0.48, 0.48], atol=0.03)
    assert region.box.size_m.argmin() == 2


@pytest.mark.usefixtures("open3d")
def test_the_box_around_a_turned_box_is_that_box():
    """Three sides are in view, so every side is as long as it is."""
    rotation = about_y(30) @ transform_matrix([0, 0, 0], [0.3, 0, 0, 1])[:3, :3]
    centre, size = (-0.3, 0.25, 1.8), (0.5, 0.3, 0.4)
    depth_m, (mask,) = seen(box(centre, size, rotation), wall_m=4.0)
    (region,) = regions(mask, None, depth_m, CAMERA)
    np.testing.assert_allclose(region.box.size_m, size, atol=0.015)
    np.testing.assert_allclose(region.box.centre_m, centre, atol=0.015)
    np.testing.assert_allclose(region.box.rotation, rotation, atol=0.05)


def test_two_chairs_one_behind_the_other_are_two_regions():
    near, far = box((0.0, 0.1, 1.5), (0.4, 0.5, 0.1)), box((0.25, 0.1, 2.5), (0.6, 0.7, 0.1))
    depth_m, (near_mask, far_mask) = seen(near, far, wall_m=5.0)
    both = near_mask | far_mask
    assert len(regions(both)) == 1  # without depth nothing tells them apart
    first, second = regions(both, None, depth_m, CAMERA)
    assert first.pixels == near_mask.sum()  # the near one keeps its whole outline
    assert 0.95 * far_mask.sum() < second.pixels <= far_mask.sum()
    assert first.median_depth_m == pytest.approx(1.45, abs=0.01)
    assert second.median_depth_m == pytest.approx(2.45, abs=0.01)


def test_depth_that_climbs_a_jump_in_a_few_pixels_joins_nothing():
    """Predicted depth is smooth, and what hangs between near and far belongs to neither."""
    depth_m = np.full((240, 320), 2.0, np.float32)
    depth_m[:, 160:] = 4.0
    depth_m[:, 157:163] = np.geomspace(2, 4, 8)[1:-1]
    mask = np.zeros(depth_m.shape, bool)
    mask[60:180, 80:240] = True
    found = regions(mask, None, depth_m, CAMERA)
    assert [r.median_depth_m for r in found] == [2.0, 4.0]
    assert all(r.box.size_m[2] < 0.5 for r in found)


def test_a_long_table_is_one_region_however_far_it_reaches():
    depth_m, (mask,) = seen(box((0.0, 0.5, 3.0), (1.0, 0.02, 4.0)))
    (region,) = regions(mask, None, depth_m, CAMERA)
    assert region.box.size_m[2] == pytest.approx(4.0, abs=0.3)  # a pixel of its far end is 20 cm


@pytest.mark.parametrize("size", [(60, 40), (1, 80), (1, 1), (2, 2)])
def test_a_patch_of_a_flat_wall_has_a_flat_box(size: tuple[int, int]):
    depth_m = np.full((240, 320), 3.0, np.float32)
    mask = np.zeros(depth_m.shape, bool)
    mask[100 : 100 + size[0], 50 : 50 + size[1]] = True
    (region,) = regions(mask, None, depth_m, CAMERA, min_pixels=1)
    expected = [3.0 * (size[1] - 1) / CAMERA.fx, 3.0 * (size[0] - 1) / CAMERA.fy, 0.0]
    np.testing.assert_allclose(region.box.size_m, expected, atol=1e-3)
    np.testing.assert_allclose(region.box.rotation, np.eye(3), atol=1e-3)
    points = unproject(depth_m, CAMERA)[mask]
    np.testing.assert_allclose(region.centroid_m, points.mean(axis=0), atol=1e-3)


def test_the_rim_where_depth_is_between_the_thing_and_the_wall_makes_no_box_deep():
    """A box's front at 2 m, its rim 8 % farther: less than a jump, so it stays in the region."""
    depth_m, (mask,) = seen(box((0.0, 0.0, 2.1), (0.5, 0.4, 0.2)), wall_m=4.0)
    rows, columns = np.nonzero(mask)
    inside = np.zeros_like(mask)
    inside[rows.min() + 1 : rows.max(), columns.min() + 1 : columns.max()] = True
    depth_m[mask & ~inside] *= 1.08
    (region,) = regions(mask, None, depth_m, CAMERA)
    assert region.pixels == mask.sum()
    assert region.box.size_m[2] < 0.01
    np.testing.assert_allclose(region.box.size_m[:2], [0.5, 0.4], atol=0.02)  # a pixel is 8 mm


def test_thin_parts_of_a_thing_count_for_its_box():
    seat, leg = box((0.0, 0.2, 2.0), (0.5, 0.1, 0.1)), box((0.2, 0.5, 2.0), (0.015, 0.6, 0.1))
    depth_m, _ = seen(seat, leg, wall_m=4.0)
    (region,) = regions(depth_m < 3.0, None, depth_m, CAMERA)
    assert sorted(region.box.size_m)[-1] > 0.6


@pytest.mark.usefixtures("open3d")
def test_pixels_that_see_past_the_thing_count_for_nothing():
    """A mask is never exact: some of its pixels lie on the wall behind."""
    depth_m, (mask,) = seen(sphere((0.0, 0.0, 1.5), 0.2), wall_m=4.0)
    clean = regions(mask, None, depth_m, CAMERA)[0]
    depth_m[np.random.default_rng(1).random(mask.shape) < 0.005] = 4.0
    dirty = regions(mask, None, depth_m, CAMERA)[0]
    np.testing.assert_allclose(dirty.centroid_m, clean.centroid_m, atol=0.01)
    np.testing.assert_allclose(dirty.box.size_m, clean.box.size_m, atol=0.02)


def test_without_depth_the_region_in_the_image_stands():
    depth_m, (mask,) = seen(sphere((0.0, 0.0, 1.5), 0.2))
    for nothing in (None, np.full_like(depth_m, np.nan), np.zeros_like(depth_m)):
        (region,) = regions(mask, None, nothing, CAMERA)
        assert region.pixels == mask.sum()
        assert (region.centroid_m, region.median_depth_m, region.box) == (None, None, None)
        assert region.in_frame(np.eye(4)) is region


def test_without_intrinsics_the_depth_is_still_told():
    depth_m, (mask,) = seen(sphere((0.0, 0.0, 1.5), 0.2))
    (region,) = regions(mask, None, depth_m)
    assert region.median_depth_m == pytest.approx(np.median(depth_m[mask]), abs=0.01)
    assert (region.centroid_m, region.box) == (None, None)


def test_holes_in_the_depth_neither_split_a_region_nor_join_two():
    near, far = box((0.0, 0.1, 1.5), (0.4, 0.5, 0.1)), box((0.25, 0.1, 2.5), (0.6, 0.7, 0.1))
    depth_m, (near_mask, far_mask) = seen(near, far)
    speckled = depth_m.copy()
    speckled[np.random.default_rng(3).random(depth_m.shape) < 0.7] = np.nan
    banded = depth_m.copy()  # as of a stereo camera: none at the nearer one's right edge
    edge = np.nonzero(near_mask.any(axis=0))[0][-1]
    banded[:, edge - 4 : edge + 6] = np.nan
    for holed in (speckled, banded):
        first, second = regions(near_mask | far_mask, None, holed, CAMERA)
        assert first.median_depth_m == pytest.approx(1.45, abs=0.01)
        assert second.median_depth_m == pytest.approx(2.45, abs=0.01)


def test_a_part_without_any_depth_is_a_region_of_its_own_and_whole():
    depth_m = np.full((240, 320), 1.0, np.float32)
    depth_m[:, 200:] = 3.0
    mask = np.zeros(depth_m.shape, bool)
    mask[20:60, 20:60] = mask[20:60, 240:280] = True
    mask[80:120, 100:240] = True  # around it near on the left and far on the right
    depth_m[mask & (np.arange(240) >= 70)[:, None]] = np.nan
    found = regions(mask, None, depth_m, CAMERA)
    assert [r.median_depth_m for r in found] == [None, 1.0, 3.0]
    assert found[0].pixels == 40 * 140


def test_large_and_sure_comes_first():
    mask, score = np.zeros((100, 300), bool), np.zeros((100, 300), np.float32)
    for at, side, margin in ((0, 20, 0.9), (100, 40, 0.5), (200, 30, 0.2)):
        mask[:side, at : at + side] = True
        score[:side, at : at + side] = margin
    found = regions(mask, score)
    assert [round(r.score, 3) for r in found] == [0.5, 0.9, 0.2]  # 800, 360 and 180 in sum
    assert [r.box_px for r in regions(mask, score, count=1)] == [found[0].box_px]
    assert [round(r.score, 3) for r in regions(mask, score, min_score=0.4)] == [0.5, 0.9]
    assert [r.pixels for r in regions(mask, score, min_pixels=401)] == [1600, 900]
    assert [r.pixels for r in regions(mask)] == [1600, 900, 400]
    assert np.isnan(regions(mask)[0].score)
    assert regions(mask, count=0) == []


def test_pixels_that_touch_at_a_corner_are_one_region():
    mask = np.zeros((40, 40), bool)
    mask[:10, :10] = mask[10:20, 10:20] = True
    assert [r.pixels for r in regions(mask)] == [200]


def test_an_empty_mask_has_no_regions():
    depth_m, _ = seen(sphere((0.0, 0.0, 1.5), 0.2))
    assert regions(np.zeros(depth_m.shape, bool), None, depth_m, CAMERA) == []


def test_in_another_frame_place_and_box_move_and_the_depth_stays():
    """A camera 1.2 m up that looks along the robot's x."""
    optical_to_base = transform_matrix([0.1, 0.0, 1.2], [-0.5, 0.5, -0.5, 0.5])
    depth_m, (mask,) = seen(box((0.2, 0.3, 2.0), (0.6, 0.3, 0.4), about_y(10)))
    (region,) = regions(mask, None, depth_m, CAMERA)
    moved = region.in_frame(optical_to_base)
    x, y, z = region.centroid_m
    np.testing.assert_allclose(moved.centroid_m, [0.1 + z, -x, 1.2 - y], atol=1e-9)
    x, y, z = region.box.centre_m
    np.testing.assert_allclose(moved.box.centre_m, [0.1 + z, -x, 1.2 - y], atol=1e-9)
    # Optical (width, height, depth) → base (depth, width, height).
    np.testing.assert_allclose(moved.box.size_m, region.box.size_m[[2, 0, 1]], atol=1e-9)
    assert (moved.median_depth_m, moved.box_px) == (region.median_depth_m, region.box_px)
    back = moved.in_frame(np.linalg.inv(optical_to_base))
    np.testing.assert_allclose(back.box.rotation, region.box.rotation, atol=1e-9)


def test_the_same_image_has_the_same_regions_again():
    depth_m, (mask,) = seen(sphere((0.0, 0.0, 1.0), 0.3))
    assert mask.sum() > 10_000  # points are drawn by chance
    once, again = (regions(mask, None, depth_m, CAMERA)[0] for _ in range(2))
    np.testing.assert_array_equal(once.centroid_m, again.centroid_m)
    np.testing.assert_array_equal(once.box.size_m, again.box.size_m)


def test_the_inputs_are_not_written_to():
    depth_m, (mask,) = seen(sphere((0.0, 0.0, 1.5), 0.2))
    score = np.ones(mask.shape, np.float32)
    for array in (depth_m, mask, score):
        array.flags.writeable = False
    assert regions(mask, score, depth_m, CAMERA)


def test_what_does_not_fit_together_is_named():
    mask = np.ones((4, 6), bool)
    with pytest.raises(ValueError, match="bool.*compare the label map"):
        regions(mask.astype(np.uint8))
    with pytest.raises(ValueError, match=r"score is \(6, 4\) but the mask \(4, 6\)"):
        regions(mask, np.ones((6, 4)))
    with pytest.raises(ValueError, match=r"depth_m is \(2, 3\)"):
        regions(mask, None, np.ones((2, 3), np.float32))
    with pytest.raises(ValueError, match="jump must be a positive"):
        regions(mask, None, np.ones((4, 6), np.float32), depth_jump=0.0)
    with pytest.raises(ValueError, match="scaled_to"):
        wrong = Intrinsics(5.0, 5.0, 1.0, 1.0, 3, 2)
        regions(mask, None, np.ones((4, 6), np.float32), wrong, min_pixels=1)


def test_a_lens_that_bends_puts_a_region_along_its_rays():
    v, u = np.mgrid[: CAMERA.height, : CAMERA.width]
    rays = np.stack([u * 0.01, v * 0.02], axis=-1).astype(np.float32)
    mask = np.zeros((CAMERA.height, CAMERA.width), bool)
    mask[10:30, 10:30] = True
    (region,) = regions(mask, None, np.full(mask.shape, 2.0, np.float32), CAMERA, rays)
    np.testing.assert_allclose(region.centroid_m, (0.39, 0.78, 2.0), atol=1e-4)
    rays[:, 20:] = np.nan  # where no ray falls there is no place
    (region,) = regions(mask, None, np.full(mask.shape, 2.0, np.float32), CAMERA, rays)
    np.testing.assert_allclose(region.centroid_m, (0.29, 0.78, 2.0), atol=1e-4)
