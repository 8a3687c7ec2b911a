# SPDX-License-Identifier: Apache-2.0
"""A sphere before a wall, seen with the mixed pixels that real and predicted depth have."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.distortion import Distortion
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.cloud.cloud_cleaning import Cleaning, Rectangle, select_pixels
from tips_ros.perception.cloud.point_cloud import organised_cloud

SIZE = (120, 160)
LENS = Lens(Intrinsics(140.0, 140.0, 79.5, 59.5, 160, 120))
CENTRE, RADIUS_M, WALL_M = np.array([0.05, -0.02, 1.5]), 0.4, 3.0


def sphere_before_wall(lens: Lens = LENS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Depth (H, W), normals (H, W, 3) facing the camera, and where the sphere is."""
    rays = np.dstack([lens.rays().astype(np.float64), np.ones(SIZE)])
    a, b = (rays * rays).sum(-1), rays @ CENTRE
    inside = b * b - a * (CENTRE @ CENTRE - RADIUS_M**2)
    sphere = inside > 0
    depth = np.where(sphere, (b - np.sqrt(np.maximum(inside, 0))) / a, WALL_M)
    normals = np.zeros((*SIZE, 3))
    normals[..., 2] = -1.0
    normals[sphere] = ((rays * depth[..., None] - CENTRE) / RADIUS_M)[sphere]
    return depth.astype(np.float32), normals.astype(np.float32), sphere


def surface_error(depth: np.ndarray) -> np.ndarray:
    """Metres between each pixel's point and the nearer of the two surfaces."""
    points = np.dstack([LENS.rays(), np.ones(SIZE, np.float32)]) * depth[..., None]
    to_sphere = np.abs(np.linalg.norm(points - CENTRE, axis=-1) - RADIUS_M)
    return np.minimum(to_sphere, np.abs(depth - WALL_M))


@pytest.mark.parametrize(("blur", "radius"), [(3, 1), (7, 2)])
def test_flying_pixels_go_and_the_surfaces_stay(blur: int, radius: int):
    """Averaging over the border hangs points between sphere and wall."""
    depth, _, _ = sphere_before_wall()
    blurred = cv2.blur(depth, (blur, blur))
    flying = surface_error(blurred) > 0.15
    assert flying.sum() > 200
    kept = select_pixels(blurred, Cleaning(edge_jump=0.05, edge_radius_px=radius), LENS)
    assert not (kept & flying).any()
    # What is farther from the border than the blur reaches is all there.
    border = np.abs(cv2.Laplacian(depth, cv2.CV_32F)) > 0.3
    near_border = cv2.dilate(border.astype(np.uint8), np.ones((2 * blur + 1,) * 2)) > 0
    assert kept[~near_border].all()
    assert kept.mean() > 0.85


def test_before_a_background_beyond_the_range_flying_pixels_go_too():
    depth = np.full((5, 9), 1.0, np.float32)
    depth[:, 4] = 3.0  # between the near thing and what is too far to tell
    depth[:, 5:] = np.inf
    lens = Lens(Intrinsics.from_hfov(60.0, 9, 5))
    kept = select_pixels(depth, Cleaning(edge_jump=0.1, edge_radius_px=1), lens)
    assert kept[:, :4].all()
    assert not kept[:, 4:].any()


def test_sharp_borders_lose_nothing():
    depth, _, _ = sphere_before_wall()
    assert select_pixels(depth, Cleaning(edge_jump=0.2), LENS).all()


def test_a_floor_that_recedes_is_no_edge():
    rows = (np.arange(120) - 59.5) / 140.0
    floor = np.where(rows > 0.05, 1.2 / np.maximum(rows, 1e-9), np.nan)[:, None]
    depth = np.broadcast_to(floor, SIZE).astype(np.float32)
    valid = np.isfinite(depth)
    kept = select_pixels(depth, Cleaning(edge_jump=0.15), LENS)
    np.testing.assert_array_equal(kept, valid)


def test_a_hole_is_neither_near_nor_far():
    depth = np.full(SIZE, 2.0, np.float32)
    depth[40:60, 40:60] = np.nan
    depth[0, 0], depth[0, 5], depth[9, 9] = 0.0, -1.0, np.inf
    kept = select_pixels(depth, Cleaning(edge_jump=0.05), LENS)
    np.testing.assert_array_equal(kept, np.isfinite(depth) & (depth > 0))


def test_surfaces_seen_at_a_grazing_angle_go():
    """By the angle between the normal and the pixel's own ray, not the optical axis."""
    depth, normals, sphere = sphere_before_wall()
    kept = select_pixels(depth, Cleaning(max_grazing_deg=60.0), LENS, normals)
    rays = np.dstack([LENS.rays(), np.ones(SIZE)]).astype(np.float64)
    cos = -(rays * normals).sum(-1) / np.linalg.norm(rays, axis=-1)
    clear = np.abs(cos - 0.5) > 1e-4
    np.testing.assert_array_equal(kept[clear], (cos > 0.5)[clear])
    assert kept[~sphere].all() and not kept[sphere].all() and kept[59, 84]


def test_grazing_follows_the_rays_of_a_fisheye():
    fisheye = Lens(Intrinsics(70.0, 70.0, 79.5, 59.5, 160, 120), Distortion("fisheye", (0.0,) * 4))
    wall = np.zeros((*SIZE, 3), np.float32)
    wall[..., 2] = -1.0
    kept = select_pixels(np.ones(SIZE, np.float32), Cleaning(max_grazing_deg=45.0), fisheye, wall)
    v, u = np.mgrid[:120, :160]
    angle = np.hypot(u - 79.5, v - 59.5) / 70.0
    np.testing.assert_array_equal(kept, angle < math.pi / 4)


def test_without_normals_nothing_is_grazing():
    depth, normals, _ = sphere_before_wall()
    assert select_pixels(depth, Cleaning(max_grazing_deg=10.0), LENS).all()
    unknown = np.full_like(normals, np.nan)
    assert select_pixels(depth, Cleaning(max_grazing_deg=10.0), LENS, unknown).all()


def test_range_and_region_are_kept_with_their_ends():
    depth = np.tile(np.linspace(1.0, 4.0, 160, dtype=np.float32), (120, 1))
    kept = select_pixels(depth, Cleaning(min_range_m=1.5, max_range_m=3.0), LENS)
    np.testing.assert_array_equal(kept, (depth >= 1.5) & (depth <= 3.0))
    kept = select_pixels(depth, Cleaning(roi=Rectangle(10, 20, 30, 400)), LENS)
    expected = np.zeros(SIZE, bool)
    expected[20:, 10:40] = True
    np.testing.assert_array_equal(kept, expected)
    assert not select_pixels(depth, Cleaning(roi=Rectangle(-50, 0, 20, 20)), LENS).any()


def test_the_mask_takes_points_out_of_the_cloud_and_leaves_colours():
    depth, normals, sphere = sphere_before_wall()
    labels = sphere.astype(np.uint8)
    mask = select_pixels(depth, Cleaning(max_range_m=2.0), LENS)
    for stride in (1, 3):
        cloud = organised_cloud(depth, LENS.intrinsics, labels=labels, mask=mask, stride=stride)
        picked = (slice(None, None, stride),) * 2
        np.testing.assert_array_equal(np.isfinite(cloud["z"]), mask[picked])
        np.testing.assert_array_equal(cloud["label"], labels[picked])
    with pytest.raises(ValueError, match="mask must be"):
        organised_cloud(depth, LENS.intrinsics, mask=mask[::2])


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"edge_jump": 1.0}, "edge_jump"),
        ({"edge_radius_px": 0}, "edge_radius_px"),
        ({"max_grazing_deg": 91.0}, "max_grazing_deg"),
        ({"min_range_m": 2.0, "max_range_m": 1.0}, "range must be"),
        ({"roi": Rectangle(0, 0, 0, 5)}, "at least 1x1"),
    ],
)
def test_impossible_settings_name_themselves(told: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        Cleaning(**told)


def test_sizes_that_differ_are_refused():
    depth, normals, _ = sphere_before_wall()
    with pytest.raises(ValueError, match="camera's image"):
        select_pixels(depth[::2], Cleaning(), LENS)
    with pytest.raises(ValueError, match="normals are"):
        select_pixels(depth, Cleaning(), LENS, normals[::2])
