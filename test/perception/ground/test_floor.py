# SPDX-License-Identifier: Apache-2.0
"""The floor of one frame is found, or said not to be there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tips_ros.perception.ground.candidates import Up
from tips_ros.perception.ground.ground import FloorClasses, Ground

from .floor_scene import CLASSES, FLOOR, LAMP, Box, FloorScene

TABLE = Box((1.0, -0.8, 0.68), (2.5, 0.8, 0.7))


@pytest.mark.parametrize("height_m", [0.12, 0.5, 1.2])
@pytest.mark.parametrize(("pitch_deg", "roll_deg"), [(-25, 0), (-5, 3), (6, -2)])
def test_its_place_is_right_through_three_percent_of_noise(height_m, pitch_deg, roll_deg):
    scene = FloorScene(height_m, pitch_deg, roll_deg)
    floor = Ground().look(scene.frame(noise=0.03), CLASSES).floor
    assert floor.status == "seen"
    assert floor.plane.angle_deg(scene.plane.up) < 0.3
    assert abs(floor.plane.height_m / height_m - 1) < 0.01
    assert floor.plane.pitch_deg == pytest.approx(pitch_deg, abs=0.3)
    assert floor.plane.roll_deg == pytest.approx(roll_deg, abs=0.3)


@pytest.mark.parametrize(("labels", "normals"), [(False, True), (True, False), (False, False)])
def test_it_is_found_without_labels_or_normals(labels, normals):
    scene = FloorScene(boxes=[Box((1.5, -0.2, 0), (1.8, 0.2, 0.4))])
    floor = Ground().look(scene.frame(0.02, labels, normals), CLASSES).floor
    assert floor.plane.angle_deg(scene.plane.up) < 1.0
    assert abs(floor.plane.height_m - 0.5) < 0.02


def test_without_labels_a_table_top_is_not_taken_for_it():
    scene = FloorScene(1.3, -30, boxes=[TABLE])
    floor = Ground().look(scene.frame(0.02, labels=False), CLASSES).floor
    assert abs(floor.plane.height_m - 1.3) < 0.03


def test_bent_depth_leans_less_than_its_own_plane_because_normals_have_a_say():
    """A network's floor: depth off by up to a fifth, smoothly and to one side; normals right."""
    scene = FloorScene(0.5, -15)
    frame = scene.frame()
    lean = 1 + 0.2 * np.linspace(0, 1, 640, dtype=np.float32)[None, :]
    bent = replace(frame, depth_m=frame.depth_m * lean)
    floor = Ground().look(bent, CLASSES).floor
    alone = Ground().look(replace(bent, normals=None), CLASSES).floor
    assert floor.plane.angle_deg(scene.plane.up) < 2.0
    assert alone.plane.angle_deg(scene.plane.up) > 2.0


@pytest.mark.parametrize("pitch_deg", [40, 75])
def test_no_floor_in_view_is_a_state_and_not_an_error(pitch_deg):
    view = Ground().look(FloorScene(0.8, pitch_deg).frame(0.02), CLASSES)
    assert view.floor.status == "absent" and view.floor.note
    assert view.parts is None
    assert view.ground_cloud().size == view.obstacle_cloud().size == 0
    assert np.isnan(view.scan.ranges_m).all()


def test_a_wall_alone_is_no_floor_even_if_nobody_says_what_it_is():
    scene = FloorScene(0.8, 0, wall_m=0.6)
    assert Ground().look(scene.frame(0.02, labels=False), CLASSES).floor.status == "absent"


def test_a_camera_without_depth_or_lens_is_told_so():
    frame = FloorScene().frame()
    for missing in (replace(frame, depth_m=None), replace(frame, lens=None)):
        with pytest.raises(ValueError, match="calibrated camera"):
            Ground().look(missing, CLASSES)


@pytest.mark.parametrize("alone", [False, True])
def test_depth_with_holes_and_beyond_the_range_does_no_harm(alone):
    """As a depth sensor's, with and without anything else."""
    scene = FloorScene()
    frame = scene.frame(0.02, labels=not alone, normals=not alone)
    depth = frame.depth_m.copy()
    depth[::7], depth[:, ::9], depth[:100] = np.nan, 0.0, np.inf
    depth[300:340, 200:260] = np.nan
    floor = Ground().look(replace(frame, depth_m=depth), CLASSES).floor
    assert floor.status == "seen", floor.note
    assert floor.plane.angle_deg(scene.plane.up) < 1.0


def test_classes_that_are_no_floor_to_anybody_leave_it_to_the_normals():
    nobody = FloorClasses(np.zeros(256, np.bool_), np.arange(256) == LAMP)
    scene = FloorScene()
    floor = Ground().look(scene.frame(0.02), nobody).floor
    assert floor.plane.angle_deg(scene.plane.up) < 0.5


def test_two_looks_at_the_same_frame_say_the_same_to_the_last_bit():
    frame = FloorScene(boxes=[TABLE]).frame(0.03)
    one, other = (Ground().look(frame, CLASSES) for _ in range(2))
    assert one.floor.plane == other.floor.plane
    assert np.array_equal(one.parts.obstacle, other.parts.obstacle)


def test_who_knows_up_keeps_a_ramp_ahead_from_tilting_the_floor():
    """Half of the floor in view rises; up is known by tf."""
    scene = FloorScene(0.4, -10)
    frame = scene.frame()
    depth = frame.depth_m.copy()
    depth[:320] *= 0.85
    told = Ground().look(replace(frame, depth_m=depth), CLASSES, Up(scene.plane.up, 1.0, "tf"))
    assert told.floor.plane.angle_deg(scene.plane.up) < 2.0


@pytest.mark.parametrize("below_m", [0.12, 0.2, 0.4])
@pytest.mark.parametrize(("height_m", "edge_m"), [(0.2, 0.8), (0.5, 0.8), (0.5, 1.5), (1.0, 1.8)])
def test_floor_on_a_lower_level_is_not_the_one_the_robot_stands_on(height_m, edge_m, below_m):
    """A kerb or a dock: the street beyond is called floor, too, and fills more of the picture."""
    scene = FloorScene(height_m, -15, wall_m=8, edge_m=edge_m, below_m=below_m, below_label=FLOOR)
    floor = Ground().look(scene.frame(0.02), CLASSES).floor
    assert floor.plane.height_m == pytest.approx(height_m, rel=0.02)
    assert floor.plane.angle_deg(scene.plane.up) < 0.5


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize(
    ("height_m", "ramp_m", "wide_m", "ramp_deg"),
    [
        (0.8, 0.6, 1.0, 6.0),  # it fills what is before the camera: floor is beside it
        (0.4, 0.5, 0.7, 4.5),
        (0.4, 0.6, np.inf, 6.0),
        (0.8, 1.2, np.inf, 5.0),
        (0.5, 0.9, np.inf, -6.0),  # over a crest
        (0.8, 1.3, np.inf, -4.0),
    ],
)
def test_a_ramp_that_fills_the_view_is_not_what_the_robot_stands_on(
    height_m, ramp_m, wide_m, ramp_deg, alone
):
    scene = FloorScene(height_m, -22, ramp_m=ramp_m, ramp_deg=ramp_deg, ramp_wide_m=wide_m)
    floor = Ground().look(scene.frame(0.03, normals=not alone), CLASSES).floor
    assert floor.plane.angle_deg(scene.plane.up) < 2.0
    assert floor.plane.height_m == pytest.approx(height_m, rel=0.04)


@pytest.mark.parametrize("high", [0.03, 0.05])
def test_a_thick_rug_does_not_tilt_the_floor_it_lies_on(high):
    rug = Box((0.9, -0.7, 0), (1.9, 0.3, high), FLOOR)
    scene = FloorScene(0.35, -18, boxes=[rug])
    floor = Ground().look(scene.frame(0.02), CLASSES).floor
    assert floor.plane.angle_deg(scene.plane.up) < 0.3
    assert floor.plane.height_m == pytest.approx(0.35, abs=0.01)


def test_a_table_that_is_called_floor_is_not_taken_for_it():
    table = Box((0.9, -0.8, 0.68), (2.5, 0.2, 0.7), FLOOR)
    scene = FloorScene(1.3, -30, boxes=[table])
    floor = Ground().look(scene.frame(0.02), CLASSES).floor
    assert floor.plane.height_m == pytest.approx(1.3, abs=0.03)


def test_labels_and_normals_that_call_everything_floor_make_none_of_uneven_depth():
    """As a small network does in a room unlike those it knows: cupboards and a table are floor."""
    scene = FloorScene(1.3, -28, wall_m=2.6, boxes=[TABLE])
    frame = scene.frame()
    v, u = np.mgrid[:480, :640] / 480
    waves = 1 + 0.12 * np.sin(9 * u + 1) * np.cos(7 * v)
    depth = (frame.depth_m * waves).astype(np.float32)
    up = np.broadcast_to(np.float32(scene.plane.up), frame.normals.shape)
    confused = replace(
        frame, depth_m=depth, normals=up.copy(), labels=np.full_like(frame.labels, FLOOR)
    )
    floor = Ground().look(confused, CLASSES).floor
    assert floor.status == "absent" and "in one plane" in floor.note
    assert Ground().look(replace(frame, depth_m=depth), CLASSES).floor.status == "seen"


@pytest.mark.slow
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.03])
@pytest.mark.parametrize(("axis", "wrong_deg"), [(0, 5.0), (0, -5.0), (2, 5.0), (0, 9.0)])
def test_a_mounting_that_tf_has_wrong_by_degrees_does_not_lean_what_even_depth_tells(
    axis, wrong_deg, noise, alone
):
    scene = FloorScene(0.4, -12, boxes=[Box((1.2, 0.05, 0), (1.5, 0.4, 0.25))])
    turned = np.radians(wrong_deg)
    c, s = np.cos(turned), np.sin(turned)
    turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    turn = np.roll(turn, axis, (0, 1))
    wrong = Up(tuple((turn @ np.asarray(scene.plane.up)).tolist()), 1.0, "tf")
    floor = Ground().look(scene.frame(noise, labels=not alone), CLASSES, wrong).floor
    assert floor.plane.angle_deg(scene.plane.up) < 0.5
    assert floor.plane.height_m == pytest.approx(0.4, abs=0.01)


def test_of_bent_depth_who_knows_up_is_believed():
    scene = FloorScene(0.5, -15)
    frame = scene.frame()
    lean = 1 + 0.3 * np.linspace(0, 1, 640, dtype=np.float32)[None, :]
    waves = 1 + 0.05 * np.sin(np.arange(480, dtype=np.float32) / 25)[:, None]
    bent = replace(frame, depth_m=frame.depth_m * lean * waves, normals=None)
    told = Ground().look(bent, CLASSES, Up(scene.plane.up, 1.0, "tf")).floor
    alone = Ground().look(bent, CLASSES).floor
    off = [floor.plane.angle_deg(scene.plane.up) for floor in (told, alone)]
    assert off[0] < 1.5 and off[0] < 0.7 * off[1]
