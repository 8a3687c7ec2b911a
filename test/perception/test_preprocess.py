# SPDX-License-Identifier: Apache-2.0
"""An image reaches the network as TIPS was trained: RGB in [0, 1], resized with antialiasing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tips_ros.perception import preprocess
from tips_ros.perception.preprocess import network_input

CPU = torch.device("cpu")


def network_sees(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(h, w, 3) that the network gets."""
    x = network_input(rgb, size, CPU, torch.float32)
    assert x.shape == (1, 3, *size)
    return x[0].permute(1, 2, 0).numpy()


def noise(height: int, width: int) -> np.ndarray:
    return np.random.RandomState(3).randint(0, 256, (height, width, 3)).astype(np.uint8)


def test_an_image_of_the_right_size_is_only_divided_by_255():
    rgb = noise(28, 42)
    np.testing.assert_array_equal(network_sees(rgb, (28, 42)), rgb.astype(np.float32) / 255)


def test_channels_keep_their_order_red_first():
    rgb = np.zeros((5, 9, 3), np.uint8)
    rgb[..., 0] = 255
    seen = network_sees(rgb, (14, 14))
    assert (seen[..., 0] == 1).all() and (seen[..., 1:] == 0).all()


def test_shrinking_averages_instead_of_skipping():
    """A fine checkerboard becomes grey; without antialiasing it would stay black and white."""
    board = np.indices((280, 280)).sum(axis=0) % 2 * 255
    seen = network_sees(np.repeat(board[..., None], 3, axis=2).astype(np.uint8), (28, 28))
    np.testing.assert_allclose(seen[1:-1, 1:-1], 0.5, atol=0.02)


def test_rows_stay_rows():
    ramp = np.broadcast_to(np.arange(40, dtype=np.uint8)[:, None, None], (40, 30, 3))
    seen = network_sees(ramp, (56, 14))
    assert (np.diff(seen, axis=0) >= 0).all()
    np.testing.assert_allclose(seen[:, :1].repeat(14, axis=1), seen, atol=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (333, 7), (61, 97)])
def test_images_of_any_size_are_taken(size: tuple[int, int]):
    seen = network_sees(noise(*size), (28, 28))
    assert np.isfinite(seen).all() and 0 <= seen.min() <= seen.max() <= 1 + 1e-6


def test_views_of_any_kind_give_what_their_copies_give():
    """Padded rows, mirrored columns, swapped channels and read-only memory, as messages have."""
    whole = noise(30, 50)
    frozen = whole.copy()
    frozen.flags.writeable = False
    for view in (whole[:, 3:40], whole[:, ::-1], whole[..., ::-1], frozen, frozen[::2, 5:]):
        np.testing.assert_array_equal(
            network_sees(view, (14, 14)), network_sees(view.copy(), (14, 14))
        )


def test_the_image_is_not_changed():
    rgb = noise(30, 50)
    before = rgb.copy()
    network_sees(rgb, (28, 28))
    np.testing.assert_array_equal(rgb, before)


def test_half_precision_is_made_after_the_resize():
    x = network_input(noise(30, 50), (28, 28), CPU, torch.bfloat16)
    full = network_input(noise(30, 50), (28, 28), CPU, torch.float32)
    assert x.dtype == torch.bfloat16 and torch.equal(x, full.to(torch.bfloat16))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 0, 3), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
    ],
    ids=lambda a: f"{a.shape}-{a.dtype}",
)
def test_what_is_no_image_is_refused(array: np.ndarray):
    with pytest.raises(ValueError, match=r"must be \(H, W, 3\) uint8 RGB"):
        network_input(array, (14, 14), CPU, torch.float32)


@pytest.mark.parametrize("size", [(28, 42), (700, 28), (28, 1400)])
@pytest.mark.parametrize("shape", [(1100, 1400), (1333, 901)])
def test_a_large_image_is_resized_in_bands_to_the_bit(
    shape: tuple[int, int], size: tuple[int, int]
):
    rgb = noise(*shape)
    assert rgb.shape[0] * rgb.shape[1] > preprocess._BAND_PIXELS  # or it would be one band
    x = torch.from_numpy(rgb).permute(2, 0, 1)[None].float()
    if x.shape[-2:] != size:
        x = F.interpolate(x, size=size, mode="bilinear", antialias=True, align_corners=False)
    np.testing.assert_array_equal(network_sees(rgb, size), (x / 255)[0].permute(1, 2, 0).numpy())
