# SPDX-License-Identifier: Apache-2.0
"""The picture of a robot's camera from light: exposure, colour cast, lens, noise, JPEG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_MIDDLE = 0.26  # what the exposure brings the typical brightness of a picture to


@dataclass(frozen=True)
class Sensor:
    """A camera with fixed settings, as it is during one drive.

    Attributes:
        exposure_ev: error of the automatic exposure, in powers of two.
        white_balance: share 0..1 of the light's colour that is taken out.
        cast: remaining factors on red, green and blue.
        contrast: strength of the tone curve's S; 0 is plain.
        saturation: 1 leaves colours as they are.
        vignette: darkening of the corners, 0..1.
        defocus_px: deviation of the lens's blur.
        motion_px: length of the blur of a moving camera, pixels.
        motion_deg: its direction in the picture.
        read_noise: deviation in the dark, as a share of full scale (linear).
        shot_noise: deviation at full scale.
        jpeg_quality: 1..100; 0 for none.
        rolling: pixels to the side that a row is off the one above it, as the camera turns.
        flicker: brightness that comes and goes from row to row under lamps, 0..1.
        flicker_px: how many rows one period takes, and the first row's place in it, 0..1.
        haze: light that dust and glass scatter over the whole picture, of its mean brightness.
        coarse: how many times fewer pixels the sensor has each way; 1 is as many.
        smoothing: strength of the noise filter in the camera, which leaves flat patches; 0..1.
    """

    exposure_ev: float = 0.0
    white_balance: float = 0.7
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 0.2
    saturation: float = 1.0
    vignette: float = 0.12
    defocus_px: float = 0.45
    motion_px: float = 0.0
    motion_deg: float = 0.0
    read_noise: float = 0.0015
    shot_noise: float = 0.008
    jpeg_quality: int = 0
    rolling: float = 0.0
    flicker: float = 0.0
    flicker_px: tuple[float, float] = (60.0, 0.0)
    haze: float = 0.0
    coarse: float = 1.0
    smoothing: float = 0.0

    def develop(self, light: Array, rng: np.random.Generator) -> NDArray[np.uint8]:
        """The picture (H, W, 3) of linear RGB `light` (H, W, 3); `rng` is that of the noise."""
        size = light.shape[1::-1]
        light = self._through_lens(np.maximum(light, 0).astype(np.float32))
        if self.coarse > 1:
            fewer = max(8, round(size[0] / self.coarse)), max(8, round(size[1] / self.coarse))
            light = cv2.resize(light, fewer, interpolation=cv2.INTER_AREA)
        light *= self._gains(light)
        grain = rng.standard_normal(light.shape, np.float32)
        light += grain * np.sqrt(self.read_noise**2 + self.shot_noise**2 * light)
        shown = self._shown(light)
        if self.smoothing:
            calm = cv2.bilateralFilter(shown, 5, 12 + 30 * self.smoothing, 2)
            shown = cv2.addWeighted(calm, self.smoothing, shown, 1 - self.smoothing, 0)
        if shown.shape[1::-1] != size:
            shown = cv2.resize(shown, size, interpolation=cv2.INTER_CUBIC)
        if self.jpeg_quality:
            _, packed = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg_quality])
            shown = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
        return shown

    def _through_lens(self, light: Array) -> Array:
        height, width = light.shape[:2]
        if self.defocus_px > 0.2:
            light = cv2.GaussianBlur(light, (0, 0), self.defocus_px)
        if self.motion_px > 1:
            light = cv2.filter2D(light, -1, _streak(self.motion_px, self.motion_deg))
        y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        shade = 1 - 0.5 * self.vignette * (x**2 + y**2)
        if self.flicker:
            period, start = self.flicker_px
            row = np.arange(height)[:, None]
            shade = shade * (1 + self.flicker * np.sin(2 * np.pi * (row / period + start)))
        light = light * shade[..., None].astype(np.float32)
        if self.haze:
            light = light + np.float32(self.haze) * light.mean(axis=(0, 1))
        return light

    def _gains(self, light: Array) -> Array:
        """Factors (3,) of exposure and white balance, measured on the picture itself."""
        small = cv2.resize(light, (32, 32), interpolation=cv2.INTER_AREA).reshape(-1, 3)
        bright = small.mean(axis=1)
        typical = np.exp(np.log(bright + 0.02 * bright.mean() + 1e-6).mean())
        usual = small[bright <= np.quantile(bright, 0.95) * 1.001].mean(axis=0) + 1e-6
        balance = (usual.mean() / usual) ** self.white_balance
        exposure = _MIDDLE / typical * 2.0**self.exposure_ev
        return np.asarray(exposure * balance * self.cast, np.float32)

    def _shown(self, light: Array) -> NDArray[np.uint8]:
        """Linear light as 8 bits: highlights roll off, then gamma and an S curve."""
        light = np.maximum(light, 0)
        if self.saturation != 1:
            grey = light.mean(axis=-1, keepdims=True)
            light = np.maximum(grey + (light - grey) * np.float32(self.saturation), 0)
        # x (1 + x / 9) / (1 + x): Reinhard's curve, white at 3; 1.3 keeps the middle in place.
        light = 1.3 * light
        rolled = np.minimum(light * (1 + light / 9) / (1 + light), 1)
        shown = rolled ** np.float32(1 / 2.2)
        shown += np.float32(self.contrast) * (shown * shown * (3 - 2 * shown) - shown)
        return np.asarray((shown * 255 + 0.5).clip(0, 255), np.uint8)


def random_sensor(rng: np.random.Generator) -> Sensor:
    """A camera as robots have them: some good, some poor."""
    warmth, tint = rng.normal(0, 0.06), rng.normal(0, 0.025)
    gain = 2.0 ** rng.uniform(-1.5, 2.0)
    return Sensor(
        exposure_ev=float(rng.uniform(-0.7, 0.7)),
        white_balance=float(rng.uniform(0.35, 0.95)),
        cast=(float(1 + warmth), float(1 - tint), float(1 - warmth)),
        contrast=float(rng.uniform(0.0, 0.7)),
        saturation=float(rng.uniform(0.65, 1.2)),
        vignette=float(rng.uniform(0, 0.45)),
        defocus_px=float(rng.uniform(0.3, 0.9) if rng.uniform() < 0.85 else rng.uniform(0.9, 1.6)),
        motion_px=float(rng.uniform(1, 4.5) if rng.uniform() < 0.25 else 0.0),
        motion_deg=float(rng.normal(0, 25)),
        read_noise=float(0.0025 * gain),
        shot_noise=float(0.012 * gain),
        jpeg_quality=int(rng.integers(55, 96)) if rng.uniform() < 0.8 else 0,
    )


def _streak(length_px: float, direction_deg: float) -> Array:
    """A blur kernel along a line."""
    half = int(np.ceil(length_px / 2))
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    c, s = np.cos(np.radians(direction_deg)), np.sin(np.radians(direction_deg))
    along, beside = abs(x * c + y * s), abs(y * c - x * s)
    kernel = np.clip(length_px / 2 + 0.5 - along, 0, 1) * np.clip(1 - beside, 0, 1)
    return np.asarray(kernel / kernel.sum(), np.float32)
