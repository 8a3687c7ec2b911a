# SPDX-License-Identifier: Apache-2.0
"""Floor on levels that labels tell apart has one direction, and the height of the own one."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tips_ros.perception.ground.ground import FloorClasses, Ground

from ..floor_scene import BOX, FLOOR, Box, FloorScene

RUG = 28
CLASSES = FloorClasses(np.isin(np.arange(256), (FLOOR, RUG)), np.zeros(256, np.bool_))


def _floor_with(*rugs, height_m=0.4, noise=0.03, **scene):
    scene = FloorScene(height_m, -18, boxes=rugs, **scene)
    floor = Ground().look(scene.frame(noise), CLASSES).floor
    assert floor.status == "seen", floor.note
    return floor, floor.plane.angle_deg(scene.plane.up)


@pytest.mark.parametrize(
    ("height_m", "high"), [(0.4, 0.01), (0.4, 0.03), (0.9, 0.01), (0.15, 0.02)]
)
@pytest.mark.parametrize(("low", "far"), [((0.2, -0.2), (2.2, 2.0)), ((0.9, -2.0), (1.6, 2.0))])
def test_a_rug_does_not_lean_the_floor_though_its_step_is_within_a_cells_noise(
    height_m, high, low, far
):
    floor, angle = _floor_with(Box((*low, 0), (*far, high), RUG), height_m=height_m)
    assert angle < 0.15
    assert floor.plane.height_m == pytest.approx(height_m, abs=0.003)


def test_two_rugs_of_their_own_thickness_and_one_on_another_do_not_lean_it():
    floor, angle = _floor_with(
        Box((0.3, 0.1, 0), (1.5, 1.0, 0.01), RUG),
        Box((0.9, 0.3, 0), (1.4, 0.8, 0.03), RUG),
        Box((1.0, -1.2, 0), (2.0, -0.3, 0.02), RUG),
    )
    assert angle < 0.2
    assert floor.plane.height_m == pytest.approx(0.4, abs=0.004)


def test_a_rug_that_fills_most_of_the_view_is_not_the_floor_that_is_seen_beside_it():
    floor, angle = _floor_with(Box((0.1, -3.0, 0), (3.0, 0.35, 0.02), RUG))
    assert angle < 0.2
    assert floor.plane.height_m == pytest.approx(0.4, abs=0.004)


def test_a_road_below_the_pavement_is_not_what_the_robot_stands_on():
    floor, angle = _floor_with(edge_m=1.2, below_m=0.12, below_label=RUG)
    assert angle < 0.2
    assert floor.plane.height_m == pytest.approx(0.4, abs=0.005)


def test_depth_that_is_bent_tells_no_levels():
    """A network's rug is no higher for being where its depth is too near."""
    scene = FloorScene(0.4, -18)
    frame = scene.frame(bend=0.3)
    labels = frame.labels.copy()
    labels[:, 400:][labels[:, 400:] == FLOOR] = RUG
    labelled = Ground().look(replace(frame, labels=labels), CLASSES).floor
    plain = Ground().look(frame, CLASSES).floor
    assert labelled.plane.angle_deg(plain.plane.up) < 0.01


@pytest.mark.slow
def test_a_thing_of_two_centimetres_on_the_floor_beside_a_rug_is_found():
    rug, book = Box((0.4, 0.1, 0), (2.2, 2.0, 0.015), RUG), Box((0.7, -0.3, 0), (0.9, -0.1, 0.02))
    scene = FloorScene(0.4, -18, boxes=[rug, book])
    parts = Ground().look(scene.frame(0.03), CLASSES).parts
    seen = scene.frame().labels[2::4, 2::4] == 41
    assert parts.obstacle[seen].mean() > 0.5
    assert not parts.obstacle[scene.frame().labels[2::4, 2::4] == FLOOR].any()


RUGS = [
    [Box((0.6, -0.1, 0), (1.6, 2.0, 0.02))],
    [Box((0.9, -2.0, 0), (1.6, 2.0, 0.014))],
    [Box((0.25, -2.0, 0), (0.8, 2.0, 0.01))],  # the robot is about to leave it
    [Box((0.5, 0.1, 0), (1.4, 0.9, 0.012)), Box((1.0, -1.2, 0), (1.9, -0.2, 0.025))],
]


@pytest.mark.parametrize("rugs", RUGS)
@pytest.mark.parametrize("normals", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_a_rug_that_no_label_tells_from_the_floor_does_not_lean_it(rugs, normals, named):
    """Without any labels, or where both are called floor."""
    rugs = [replace(rug, label=FLOOR) for rug in rugs]
    scene = FloorScene(0.4, -18, boxes=rugs)
    floor = Ground().look(scene.frame(0.03, named, normals), CLASSES).floor
    assert floor.plane.angle_deg(scene.plane.up) < 0.2
    assert floor.plane.height_m == pytest.approx(0.4, abs=0.004)


@pytest.mark.parametrize("normals", [False, True])
def test_a_rug_thinner_than_an_obstacle_is_none_without_a_label_and_a_box_on_it_is(normals):
    rug = Box((0.6, -0.3, 0), (2.0, 1.5, 0.012), RUG)
    scene = FloorScene(0.4, -18, boxes=[rug, Box((1.0, 0.1, 0), (1.2, 0.3, 0.06))])
    parts = Ground().look(scene.frame(0.02, labels=False, normals=normals), CLASSES).parts
    seen = scene.frame().labels[2::4, 2::4]
    assert parts.obstacle[seen == BOX].mean() > 0.7
    beside = cv2.dilate((seen == BOX).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert not parts.obstacle[(seen == RUG) & ~beside].any()


def test_without_labels_the_top_of_a_low_box_that_fills_the_view_is_not_the_floor():
    box = Box((0.45, -0.6, 0), (1.3, 0.5, 0.05))
    scene = FloorScene(0.4, -20, boxes=[box])
    floor = Ground().look(scene.frame(0.02, labels=False), CLASSES).floor
    assert floor.plane.height_m == pytest.approx(0.4, abs=0.006)
    assert floor.plane.angle_deg(scene.plane.up) < 0.3


def test_bent_depth_without_labels_is_not_taken_for_levels():
    scene = FloorScene(0.4, -18)
    for bend in (0.1, 0.3):
        view = Ground().look(scene.frame(0.01, labels=False, bend=bend), CLASSES)
        assert view.floor.fit.rise is None
