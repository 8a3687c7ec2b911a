# SPDX-License-Identifier: Apache-2.0
"""A known motion is laid over a picture in the metres of its depth, as far as the picture knows."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.distortion import Distortion
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.perception.temporal.glance import Glance, glance_at
from tips_ros.perception.temporal.motion import Warp, warp_by_pose

SIZE = (120, 160)
LENS = Lens(Intrinsics(130.0, 130.0, 79.5, 59.5, 160, 120))
TRUE_M, SHIFT_PX = 2.0, 3  # of a wall straight ahead, along which the camera goes sideways
_START_PX = 12  # of the picture that the first frame sees


def wall(textured: bool) -> np.ndarray:
    coarse = np.random.default_rng(1).integers(0, 255, (20, 34, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (200, 120)), np.uint8) if textured else np.full(
        (120, 200, 3), 90, np.uint8
    )  # fmt: skip


def seen(
    index: int,
    depth_m: float,
    textured: bool = True,
    turned: bool = False,
    lens: Lens = LENS,
    known: int = SIZE[0],
    shift_px: int = SHIFT_PX,
) -> Glance:
    pose = np.eye(4)
    if turned:
        pose[:3, :3] = cv2.Rodrigues(np.array([0.0, index * SHIFT_PX / 130.0, 0.0]))[0]
    else:
        pose[0, 3] = index * SHIFT_PX * TRUE_M / 130.0
    depth = np.full(SIZE, depth_m, np.float32)
    depth[known:] = np.nan
    frame = PosedFrame(
        index * 100_000_000,
        depth_m=depth,
        lens=lens,
        world_from_camera=pose,
        world_id="odom",
    )
    start = _START_PX + shift_px * index
    return glance_at(frame, np.ascontiguousarray(wall(textured)[:, start : start + 160]))


def shift_of(warp: Warp | None) -> float:
    assert warp is not None and warp.kind == "pose" and warp.x is not None
    return float(np.median(warp.x - np.arange(160, dtype=np.float32)))


@pytest.mark.parametrize("scale", [0.7, 0.85, 1.0, 1.2, 1.5])
def test_a_step_is_as_long_as_the_picture_says_whatever_scale_depth_has(scale: float):
    now, before = seen(1, scale * TRUE_M), seen(0, scale * TRUE_M)
    assert shift_of(warp_by_pose(now, before)) == pytest.approx(SHIFT_PX / scale, abs=0.01)
    assert shift_of(warp_by_pose(now, before, fit_length=True)) == pytest.approx(SHIFT_PX, abs=0.1)


def test_where_nothing_is_to_be_seen_a_step_is_as_long_as_the_poses_say():
    now, before = (seen(i, 0.7 * TRUE_M, textured=False) for i in (1, 0))
    fitted = shift_of(warp_by_pose(now, before, fit_length=True))
    assert fitted == pytest.approx(SHIFT_PX / 0.7, abs=0.01)


def test_a_camera_that_turns_on_the_spot_takes_no_step():
    now, before = (seen(i, 0.7 * TRUE_M, turned=True) for i in (1, 0))
    fitted, known = warp_by_pose(now, before, fit_length=True), warp_by_pose(now, before)
    assert fitted is not None and known is not None and fitted.x is not None
    np.testing.assert_array_equal(fitted.x, known.x)


def test_so_it_is_seen_through_a_bent_lens():
    bent = replace(LENS, distortion=Distortion("fisheye", (1e-3, 0.0, 0.0, 0.0)))
    rays = bent.rays()
    there = [(rays[..., i] * 130.0 + c).astype(np.float32) for i, c in enumerate((79.5, 59.5))]
    glances = []
    for i in (1, 0):
        glance = seen(i, 0.7 * TRUE_M, lens=bent)
        grey = cv2.remap(glance.grey, *there, cv2.INTER_LINEAR)
        glances.append(glance._replace(grey=np.asarray(grey, np.uint8)))
    true = shift_of(warp_by_pose(*(seen(i, TRUE_M, lens=bent) for i in (1, 0))))
    assert shift_of(warp_by_pose(*glances, fit_length=True)) == pytest.approx(true, abs=0.1)
    assert shift_of(warp_by_pose(*glances)) > 1.3 * true


@pytest.mark.parametrize("known", [0, 1, 5, 60])
def test_where_depth_is_known_in_few_places_or_none_a_step_is_that_of_the_poses(known: int):
    now, before = (seen(i, 0.7 * TRUE_M, known=known) for i in (1, 0))
    fitted, told = warp_by_pose(now, before, fit_length=True), warp_by_pose(now, before)
    assert fitted is not None and told is not None
    if known < 8:
        np.testing.assert_array_equal(fitted.x, told.x)
    else:
        shift = np.median((fitted.x - np.arange(160, dtype=np.float32))[:known])
        assert shift == pytest.approx(SHIFT_PX, abs=0.1)


@pytest.mark.parametrize("shift_px", [-9, -6, -3, -1, 0, 1, 7, 9, 12])
def test_what_fills_the_view_and_moves_by_itself_does_not_make_a_step_another_one(shift_px: int):
    """A lorry that goes by: the picture moves the other way, hardly, or much further."""
    now, before = (seen(i, TRUE_M, shift_px=shift_px) for i in (1, 0))
    fitted = shift_of(warp_by_pose(now, before, fit_length=True))
    assert fitted == pytest.approx(SHIFT_PX, abs=0.01)


@pytest.mark.parametrize("shift_px", [2, 4, 5])
def test_a_step_whose_length_depth_can_explain_is_that_of_the_picture(shift_px: int):
    now, before = (seen(i, TRUE_M, shift_px=shift_px) for i in (1, 0))
    fitted = shift_of(warp_by_pose(now, before, fit_length=True))
    assert fitted == pytest.approx(shift_px, abs=0.2)


@pytest.mark.parametrize("way", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.3, -0.2, 0.9)])
@pytest.mark.parametrize("shown", [-1.0, -0.5, 0.0])
def test_no_way_of_the_camera_is_turned_round(way: tuple[float, float, float], shown: float):
    step, before = 0.06 * np.array(way), seen(0, TRUE_M)

    def at(place: np.ndarray, grey: np.ndarray) -> Glance:
        pose = np.eye(4)
        pose[:3, 3] = place
        return seen(1, TRUE_M)._replace(world_from_camera=pose, grey=grey)

    truly = warp_by_pose(at(shown * step, before.grey), before)
    assert truly is not None
    now = at(step, truly.sample_map(before.grey, 0.0))
    fitted, known = warp_by_pose(now, before, fit_length=True), warp_by_pose(now, before)
    assert fitted is not None and known is not None
    np.testing.assert_array_equal(fitted.x, known.x)
    np.testing.assert_array_equal(fitted.y, known.y)
