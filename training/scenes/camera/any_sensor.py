# SPDX-License-Identifier: Apache-2.0
"""Cameras of all kinds and in all light: also too dark, too bright, shaken, hazy, cheap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.scenes.camera.sensor import Sensor, random_sensor

Rng = np.random.Generator


def any_sensor(rng: Rng) -> Sensor:
    """A random camera; in two of five draws one or more things about it are bad."""
    sensor = random_sensor(rng)
    if rng.random() < 0.3:  # colours that no white balance has seen
        warmth = rng.normal(0, 0.16)
        tint = rng.normal(0, 0.05)
        cast = (float(np.exp(warmth)), float(np.exp(-tint)), float(np.exp(-warmth)))
        sensor = replace(sensor, cast=cast, white_balance=float(rng.uniform(0.0, 1.0)))
    if rng.random() < 0.25:
        sensor = replace(
            sensor,
            contrast=float(rng.uniform(0.5, 1.1)),
            saturation=float(rng.uniform(0.9, 1.5) if rng.random() < 0.7 else rng.uniform(0, 0.4)),
        )
    if rng.random() < 0.62:
        return sensor
    for change, chance in _FAULTS:
        if rng.random() < chance:
            sensor = change(rng, sensor)
    return sensor


def _exposed(rng: Rng, sensor: Sensor) -> Sensor:
    """Too dark, with the noise of it, or so bright that walls are white."""
    if rng.random() < 0.55:
        dark = float(rng.uniform(-2.6, -0.6))
        gain = 2.0 ** rng.uniform(0.5, 2.5)
        noise = {"read_noise": float(0.0025 * gain), "shot_noise": float(0.012 * gain)}
        return replace(sensor, exposure_ev=dark, **noise)
    return replace(sensor, exposure_ev=float(rng.uniform(0.6, 1.8)))


def _shaken(rng: Rng, sensor: Sensor) -> Sensor:
    """Blurred by its motion, and the rows one beside the other."""
    turning = float(rng.normal(0, 0.05)) if rng.random() < 0.6 else 0.0
    blur = float(rng.uniform(1.5, 9.0))
    way = float(rng.normal(0, 12) if rng.random() < 0.75 else rng.uniform(-90, 90))
    return replace(sensor, motion_px=blur, motion_deg=way, rolling=turning)


def _unsharp(rng: Rng, sensor: Sensor) -> Sensor:
    return replace(sensor, defocus_px=float(rng.uniform(0.9, 2.4)))


def _flickering(rng: Rng, sensor: Sensor) -> Sensor:
    rows = float(np.exp(rng.uniform(np.log(18), np.log(160))))
    place = (rows, float(rng.random()))
    return replace(sensor, flicker=float(rng.uniform(0.04, 0.22)), flicker_px=place)


def _hazy(rng: Rng, sensor: Sensor) -> Sensor:
    return replace(sensor, haze=float(rng.uniform(0.1, 0.9)))


def _cheap(rng: Rng, sensor: Sensor) -> Sensor:
    """Few pixels, a noise filter that paints, strong compression."""
    return replace(
        sensor,
        coarse=float(rng.uniform(1.0, 2.2)),
        smoothing=float(rng.uniform(0.3, 1.0)) if rng.random() < 0.6 else 0.0,
        jpeg_quality=int(rng.integers(18, 70)),
        vignette=float(rng.uniform(0.2, 0.8)),
    )


_FAULTS = (
    (_exposed, 0.4), (_shaken, 0.35), (_unsharp, 0.2), (_flickering, 0.15), (_hazy, 0.25),
    (_cheap, 0.3),
)  # fmt: skip
