# SPDX-License-Identifier: Apache-2.0
"""The rooms that old numbers were measured on stay the rooms that they were.

Whatever is added to the scenes must draw its random numbers after, or beside, those of these rooms.
The numbers below are of the rooms as they were when the first model was measured on them.
"""

import numpy as np
import pytest

from training.render_held_out import samples
from training.scenes.scene import random_scene
from training.scenes.seeds import HELD_OUT, HELD_OUT_LOW, TRAINING

# Things, points, sum of their coordinates, sum of the albedos.
ROOMS = {
    1_000_000: (48, 5485, 25455.409, 15.47522),
    1_000_001: (73, 10563, 54666.78, 21.5209),
    1_000_152: (134, 18861, 140179.061, 41.91995),  # the sample bag's
}
# Place of the camera, fx, mean of the picture, of the depth, pixels of wall.
VIEWS = {
    1_000_000: ((2.520001, 0.440427, 1.227106), 365.5849, 128.598, 2.2729, 102557),
    1_000_152: ((4.535045, 0.670773, 1.116627), 437.7617, 110.097, 3.6024, 57065),
}


@pytest.mark.parametrize("seed", ROOMS)
def test_the_room_of_a_number_is_the_same_as_ever(seed: int) -> None:
    things = random_scene(seed).things
    points = np.concatenate([p.points.reshape(-1, 3) for t in things for p in t.shape])
    albedo = sum(float(thing.material.albedo.mean()) for thing in things)
    found = (len(things), len(points), float(np.abs(points).sum()), albedo)
    assert found == pytest.approx(ROOMS[seed], rel=1e-5)


@pytest.mark.parametrize("seed", VIEWS)
def test_the_picture_of_a_number_is_the_same_as_ever(seed: int) -> None:
    place, fx, brightness, depth, wall = VIEWS[seed]
    sample = samples(seed)[0]
    np.testing.assert_allclose(sample.world_from_camera[:3, 3], place, atol=1e-5)
    assert sample.intrinsics.fx == pytest.approx(fx, abs=1e-3)
    assert float(sample.rgb.mean()) == pytest.approx(brightness, abs=0.05)
    assert float(np.nanmean(sample.depth_m)) == pytest.approx(depth, abs=1e-3)
    assert int((sample.labels == 0).sum()) == pytest.approx(wall, abs=20)


def test_low_cameras_have_rooms_of_their_own_that_nothing_learns_from() -> None:
    assert set(HELD_OUT_LOW) < set(HELD_OUT)
    assert not set(HELD_OUT_LOW) & set(TRAINING)
    assert max(ROOMS) < HELD_OUT_LOW.start
