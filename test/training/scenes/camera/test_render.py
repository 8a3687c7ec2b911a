# SPDX-License-Identifier: Apache-2.0
"""Rendered frames against what geometry says about a plane and a ball."""


import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from training.scenes.camera.render import RenderedFrame, Renderer
from training.scenes.light.area_light import AreaLight
from training.scenes.shapes.flat import rectangle
from training.scenes.shapes.rounded import pillow
from training.scenes.surfaces.material import plain
from training.scenes.things import BALL, WALL, Thing

from ...casts_rays import casts_rays

pytestmark = casts_rays

# The camera looks along the world's x axis; its fx and fy differ, as in a squeezed picture.
CAMERA = Intrinsics(width=120, height=100, fx=100.0, fy=130.0, cx=59.5, cy=49.5)
LOOK = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]], float)
LAMP = AreaLight((0.0, -0.5, 2.0), (0, 0, -0.2), (0, 1, 0), (9.0, 9.0, 9.0))
WALL_AT_3 = Thing([rectangle((3, 3, -3), (0, -6, 0), (0, 0, 6))], plain(180, 160, 150), WALL)
BALL_AT_2 = Thing(
    [patch.moved(2, 0) for patch in pillow((1, 1, 1), 1.0, 64)], plain(60, 90, 160), BALL
)


def ways() -> np.ndarray:
    """Direction (H, W, 3) with z = 1 of each pixel."""
    v, u = np.mgrid[0:100, 0:120].astype(float)
    return np.stack([(u - 59.5) / 100, (v - 49.5) / 130, np.ones_like(u)], axis=-1)


def look_at(*things: Thing, seed: int = 0) -> RenderedFrame:
    return Renderer(list(things), [LAMP]).render(CAMERA, LOOK, seed)


def test_a_wall_across_the_view_has_one_depth_and_one_normal() -> None:
    frame = look_at(WALL_AT_3)
    assert frame.depth_m.dtype == np.float32 and frame.rgb.dtype == np.uint8
    assert frame.depth_m == pytest.approx(3.0, abs=1e-4)
    assert np.abs(frame.normals - (0, 0, -1)).max() < 1e-4
    assert (frame.labels == WALL).all()


def test_a_slanted_floor_lies_on_its_plane() -> None:
    floor = Thing([rectangle((0, -9, -1), (60, 0, 0), (0, 18, 0))], plain(120, 120, 120), WALL)
    frame = look_at(floor)
    seen = np.isfinite(frame.depth_m)
    height = (ways() * frame.depth_m[..., None])[..., 1]
    assert height[seen] == pytest.approx(1.0, abs=1e-3)
    assert np.abs(frame.normals[seen] - (0, -1, 0)).max() < 1e-4


def test_a_ball_has_the_depth_and_the_normals_of_a_ball() -> None:
    frame = look_at(BALL_AT_2)
    seen = frame.labels == BALL
    way, centre = ways()[seen], np.array([0, 0, 2.0])
    a, b, c = (way**2).sum(-1), -2 * way @ centre, centre @ centre - 0.25
    near = (-b - np.sqrt(np.maximum(b * b - 4 * a * c, 0))) / (2 * a)
    assert np.median(abs(frame.depth_m[seen] - near)) < 2e-3
    outwards = way * near[:, None] - centre
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    cosine = (outwards * frame.normals[seen]).sum(-1)
    assert np.quantile(cosine, 0.02) > np.cos(np.radians(3))


def test_normals_are_of_unit_length_and_face_the_camera() -> None:
    frame = look_at(BALL_AT_2, WALL_AT_3)
    assert np.linalg.norm(frame.normals, axis=-1) == pytest.approx(1.0, abs=1e-4)
    assert ((frame.normals * ways()).sum(-1) < 1e-3).all()


def test_the_outline_of_the_ball_is_where_the_labels_change() -> None:
    frame = look_at(BALL_AT_2, WALL_AT_3)
    way = ways()
    from_axis = np.hypot(way[..., 0], way[..., 1])
    outline = np.tan(np.arcsin(0.25))
    inside, outside = from_axis < outline - 0.012, from_axis > outline + 0.012
    assert (frame.labels[inside] == BALL).all() and (frame.labels[outside] == WALL).all()


def test_where_nothing_is_there_is_no_depth_no_normal_and_no_label() -> None:
    frame = look_at(BALL_AT_2)
    nothing = frame.labels == 255
    assert nothing.any() and np.isnan(frame.depth_m[nothing]).all()
    assert np.isnan(frame.normals[nothing]).all() and not np.isnan(frame.depth_m[~nothing]).any()


def test_edges_are_smooth() -> None:
    """Pixels that the outline crosses have colours between those of the two sides."""
    frame = look_at(BALL_AT_2, WALL_AT_3)
    row = frame.rgb[50].astype(int)
    change = int(np.flatnonzero(np.diff(frame.labels[50].astype(int)))[0])
    redness = row[:, 0] - row[:, 2]
    steps = abs(np.diff(redness[change - 3 : change + 5]))
    assert (steps > 0.1 * steps.sum()).sum() >= 2


def test_the_seed_is_that_of_the_noise_only() -> None:
    first, again, other = (look_at(BALL_AT_2, WALL_AT_3, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.rgb, again.rgb) and not np.array_equal(first.rgb, other.rgb)
    assert np.array_equal(first.depth_m, other.depth_m)


def test_the_lit_side_of_a_ball_is_brighter_and_the_pane_glows() -> None:
    frame = look_at(BALL_AT_2)
    ball = frame.labels == BALL
    rows = np.flatnonzero(ball.any(axis=1))
    top, bottom = (frame.rgb[row][ball[row]].mean() for row in (rows[5], rows[-5]))
    assert top > bottom + 10
    pane = Thing(WALL_AT_3.shape, plain(200, 220, 240, glow=2.0), WALL)
    assert Renderer([pane], []).render(CAMERA, LOOK, 0).rgb.mean() > 60
