# SPDX-License-Identifier: Apache-2.0
"""The camera's picture: exposed, noisy, blurred and cast as its settings say."""

import dataclasses

import numpy as np

from training.scenes.camera.any_sensor import any_sensor
from training.scenes.camera.sensor import Sensor, random_sensor

QUIET = Sensor(read_noise=0, shot_noise=0, vignette=0, defocus_px=0, white_balance=0)


def shown(light: np.ndarray, sensor: Sensor, seed: int = 0) -> np.ndarray:
    return sensor.develop(light, np.random.default_rng(seed)).astype(float)


def grey(level: float, size: int = 64) -> np.ndarray:
    return np.full((size, size, 3), level, np.float32)


def test_a_dim_and_a_bright_room_come_out_alike() -> None:
    assert abs(shown(grey(0.05), QUIET).mean() - shown(grey(5.0), QUIET).mean()) <= 1
    assert 90 < shown(grey(1.0), QUIET).mean() < 170


def test_an_exposure_error_brightens_or_darkens() -> None:
    over = dataclasses.replace(QUIET, exposure_ev=0.7)
    under = dataclasses.replace(QUIET, exposure_ev=-0.7)
    middle = shown(grey(1), QUIET).mean()
    assert shown(grey(1), under).mean() + 15 < middle < shown(grey(1), over).mean() - 15


def test_white_balance_takes_out_the_colour_of_the_light() -> None:
    warm = grey(1.0) * np.float32([1.4, 1.0, 0.6])
    balanced = shown(warm, dataclasses.replace(QUIET, white_balance=1.0)).mean(axis=(0, 1))
    left = shown(warm, QUIET).mean(axis=(0, 1))
    assert np.ptp(balanced) < 3 and np.ptp(left) > 30


def test_noise_has_the_strength_of_its_settings_and_follows_the_seed() -> None:
    noisy = dataclasses.replace(QUIET, read_noise=0.01, shot_noise=0.03)
    light = grey(1.0, 128)
    assert shown(light, QUIET).std() < 0.6 < 2 < shown(light, noisy).std() < 20
    assert np.array_equal(shown(light, noisy, 4), shown(light, noisy, 4))
    assert not np.array_equal(shown(light, noisy, 4), shown(light, noisy, 5))


def test_a_vignette_darkens_the_corners_only() -> None:
    picture = shown(grey(1.0), dataclasses.replace(QUIET, vignette=0.4))
    assert picture[0, 0].mean() < picture[32, 32].mean() - 15


def test_blur_softens_an_edge() -> None:
    light = grey(0.2)
    light[:, 32:] = 2.0
    sharp = abs(np.diff(shown(light, QUIET)[32, :, 0])).max()
    soft = abs(np.diff(shown(light, dataclasses.replace(QUIET, defocus_px=1.5))[32, :, 0])).max()
    moved = abs(np.diff(shown(light, dataclasses.replace(QUIET, motion_px=5.0))[32, :, 0])).max()
    assert soft < 0.6 * sharp and moved < 0.6 * sharp


def test_a_black_picture_is_developed_too() -> None:
    assert shown(grey(0.0), Sensor()).max() < 200


def test_random_cameras_differ_but_all_give_usable_pictures() -> None:
    ramp = np.linspace(0.05, 1.5, 64, dtype=np.float32)[None, :, None] * np.ones((64, 1, 3))
    means = []
    for seed in range(60):
        sensor = random_sensor(np.random.default_rng(seed))
        assert sensor == random_sensor(np.random.default_rng(seed))
        assert -0.7 <= sensor.exposure_ev <= 0.7
        picture = shown(ramp.astype(np.float32), sensor, seed)
        means.append(picture.mean())
        assert picture[:, 48:].mean() > picture[:, :16].mean() + 30
    assert min(means) > 40 and max(means) < 225 and np.std(means) > 8


def test_flicker_makes_bands_and_haze_lifts_the_dark() -> None:
    banded = shown(grey(1.0), dataclasses.replace(QUIET, flicker=0.2, flicker_px=(16.0, 0.0)))
    rows = banded.mean(axis=(1, 2))
    assert np.ptp(rows) > 10 and np.ptp(banded[5]) == 0
    light = grey(1.5)
    light[:, :32] = 0.0
    clear, hazy = (shown(light, dataclasses.replace(QUIET, haze=h)) for h in (0.0, 0.5))
    assert hazy[32, 8].mean() > clear[32, 8].mean() + 20


def test_a_coarse_sensor_gives_a_picture_of_the_same_size() -> None:
    light = np.random.default_rng(0).uniform(0.1, 1, (64, 64, 3)).astype(np.float32)
    coarse = shown(light, dataclasses.replace(QUIET, coarse=2.0, smoothing=0.5))
    assert coarse.shape == (64, 64, 3)
    assert (
        np.abs(np.diff(coarse, axis=1)).mean()
        < 0.7 * np.abs(np.diff(shown(light, QUIET), axis=1)).mean()
    )


def test_any_camera_is_drawn_from_its_number_and_some_are_bad() -> None:
    ramp = (np.linspace(0.02, 2, 64, dtype=np.float32)[None, :, None] * np.ones((64, 1, 3))).astype(
        np.float32
    )
    means, bad = [], 0
    for seed in range(200):
        sensor = any_sensor(np.random.default_rng(seed))
        assert sensor == any_sensor(np.random.default_rng(seed))
        means.append(shown(ramp, sensor, seed).mean())
        bad += sensor.motion_px > 4.5 or sensor.flicker > 0 or sensor.coarse > 1 or sensor.haze > 0
    assert 20 < bad < 120
    assert min(means) < 60 and max(means) > 190
