# SPDX-License-Identifier: Apache-2.0
"""Light on the points of a mesh: where it shines, where it does not, and by how much."""

import dataclasses

import numpy as np
import pytest

from training.scenes.light.area_light import AreaLight
from training.scenes.light.irradiance import irradiance
from training.scenes.light.mesh import mesh
from training.scenes.light.quality import DRAFT
from training.scenes.light.rays import Rays
from training.scenes.shapes.flat import rectangle
from training.scenes.surfaces.material import plain
from training.scenes.things import Thing

from ...casts_rays import casts_rays

pytestmark = casts_rays

LAMP = AreaLight((-0.05, 0.05, 2.0), (0.1, 0, 0), (0, -0.1, 0), (1.0, 1.0, 1.0))  # looks down
FLOOR = rectangle((-1, -1, 0), (2, 0, 0), (0, 2, 0))
LID = rectangle((-0.4, -0.4, 1), (0.8, 0, 0), (0, 0.8, 0))
DIRECT = dataclasses.replace(DRAFT, reflections=0)


def light_on(patches: list, lights: list, quality=DIRECT, albedo: float = 0.5):
    """The points (N, 3), their normals and their light (N, 3)."""
    scene = mesh([Thing([patch], plain(128, 128, 128), 0) for patch in patches], quality.cell_m)
    rays = Rays(scene.points, scene.corners)
    shades = np.full((len(scene.corners), 3), albedo, np.float32)
    return scene.points, scene.normals, irradiance(scene, rays, shades, lights, quality)


def test_a_small_lamp_follows_the_cosine_and_the_square_of_the_distance() -> None:
    points, _, light = light_on([FLOOR], [LAMP])
    way = points - (0, 0, 2)
    squared = (way**2).sum(axis=1)
    inner = abs(points[:, :2]).max(axis=1) < 0.8
    # Both cosines are 2 / distance.
    expected = 4 / squared**2
    assert light[inner, 0] == pytest.approx(expected[inner], rel=0.03)


def test_what_faces_the_lamp_is_brighter_than_what_turns_away() -> None:
    _, normals, light = light_on([FLOOR, rectangle((-1, 1, 0), (2, 0, 0), (0, -2, 0))], [LAMP])
    assert light[normals[:, 2] > 0].min() > 0
    assert light[normals[:, 2] < 0].max() == 0


def test_the_floor_under_a_lid_lies_in_its_shadow() -> None:
    points, _, light = light_on([FLOOR, LID], [LAMP])
    floor, middle = points[:, 2] == 0, abs(points[:, :2]).max(axis=1)
    assert light[floor & (middle < 0.4)].max() == 0
    assert light[floor & (middle > 0.95)].min() > 0.1


def test_the_border_of_the_shadow_of_a_wide_lamp_is_soft() -> None:
    wide = LAMP._replace(corner=(-0.5, 0.5, 2.0), edge_u=(1, 0, 0), edge_v=(0, -1, 0))
    points, _, light = light_on([FLOOR, LID], [wide], dataclasses.replace(DIRECT, cell_m=0.05))
    line = (points[:, 2] == 0) & (abs(points[:, 1]) < 0.03) & (points[:, 0] >= 0)
    along = light[line, 0][np.argsort(points[line, 0])]
    between = (along > 0.15 * along.max()) & (along < 0.85 * along.max())
    assert between.sum() >= 5
    assert (np.diff(along) > -0.03).all()


def test_reflections_light_what_no_lamp_reaches_and_a_dark_room_less() -> None:
    ceiling = rectangle((-1, 1, 2.2), (2, 0, 0), (0, -2, 0))
    lit = dataclasses.replace(DRAFT, reflections=2)
    results = {}
    for albedo in (0.1, 0.8):
        _, normals, light = light_on([FLOOR, ceiling], [LAMP], lit, albedo)
        results[albedo] = light[normals[:, 2] < 0].mean()
    assert results[0.8] > 6 * results[0.1] > 0


def test_reflection_adds_no_energy_in_a_closed_white_box() -> None:
    """Every reflection of a surface of albedo a passes on at most the share a of the light."""
    ceiling = rectangle((-1, 1, 2.2), (2, 0, 0), (0, -2, 0))
    direct = light_on([FLOOR, ceiling], [LAMP])[2].mean()
    once = light_on([FLOOR, ceiling], [LAMP], dataclasses.replace(DRAFT, reflections=1), 1.0)
    assert direct < once[2].mean() < 2 * direct


@pytest.mark.quick
def test_without_lamps_it_is_dark() -> None:
    assert light_on([FLOOR], [])[2].max() == 0
