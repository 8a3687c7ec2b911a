# SPDX-License-Identifier: Apache-2.0
"""A factor, or scale and shift of inverse depth: what explains the sensor better, without flips."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.depth.depth_scale import (
    DepthScale,
    deviation_in_metres,
    farthest_m,
    to_metres,
)
from tips_ros.perception.depth.fit_choice import FitChoice
from tips_ros.perception.depth.measured_scale import MeasuredScale
from tips_ros.perception.depth.sensor_scale import sensor_scale

FOCAL = DepthScale(0.9, "focal")
SHAPE = (60, 80)


class Scanned:
    """A network that says `1 / true = slope / predicted + offset`, and a scan of the truth."""

    def __init__(self, slope: float = 0.7, offset: float = 0.08, seed: int = 0) -> None:
        self.slope, self.offset = slope, offset
        self.rng = np.random.default_rng(seed)

    def frame(
        self, near: float = 0.8, far: float = 4.5, outliers: float = 0.3, noise: float = 0.005
    ) -> tuple[np.ndarray, np.ndarray]:
        true = np.tile(np.linspace(near, far, SHAPE[1]), (SHAPE[0], 1))
        predicted = self.slope / (1 / true - self.offset)
        measured = np.full(SHAPE, np.nan)
        rows = slice(28, 32)
        row = true[rows] * (1 + noise * self.rng.normal(size=(4, SHAPE[1])))
        wrong = self.rng.random(row.shape) < outliers
        row[wrong] = self.rng.uniform(0.3, 6.0, int(wrong.sum()))
        measured[rows] = row
        return predicted.astype(np.float32), measured.astype(np.float32)


def live_after(scale: MeasuredScale, frames: list, start_s: float = 0.0) -> DepthScale:
    for number, frame in enumerate(frames):
        scale.add(*frame, with_offset=False)
        live = scale.scale(start_s + 0.1 * number, FOCAL)
    return live


@pytest.fixture
def scale() -> MeasuredScale:
    return MeasuredScale(30.0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("slope", "offset"), [(0.7, 0.08), (1.4, -0.05), (0.9, 0.15)])
def test_a_scale_and_shift_are_recovered_within_one_percent(scale, slope, offset, seed):
    scene = Scanned(slope, offset, seed)
    live = live_after(scale, [scene.frame() for _ in range(8)])
    assert live.source == "sensor" and live.consistent and live.note == ""
    assert 1 / live.factor == pytest.approx(slope, rel=0.01)
    assert live.inverse_offset == pytest.approx(offset, rel=0.01, abs=0.002)
    predicted, _ = scene.frame()
    true = 1 / (slope / predicted + offset)
    np.testing.assert_allclose(live.apply(predicted), true, rtol=0.01)
    assert live.spread < 0.03 and live.samples == 320 and live.inliers > 190


def test_a_wall_that_tells_no_two_numbers_holds_them_and_that_is_said(scale):
    scene = Scanned()
    before = live_after(scale, [scene.frame() for _ in range(8)])
    wall = live_after(scale, [scene.frame(2.0, 2.1) for _ in range(40)], 1.0)
    assert (wall.factor, wall.inverse_offset) == (before.factor, before.inverse_offset)
    assert wall.consistent and "held" in wall.note
    after = live_after(scale, [scene.frame() for _ in range(3)], 6.0)
    assert after.note == "" and after.inverse_offset == pytest.approx(0.08, rel=0.02)


def test_a_wall_that_contradicts_them_for_some_frames_ends_them(scale):
    scene = Scanned()
    live_after(scale, [scene.frame() for _ in range(8)])
    wall = scene.frame(2.0, 2.1, outliers=0.0)
    other = wall[0], 1.5 * wall[1]
    live = live_after(scale, [other] * 2, 1.0)
    assert live.inverse_offset != 0.0
    live = live_after(scale, [other] * 15, 2.0)
    assert live.inverse_offset == 0.0
    assert live.at(float(wall[0][30, 40])) == pytest.approx(1.5 * 2.05, rel=0.03)


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.06])
def test_a_network_that_errs_by_a_factor_keeps_one_number(scale, noise):
    scene = Scanned(0.7, 0.0)
    for number in range(30):
        live = live_after(scale, [scene.frame(noise=noise)], 0.1 * number)
        assert live.inverse_offset == 0.0
    assert live.factor == pytest.approx(1 / 0.7, rel=0.01)


@pytest.mark.parametrize("noise", [0.03, 0.05])
def test_what_either_explains_about_as_well_does_not_flip(scale, noise):
    """A shift that is about as large as the noise."""
    scene = Scanned(0.7, 0.035)
    lives = [live_after(scale, [scene.frame(noise=noise)], 0.1 * n) for n in range(60)]
    is_two = [live.inverse_offset != 0.0 for live in lives]
    assert np.count_nonzero(np.diff(is_two)) <= 1


def test_one_odd_frame_changes_no_form():
    choice, scene = FitChoice(), Scanned(0.7, 0.0)

    def add(predicted: np.ndarray, measured: np.ndarray) -> DepthScale | None:
        seen = np.isfinite(measured)
        p, s = predicted[seen].astype(float), measured[seen].astype(float)
        choice.add(sensor_scale(p, s), p, s)
        return choice.current

    for _ in range(5):
        add(*scene.frame())
    odd = Scanned(0.7, 0.15).frame()
    assert add(*odd).inverse_offset == add(*odd).inverse_offset == 0.0
    add(*scene.frame())
    assert add(*odd).inverse_offset == 0.0
    add(*odd)
    assert add(*odd).inverse_offset != 0.0


def test_an_offset_in_metres_that_was_asked_for_excludes_one_of_the_inverse(scale):
    scene = Scanned()
    for number in range(8):
        scale.add(*scene.frame(), with_offset=True)
        live = scale.scale(0.1 * number, FOCAL)
    assert live.inverse_offset == 0.0 and live.offset_m != 0.0


def test_a_network_that_a_factor_alone_does_not_fit_at_all_is_measured_all_the_same(scale):
    scene = Scanned(0.3, 0.19)
    predicted, measured = scene.frame(outliers=0.0)
    assert not sensor_scale(predicted, measured).consistent
    live = live_after(scale, [scene.frame(outliers=0.2) for _ in range(6)])
    assert live.source == "sensor" and live.consistent
    assert live.inverse_offset == pytest.approx(0.19, rel=0.01)


AFFINE = DepthScale(2.0, "sensor", inverse_offset=-0.1)


def test_depth_goes_through_both_numbers_and_ends_where_nothing_is_left():
    depth = np.array([[1.0, 4.0, 5.0, 9.0, 0.0, np.nan, np.inf]], np.float32)
    metres = to_metres(depth, AFFINE, 10.0)
    np.testing.assert_allclose(
        metres, [[2 / 0.8, 8 / 0.2, np.inf, np.inf, np.nan, np.nan, np.inf]], rtol=1e-5
    )
    assert farthest_m(AFFINE, 10.0) == np.inf
    nearer = DepthScale(2.0, "sensor", inverse_offset=0.1)
    np.testing.assert_allclose(
        to_metres(depth, nearer, 10.0),
        [[2 / 1.2, 8 / 1.8, 10 / 2, 18 / 2.8, np.nan, np.nan, np.inf]],
        rtol=1e-5,
    )
    assert farthest_m(nearer, 10.0) == pytest.approx(19.6 / 2.96)
    assert to_metres(np.full((1, 1), 9.85, np.float32), nearer, 10.0)[0, 0] == np.inf


@pytest.mark.parametrize("offset", [-0.1, 0.0, 0.25])
def test_the_deviation_is_that_of_the_metres_that_come_out(offset):
    scale = DepthScale(1.6, "sensor", inverse_offset=offset)
    depth = np.array([[0.5, 1.0, 2.0, 3.5]], np.float32)
    little = np.full_like(depth, 1e-3)
    metres = to_metres(depth, scale, 20.0)
    told = deviation_in_metres(little, metres, scale)
    moved = to_metres(depth + little, scale, 20.0) - metres
    np.testing.assert_allclose(told, moved, rtol=0.01)


def test_the_deviation_is_unknown_where_depth_is():
    depth = np.array([[1.0, 6.0]], np.float32)
    told = deviation_in_metres(np.ones_like(depth), to_metres(depth, AFFINE, 10.0), AFFINE)
    assert np.isfinite(told[0, 0]) and np.isnan(told[0, 1])
