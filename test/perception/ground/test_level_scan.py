# SPDX-License-Identifier: Apache-2.0
"""The scan has the nearest obstacle of each bearing, says what is free, and what wasn't seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tips_ros.perception.ground.candidates import Up
from tips_ros.perception.ground.cells import divide
from tips_ros.perception.ground.ground import Ground
from tips_ros.perception.ground.level_scan import _nearest, level_scan
from tips_ros.perception.ground.obstacles import Split
from tips_ros.perception.ground.plane import level_rotation
from tips_ros.perception.ground.settings import GroundSettings

from .floor_scene import CLASSES, Box, FloorScene


def scanned(scene: FloorScene, noise: float = 0.02, **settings: float):
    ground = Ground(replace(GroundSettings(), **settings))
    return ground.look(scene.frame(noise), CLASSES).scan


def at(scan, bearing_deg: float) -> float:
    index = round((np.radians(bearing_deg) - scan.angle_min) / scan.angle_increment)
    return float(scan.ranges_m[index])


@pytest.mark.parametrize("pitch_deg", [-20, -5, 5])
def test_a_box_is_as_far_as_it_is_whatever_the_camera_looks_at(pitch_deg):
    box = Box((1.5, 0.2, 0), (1.8, 0.6, 0.3))
    scan = scanned(FloorScene(0.4, pitch_deg, boxes=[box]))
    assert at(scan, np.degrees(np.arctan2(0.4, 1.5))) == pytest.approx(np.hypot(1.5, 0.4), rel=0.03)


def test_left_is_positive():
    box = Box((1.5, 0.2, 0), (1.8, 0.6, 0.3))
    scan = scanned(FloorScene(0.4, -10, wall_m=50, boxes=[box]))
    assert np.isfinite(at(scan, 12)) and not np.isfinite(at(scan, -12))


def test_seen_and_free_is_infinite():
    scan = scanned(FloorScene(0.4, -5, wall_m=50))
    assert np.isposinf(scan.ranges_m[10:-10]).mean() > 0.95


def test_the_end_of_the_range_comes_from_how_sure_the_depth_is():
    sure, vague = (scanned(FloorScene(0.4, -5, wall_m=4), noise) for noise in (0.06, 0.2))
    assert sure.range_max_m == pytest.approx(0.3 / 0.06, rel=0.05)
    assert vague.range_max_m == pytest.approx(0.3 / 0.2, rel=0.05)
    assert np.isfinite(at(sure, 0)) and np.isposinf(at(vague, 0)), "the wall is beyond its range"


def test_what_no_pixel_says_is_nan():
    scene = FloorScene(0.4, -15, wall_m=50)
    frame = scene.frame(0.02)
    depth = frame.depth_m.copy()
    depth[:, :200] = np.nan
    scan = Ground().look(replace(frame, depth_m=depth), CLASSES).scan
    assert np.isnan(scan.ranges_m[-30:]).all(), "the left of the picture is the end of the scan"


def test_a_camera_that_looks_down_says_nothing_beyond_what_it_sees():
    """The floor ends at the picture's upper edge, 1 m away: nothing is known behind it."""
    scan = scanned(FloorScene(0.6, -50, wall_m=50))
    assert np.isnan(scan.ranges_m).mean() > 0.9 or scan.range_max_m < 1.6


def test_only_what_is_between_the_heights_counts():
    low, high = Box((1.0, -0.3, 0), (1.2, 0.3, 0.06)), Box((2.0, -0.3, 0), (2.2, 0.3, 0.6))
    scene = FloorScene(0.4, -10, boxes=[low, high])
    assert at(scanned(scene), 0) == pytest.approx(1.0, rel=0.05)
    assert at(scanned(scene, scan_min_height_m=0.15), 0) == pytest.approx(2.0, rel=0.05)


def test_a_drop_is_as_near_as_the_end_of_the_floor():
    scan = scanned(FloorScene(0.5, -20, edge_m=1.5), 0.01)
    assert at(scan, 0) == pytest.approx(1.5, abs=0.15)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_camera_on_its_side_or_upside_down_sees_the_same(turn):
    """Its picture is turned clockwise by `mounting` to be upright."""
    box = Box((1.2, 0.15, 0), (1.4, 0.4, 0.3))
    scene = FloorScene(0.4, -10, roll_deg=-turn, wall_m=50, boxes=[box])
    view = Ground().look(scene.frame(0.02), CLASSES, Up.of_mounting(turn))
    assert view.floor.plane.height_m == pytest.approx(0.4, rel=0.02)
    assert view.floor.plane.angle_deg(scene.plane.up) < 0.5
    bearing = np.degrees(np.arctan2(0.25, 1.2))
    assert at(view.scan, bearing) == pytest.approx(np.hypot(0.25, 1.2), rel=0.05)
    assert not np.isfinite(at(view.scan, -bearing))


def _plain_scan(scan, cells, obstacle, rotation):
    """By hand: of each bearing the nearest two returns that are at about the same range."""
    count, found = scan.ranges_m.size, np.full(scan.ranges_m.size, np.nan)
    ahead, left = (cells.rays @ row[:2] + row[2] for row in rotation[:2])
    bins = (np.arctan2(left, ahead) - scan.angle_min) / scan.angle_increment + 0.5
    bins = np.clip(bins.astype(int), 0, count - 1)
    ranges = np.hypot(ahead, left) / cells.inverse_depth
    for bearing in range(count):
        returns = np.sort(ranges[obstacle & (bins == bearing)])
        for one, next_ in zip(returns, returns[1:], strict=False):
            if next_ <= 1.1 * one:
                found[bearing] = (one + next_) / 2
                break
    return found


@pytest.mark.parametrize("steps", [0, 6, 1000])  # of the depth: many returns are equal, or few
@pytest.mark.parametrize("share", [0.02, 0.1, 0.9])
@pytest.mark.parametrize("seed", range(3))
def test_single_returns_however_many_lie_in_front_are_passed_over(seed, share, steps):
    scene, rng = FloorScene(0.5, -8, roll_deg=3), np.random.default_rng(seed)
    cells = divide(scene.frame(0.01))
    depth = rng.uniform(0.4, 5.5, cells.shape)
    if steps:
        depth = np.round(depth * steps / 6 + 0.5) * 6 / steps
    cells = replace(cells, inverse_depth=(1 / depth).astype(np.float32))
    obstacle = rng.random(cells.shape) < share
    nothing, flat = np.zeros(cells.shape, np.bool_), np.full(cells.shape, 0.2, np.float32)
    parts = Split(obstacle, nothing, nothing, flat, flat, 0.01)
    settings = replace(GroundSettings(), max_range_m=50.0, scan_max_stddev_m=10.0)
    scan = level_scan(cells, parts, scene.plane, settings)
    plain = _plain_scan(scan, cells, obstacle, level_rotation(scene.plane.up))
    known = np.isfinite(scan.ranges_m)
    assert known.sum() > 20
    # At the border of two bearings rounding decides.
    ranges = np.where(known, scan.ranges_m, np.nan)
    same = np.isclose(ranges, plain, rtol=1e-4, equal_nan=True)
    assert same.mean() > 0.97


@pytest.mark.parametrize("unknown", [1, 3, 50])
def test_a_range_that_nobody_knows_hides_nothing_and_comes_to_an_end(unknown: int):
    bins = np.repeat(np.arange(4), 5)
    ranges = np.tile(np.array([9.0, 2.0, 2.1, 5.0, 7.0], np.float32), 4)
    places = np.random.default_rng(1).integers(0, len(bins), unknown)
    bins, ranges = np.insert(bins, places, bins[places]), np.insert(ranges, places, np.nan)
    np.testing.assert_allclose(_nearest(bins, ranges, 5), [2.05] * 4 + [np.nan], rtol=1e-6)


def test_a_bearing_of_which_no_range_is_known_has_none():
    bins, ranges = np.array([1, 1, 2, 2]), np.array([np.nan, np.nan, 3.0, 3.0], np.float32)
    nothing = np.nan
    np.testing.assert_array_equal(_nearest(bins, ranges, 3), [nothing, nothing, 3.0])
