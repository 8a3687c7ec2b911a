# SPDX-License-Identifier: Apache-2.0
"""A floor that mirrors what stands behind it is no drop; floor that ends is one, whatever it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tips_ros.perception.ground.bend import plane_inverse_depth
from tips_ros.perception.ground.candidates import Up
from tips_ros.perception.ground.cells import divide
from tips_ros.perception.ground.ground import Ground
from tips_ros.perception.ground.mirrors import find_mirrors

from .floor_scene import CLASSES, FLOOR, FloorScene


def _look(frame, scene):
    return Ground().look(frame, CLASSES, Up(scene.plane.up, 1.0, "tf"))


def _disc(scene, x_m, y_m, radius_m):
    """(H, W) the floor within a circle so far ahead and to the left."""
    seen = scene.frame()
    rays = scene.lens.rays()
    rays = np.concatenate([rays[..., :2], np.ones((*rays.shape[:2], 1))], axis=-1)
    place = (rays * seen.depth_m[..., None]) @ scene.level_from_optical.T
    inside = np.hypot(place[..., 0] - x_m, place[..., 1] - y_m) < radius_m
    return inside & (seen.labels == FLOOR)


def _mirroring(frame, where, wall_m):
    """The frame of a depth sensor over a polished floor: as far as the wall behind it."""
    rng = np.random.default_rng(3)
    depth = frame.depth_m.copy()
    depth[where] = wall_m * (1 + 0.03 * rng.standard_normal(where.sum()))
    return replace(frame, depth_m=depth, stddev_m=0.03 * depth)


@pytest.mark.parametrize("normals", [False, True])
@pytest.mark.parametrize("roll_deg", [0, 8, 90, 180])
@pytest.mark.parametrize("disc", [(1.1, 0.1, 0.25), (1.8, -0.2, 0.4), (1.0, 0.2, 0.12)])
def test_a_wall_mirrored_in_what_is_called_floor_is_no_drop(normals, roll_deg, disc):
    scene = FloorScene(0.5, -20, wall_m=4.0, roll_deg=roll_deg)
    frame, where = scene.frame(0.03, normals=normals), _disc(scene, *disc)
    cells = np.count_nonzero(where[2::4, 2::4])
    assert cells > 50
    mirroring = _mirroring(frame, where, 4.2)
    view = _look(mirroring, scene)
    assert np.count_nonzero(view.parts.drop) <= 0.1 * cells
    assert view.floor.plane.angle_deg(scene.plane.up) < 0.3
    nameless = _look(replace(mirroring, labels=None), scene)
    assert np.count_nonzero(nameless.parts.drop) > 0.5 * cells


@pytest.mark.parametrize("normals", [False, True])
@pytest.mark.parametrize("roll_deg", [0, 4, 180])
@pytest.mark.parametrize(("edge_m", "below_m"), [(1.0, 0.15), (1.2, 0.4), (1.5, 0.8), (0.9, 1.2)])
@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_a_lower_floor_that_is_called_floor_is_no_mirror(
    normals, roll_deg, edge_m, below_m, noise
):
    scene = FloorScene(0.5, -22, roll_deg=roll_deg, wall_m=9, edge_m=edge_m,
                       below_m=below_m, below_label=FLOOR)  # fmt: skip
    cells = divide(scene.frame(noise, normals=normals))
    height = 1 - plane_inverse_depth(scene.plane, cells.rays) / cells.inverse_depth
    below = (height * scene.height_m < -0.08) & (cells.inverse_depth > 1 / 6)
    assert np.count_nonzero(below) > 500
    assert not find_mirrors(cells, below, cells.has(CLASSES.floor), scene.plane).any()


def test_a_shaft_that_a_label_calls_floor_is_a_drop_where_normals_see_its_wall():
    """Stairs down that a network calls floor, at whose far side it sees a wall all the same."""
    scene = FloorScene(0.5, -20, wall_m=3.0, edge_m=1.2, below_m=6.0)
    frame = scene.frame(0.03)
    below = scene.frame().depth_m > 1.05 * replace(scene, edge_m=None).frame().depth_m
    labels = frame.labels.copy()
    labels[below] = FLOOR
    view = _look(replace(frame, labels=labels), scene)
    assert view.parts.drop[below[2::4, 2::4]].mean() > 0.5
    ahead = view.scan.ranges_m[40:-40]
    assert np.nanmedian(ahead) == pytest.approx(1.2, rel=0.1)


def test_the_scan_does_not_end_at_a_mirror():
    scene = FloorScene(0.5, -20, wall_m=4.0)
    mirroring = _mirroring(scene.frame(0.03), _disc(scene, 1.2, 0.1, 0.3), 4.2)
    assert not (_look(mirroring, scene).scan.ranges_m < 3.0).any()


def test_what_nobody_calls_floor_beside_a_mirror_stays_a_drop_but_for_the_mirror_s_rim():
    scene = FloorScene(0.5, -20, wall_m=4.0)
    frame, where = scene.frame(0.03), _disc(scene, 1.1, 0.1, 0.25)
    cells = divide(_mirroring(frame, where, 4.2))
    below = where[2::4, 2::4]
    columns = np.nonzero(below.any(axis=0))[0]
    side = np.zeros_like(below)
    side[:, columns[int(0.75 * len(columns))] :] = True  # a quarter of the way across
    called = cells.has(CLASSES.floor) & ~side
    mirrors = find_mirrors(cells, below, called, scene.plane)
    assert np.count_nonzero(mirrors & ~side) > 0.9 * np.count_nonzero(below & ~side)
    far = below & side
    far[:, : columns[int(0.75 * len(columns))] + 2] = False
    assert np.count_nonzero(far) > 5 and not (mirrors & far).any()
