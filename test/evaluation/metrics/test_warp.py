# SPDX-License-Identifier: Apache-2.0
"""Pixels of two frames that saw the same point of the world."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tips_ros.evaluation.metrics.warp import same_points
from tips_ros.evaluation.sample import Sample


def world_points(sample: Sample, pixels: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """(N, 3) in the world frame."""
    assert sample.depth_m is not None and sample.intrinsics is not None
    rows, columns = pixels
    rays = np.linalg.solve(sample.intrinsics.matrix(), [columns, rows, np.ones(len(rows))])
    points = np.vstack([rays * sample.depth_m[pixels], np.ones(len(rows))])
    assert sample.world_from_camera is not None
    return (sample.world_from_camera @ points)[:3].T


def test_matched_pixels_are_the_same_place_to_within_a_pixel(walk: list[Sample]):
    before, now = walk[1], walk[3]
    points = same_points(before, now)
    assert points is not None and len(points.now[0]) > 500
    gaps = np.linalg.norm(
        world_points(before, points.before) - world_points(now, points.now), axis=1
    )
    assert before.depth_m is not None
    # Half a pixel is 1/120 of the depth across, and more along a plane that is seen slanted.
    assert np.median(gaps / before.depth_m[points.before]) < 0.02


def test_a_camera_that_stands_still_matches_every_pixel_with_itself(walk: list[Sample]):
    points = same_points(walk[2], walk[2])
    assert points is not None and walk[2].depth_m is not None
    assert len(points.now[0]) == np.isfinite(walk[2].depth_m).sum()
    np.testing.assert_array_equal(points.now, points.before)


def test_what_moved_by_itself_or_was_hidden_is_left_out(walk: list[Sample]):
    before, now = walk[0], walk[0]
    assert before.depth_m is not None
    depths = [before.depth_m.copy(), before.depth_m.copy()]
    depths[0][30:40, 10:20] = 0.5  # a thing that stood here …
    depths[1][30:40, 25:35] = 0.5  # … and now stands there
    points = same_points(before._replace(depth_m=depths[0]), now._replace(depth_m=depths[1]))
    assert points is not None
    matched = np.zeros(before.depth_m.shape, bool)
    matched[points.now] = True
    assert not matched[30:40, 10:20].any() and not matched[30:40, 25:35].any()
    assert matched[41:, :].all()


def test_a_camera_that_turned_round_saw_nothing_of_this(photograph: Callable[..., Sample]):
    behind = np.diag([-1.0, 1.0, -1.0, 1.0])
    points = same_points(photograph(np.eye(4)), photograph(behind))
    assert points is not None and len(points.now[0]) == 0


@pytest.mark.parametrize("missing", ["depth_m", "intrinsics", "world_from_camera"])
def test_without_depth_intrinsics_or_pose_there_is_no_answer(walk: list[Sample], missing: str):
    lacking = walk[0]._replace(**{missing: None})
    assert same_points(lacking, walk[1]) is None
    assert same_points(walk[1], lacking) is None
