# SPDX-License-Identifier: Apache-2.0
"""What stands on the floor is told from it, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tips_ros.perception.ground.cells import spread
from tips_ros.perception.ground.ground import Ground, GroundView
from tips_ros.perception.ground.settings import GroundSettings

from .floor_scene import CLASSES, FLOOR, LAMP, Box, FloorScene


def looked(scene: FloorScene, noise: float = 0.03, **more: object) -> tuple[GroundView, object]:
    frame = scene.frame(noise, **more)
    view = Ground().look(frame, CLASSES)
    return view, frame


def share(view: GroundView, where: object) -> float:
    called = spread(view.parts.obstacle, view.cells.side, (480, 640))
    return float(called[where].mean())


@pytest.mark.slow
@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize(("high", "ahead"), [(0.02, 0.9), (0.05, 1.0), (0.05, 1.8), (0.2, 2.5)])
def test_a_low_box_is_found_through_noise(high, ahead, labels):
    scene = FloorScene(0.4, -15, boxes=[Box((ahead, -0.15, 0), (ahead + 0.2, 0.15, high))])
    view, frame = looked(scene, labels=labels)
    box = scene.frame().labels == scene.boxes[0].label
    assert share(view, box) > 0.6


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("height_m", [0.15, 1.2])
def test_clean_floor_is_clean(height_m, seed):
    scene = FloorScene(height_m, -20)
    view, frame = looked(scene, seed=seed)
    floor = (frame.labels == FLOOR) & (frame.depth_m < 3)
    assert share(view, floor) < 0.002
    assert spread(view.parts.ground, view.cells.side, (480, 640))[floor].mean() > 0.97


def test_a_smooth_bend_of_the_whole_floor_is_taken_out():
    scene = FloorScene(0.6, -20, boxes=[Box((1.0, -0.1, 0), (1.2, 0.1, 0.12))])
    view, frame = looked(scene, noise=0.0, bend=0.15)
    floor = (frame.labels == FLOOR) & (frame.depth_m < 2.5)
    assert share(view, floor) < 0.03
    assert share(view, frame.labels == scene.boxes[0].label) > 0.6


def test_what_the_robot_goes_under_is_none():
    beam = Box((1.5, -1, 1.9), (1.7, 1, 2.2))
    scene = FloorScene(0.8, 15, boxes=[beam])
    settings = replace(GroundSettings(), obstacle_max_height_m=1.8)
    frame = scene.frame(0.01)
    low = Ground(settings).look(frame, CLASSES)
    if low.parts is not None:
        assert share(low, frame.labels == beam.label) < 0.02


def test_ignored_classes_are_none():
    lamp = Box((1.2, -0.1, 0), (1.3, 0.1, 0.3), LAMP)
    view, frame = looked(FloorScene(boxes=[lamp]))
    assert share(view, frame.labels == LAMP) == 0
    assert not spread(view.parts.ground, view.cells.side, (480, 640))[frame.labels == LAMP].all()


def test_where_the_floor_ends_is_an_obstacle_at_its_edge():
    scene = FloorScene(0.5, -20, edge_m=1.5)
    view, _ = looked(scene, noise=0.01)
    assert view.parts.drop.any()
    points = view.obstacle_cloud()
    flat = np.stack([points["x"], points["y"], points["z"]], -1) @ scene.level_from_optical.T
    drops = flat[np.abs(flat[:, 2] + 0.5) < 0.05]
    assert drops[:, 0].min() == pytest.approx(1.5, abs=0.1), "at the edge, at the floor's height"
    off = Ground(replace(GroundSettings(), drops=False)).look(scene.frame(0.01), CLASSES)
    assert not off.parts.drop.any()


@pytest.mark.parametrize("below_m", [0.12, 0.2, 0.4])
@pytest.mark.parametrize(("height_m", "edge_m"), [(0.3, 0.8), (0.5, 0.8), (0.5, 1.5), (1.0, 1.8)])
def test_the_edge_of_a_dock_is_a_drop_though_what_is_below_is_called_floor(
    height_m, edge_m, below_m
):
    scene = FloorScene(height_m, -15, wall_m=8, edge_m=edge_m, below_m=below_m, below_label=FLOOR)
    view, frame = looked(scene, noise=0.01)
    assert view.parts.drop.any()
    points = view.obstacle_cloud()
    flat = np.stack([points["x"], points["y"], points["z"]], -1) @ scene.level_from_optical.T
    drops = flat[np.abs(flat[:, 2] + height_m) < 0.03]
    assert drops[:, 0].min() == pytest.approx(edge_m, rel=0.1)
    falls = -(scene.lens.rays() @ scene.plane.up[:2] + scene.plane.up[2])
    own = np.abs(frame.depth_m * falls / height_m - 1) < 0.05
    assert share(view, own & (frame.labels == FLOOR)) < 0.01


@pytest.mark.parametrize("ramp_deg", [-6.0, -3.0, 3.0, 6.0])
@pytest.mark.parametrize("height_m", [0.3, 0.8])
def test_a_ramp_up_or_down_is_neither_an_obstacle_nor_a_drop(height_m, ramp_deg):
    scene = FloorScene(height_m, -10, wall_m=8, ramp_m=1.2, ramp_deg=ramp_deg)
    view, frame = looked(scene, noise=0.01)
    near = (frame.labels == FLOOR) & (frame.depth_m < 3)
    assert share(view, near) < 0.05
    called = spread(view.parts.drop, view.cells.side, (480, 640))
    assert called[near].mean() < 0.01


def test_depth_between_a_thing_and_what_is_behind_it_makes_no_obstacle():
    """A network blurs edges: a veil of points hangs between a box and the wall."""
    scene = FloorScene(0.5, -5, wall_m=4, boxes=[Box((1.0, -0.3, 0), (1.2, 0.3, 0.45))])
    frame = scene.frame()
    import cv2

    blurred = replace(frame, depth_m=cv2.blur(frame.depth_m, (9, 9)))
    points = Ground().look(blurred, CLASSES).obstacle_cloud()
    flat = np.stack([points["x"], points["y"], points["z"]], -1) @ scene.level_from_optical.T
    veil = (flat[:, 0] > 1.6) & (flat[:, 0] < 3.4)
    assert veil.mean() < 0.005


@pytest.mark.slow
@pytest.mark.parametrize("size", [(480, 640), (240, 320), (724, 1283), (90, 120)])
def test_pictures_of_any_size_will_do(size):
    scene = FloorScene(0.4, -15, size=size, boxes=[Box((0.8, -0.15, 0), (1.0, 0.15, 0.15))])
    frame = scene.frame(0.01)
    view = Ground().look(frame, CLASSES)
    called = spread(view.parts.obstacle, view.cells.side, size)
    assert called.shape == size
    assert called[frame.labels == scene.boxes[0].label].mean() > 0.6


def test_the_clouds_have_the_pictures_colours_and_the_labels():
    scene = FloorScene(boxes=[Box((1.0, -0.15, 0), (1.2, 0.15, 0.2))])
    view, frame = looked(scene, noise=0.01)
    rgb = np.zeros((480, 640, 3), np.uint8)
    rgb[frame.labels == scene.boxes[0].label] = (10, 20, 30)
    points = view.obstacle_cloud(rgb)
    box = points[points["label"] == scene.boxes[0].label]
    assert box.size > 50
    assert (box["rgb"].view(np.uint32) == (10 << 16 | 20 << 8 | 30)).mean() > 0.9


@pytest.mark.parametrize("floor_deviations", [8.0, 12.0])
@pytest.mark.parametrize(("of_a_network", "times"), [(False, 1.0), (True, 2.0)])
def test_how_far_a_thing_has_to_stand_out_is_one_rule_for_floor_and_one_for_the_rest(
    floor_deviations, of_a_network, times
):
    """`floor_deviations` for floor labels, twice in a network's depth; `deviations` elsewhere."""
    lowest = 0.001  # so that deviations alone count
    scene = FloorScene(0.5, -20)
    frame = scene.frame(0.03)
    if of_a_network:
        waves = np.random.default_rng(1).standard_normal((480, 640)).astype(np.float32)
        waves = cv2.GaussianBlur(waves, (0, 0), 12)
        smooth = scene.frame().depth_m * (1 + 0.01 * waves / waves.std())
        frame = replace(frame, depth_m=smooth, stddev_m=0.01 * smooth)
    settings = GroundSettings(
        obstacle_min_height_m=lowest, floor_deviations=floor_deviations, max_slope_deg=0.0
    )
    view = Ground(settings).look(frame, CLASSES)
    asked = view.parts.tolerance_m / (view.parts.noise * view.floor.plane.height_m)
    floor = frame.labels[2::4, 2::4] == FLOOR
    inside = cv2.erode(floor.astype(np.uint8), np.ones((9, 9))).astype(bool)
    far = ~cv2.dilate(floor.astype(np.uint8), np.ones((9, 9))).astype(bool)
    assert np.median(asked[inside]) == pytest.approx(times * floor_deviations, rel=0.1)
    assert np.median(asked[far]) == pytest.approx(settings.deviations, rel=0.1)
