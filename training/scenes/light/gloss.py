# SPDX-License-Identifier: Apache-2.0
"""Reflections in polished floors, lacquer and glass: weak from above, strong at a low angle."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_FROM_ABOVE = 0.045  # of the light, as glass and varnish reflect it
_ALONG = 0.7  # at grazing angles; perfect ones would be 1
_WAVES = ((3.1, 1.7), (7.3, 9.1), (23.0, 17.0))  # of a floor that is not quite flat, per metre


def share_mirrored(ways: Array, normals: Array, gloss: Array) -> Array:
    """Share (N,) of the light that surfaces reflect along rays `ways` (N, 3) that meet them."""
    cosine = -np.einsum("nc,nc->n", ways, normals) / np.linalg.norm(ways, axis=1)
    grazing = (1 - np.clip(cosine, 0, 1)) ** 5
    return np.asarray(np.clip(gloss * (_FROM_ABOVE + _ALONG * grazing), 0, 0.9), np.float32)


def mirrored_ways(ways: Array, normals: Array, points: Array, gloss: Array) -> Array:
    """Directions of reflected rays (N, 3); surfaces scatter more the less they shine."""
    uneven = (0.012 / np.clip(gloss, 0.3, 3))[:, None]
    wave = sum(np.sin(points @ np.array([a, b, a]) * 6.3)[:, None] * (1, -0.7, 0.4)
               for a, b in _WAVES)  # fmt: skip
    bent = normals + uneven * wave
    bent /= np.linalg.norm(bent, axis=1, keepdims=True)
    along = np.einsum("nc,nc->n", ways, bent)[:, None]
    turned = ways - 2 * along * bent
    # Never into the surface itself.
    into = np.minimum(np.einsum("nc,nc->n", turned, normals), 0)[:, None]
    return np.asarray(turned - 1.02 * into * normals, np.float32)


def softened(light: Array, where: Array, gloss: Array) -> Array:
    """Mirrored light (H, W, 3) blurred within the pixels `where` (H, W), the less the glossier."""
    side = light.shape[1]
    shine = float(np.median(gloss[where])) if where.any() else 1.0
    spread = max(0.3, side / 224 * 1.6 / max(shine, 0.4) ** 1.5)
    inside = where.astype(np.float32)
    # Seen at a low angle, a rough mirror smears upright.
    size = (0, 0)
    total = cv2.GaussianBlur(light * inside[..., None], size, 0.6 * spread, sigmaY=1.8 * spread)
    count = cv2.GaussianBlur(inside, size, 0.6 * spread, sigmaY=1.8 * spread)
    return np.asarray(np.where(where[..., None], total / np.maximum(count, 1e-3)[..., None], 0))
