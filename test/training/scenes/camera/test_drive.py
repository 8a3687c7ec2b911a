# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from training.scenes.camera.drive import drive
from training.scenes.furniture.footprint import Footprint
from training.scenes.rooms.floor_plan import FloorPlan


@pytest.fixture
def plan() -> FloorPlan:
    plan = FloorPlan(6.0, 4.5, 2.6)
    plan.footprints += [Footprint(2.4, 1.6, 3.6, 2.9, 0.8), Footprint(0.0, 3.5, 2.0, 4.5, 1.8)]
    return plan


def test_a_drive_is_steady_smooth_and_meets_nothing(plan: FloorPlan) -> None:
    poses = drive(np.random.default_rng(1), plan, seconds=40, rate_hz=10)
    assert len(poses) == 400
    assert [time for time, _ in poses[:3]] == pytest.approx([0, 0.1, 0.2])
    places = np.array([pose[:3, 3] for _, pose in poses])
    ahead = np.array([pose[:3, 2] for _, pose in poses])
    np.testing.assert_allclose(places[:, 2], 0.6)
    for x, y, _ in places:
        here = Footprint(x, y, x, y, 0.6)
        assert not any(here.overlaps(one, 0.15) for one in plan.footprints)
        assert 0.15 < x < plan.length - 0.15 and 0.15 < y < plan.width - 0.15
    speed = np.linalg.norm(np.diff(places, axis=0), axis=1) * 10
    assert np.median(speed) == pytest.approx(0.3, abs=0.02) and speed.max() < 0.31
    turned = np.degrees(np.arccos(np.clip((ahead[1:] * ahead[:-1]).sum(axis=1), -1, 1)))
    assert turned.max() * 10 < 60  # degrees per second


@pytest.mark.quick
def test_a_full_room_is_refused() -> None:
    plan = FloorPlan(4.0, 3.0, 2.6)
    plan.footprints.append(Footprint(0.2, 0.2, 3.8, 2.8, 1.0))
    with pytest.raises(ValueError, match="no floor free"):
        drive(np.random.default_rng(1), plan, seconds=5, rate_hz=10)
