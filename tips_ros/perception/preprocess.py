# SPDX-License-Identifier: Apache-2.0
"""An image at the network's size, as TIPS was trained (RGB in [0, 1]), and at its outputs' size."""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.perception.host_transfer import to_device

_BAND_PIXELS = 1 << 20  # of the image in fp32 at a time, on a CPU: 12 MB


def check_image(rgb: NDArray[np.uint8]) -> None:
    """ValueError unless `rgb` is a non-empty (H, W, 3) uint8 array."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
        raise ValueError(
            f"an image must be (H, W, 3) uint8 RGB and not empty, not {rgb.shape} {rgb.dtype}; "
            "decode or convert it first"
        )


def check_input_size(size: tuple[int, int], patch: int, own: tuple[int, int]) -> None:
    """ValueError, which names the model's `own`, unless both sides are multiples of the patch."""
    if any(side < patch or side % patch for side in size):
        raise ValueError(
            f"input size {size} (h, w) must be multiples of {patch}; the model's own is {own}"
        )


def network_input(
    rgb: NDArray[np.uint8],
    size: tuple[int, int],
    device: torch.device,
    dtype: torch.dtype,
) -> Tensor:
    """(H, W, 3) uint8 RGB → (1, 3, h, w) in [0, 1] on the device.

    The image is uploaded as uint8; the resize (bilinear with antialiasing, the aspect is not
    kept) runs in fp32 on the device.

    Args:
        rgb: the image.
        size: (h, w) that the network is to see, multiples of its patch.
        device, dtype: the network's.

    Raises:
        ValueError: not an image, see `check_image`.
    """
    check_image(rgb)
    return input_of_pixels(to_device(rgb, device), size, dtype)


def input_of_pixels(pixels: Tensor, size: tuple[int, int], dtype: torch.dtype) -> Tensor:
    """(H, W, 3) uint8 → (1, 3, h, w) in [0, 1], on the same device; see `network_input`."""
    x = pixels.permute(2, 0, 1)[None]  # (1, 3, H, W), channels-last
    rows = max(1, _BAND_PIXELS // x.shape[3])
    if x.device.type == "cpu" and x.shape[2] > rows and x.shape[3] != size[1]:
        # Along the rows first, as torch does by itself, but never with the whole image in fp32.
        bands = (_resize(band, (band.shape[2], size[1])) for band in x.split(rows, dim=2))
        x = torch.cat(list(bands), dim=2)
    return _resize(x, size).div(255.0).to(dtype)


def _resize(x: Tensor, size: tuple[int, int]) -> Tensor:
    """(1, 3, H, W) → (1, 3, h, w) fp32."""
    x = x.to(torch.float32)
    if x.shape[-2:] == size:
        return x
    return F.interpolate(x, size=size, mode="bilinear", antialias=True, align_corners=False)


def image_at(rgb: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The image at the size (H, W) of its outputs: itself where that is its own."""
    if rgb.shape[:2] == size:
        return rgb
    return np.asarray(cv2.resize(rgb, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
