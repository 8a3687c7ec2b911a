# SPDX-License-Identifier: Apache-2.0
"""Windows add up to what a plain loop over them gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.perception.semantic import sliding_window
from tips_ros.perception.semantic.sliding_window import (
    sliding_windows,
    window_label_map,
    window_probabilities,
)
from tips_ros.perception.semantic.zero_shot import zero_shot_label_map

SIDE, STRIDE, CLASSES = 56, 42, 6
# One window; one row or column of them; windows that fit, and that are moved back.
SIZES = [(56, 56), (56, 98), (98, 56), (98, 140), (100, 133), (57, 64), (42, 70)]


def network(seed: int = 0) -> Callable[[Tensor], Tensor]:
    """A random patch encoder that returns cosines: (B, 3, h, w) → (B, K, h/14, w/14)."""
    torch.manual_seed(seed)
    patches, classes = torch.nn.Conv2d(3, 32, 14, stride=14), torch.randn(CLASSES, 32)

    @torch.inference_mode()
    def cosines_of(images: Tensor) -> Tensor:
        features = F.normalize(patches(images - 0.5), dim=1)
        return torch.einsum("bdhw,kd->bkhw", features, F.normalize(classes, dim=1))

    return cosines_of


def plain_loop(images: Tensor, cosines_of: Callable[[Tensor], Tensor]) -> Tensor:
    """The recipe, one window after another at full size: (B, K, H, W)."""
    height, width = images.shape[-2:]
    total, count = torch.zeros(len(images), CLASSES, height, width), torch.zeros(height, width)
    tops = {min(y, max(height - SIDE, 0)) for y in range(0, height, STRIDE)}
    lefts = {min(x, max(width - SIDE, 0)) for x in range(0, width, STRIDE)}
    for y in tops:
        for x in lefts:
            part = images[:, :, y : y + SIDE, x : x + SIDE]
            cosines = F.interpolate(cosines_of(part), part.shape[-2:], mode="bilinear")
            total[:, :, y : y + SIDE, x : x + SIDE] += cosines.softmax(dim=1)
            count[y : y + SIDE, x : x + SIDE] += 1
    return total / count


def images_of(size: tuple[int, int]) -> Tensor:
    return torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("size", SIZES)
class TestEachImageSize:
    def test_probabilities_are_the_plain_loop_s(self, size: tuple[int, int]):
        images, cosines_of = images_of(size), network()
        windowed = sliding_windows(images, cosines_of, SIDE, STRIDE)
        expected = plain_loop(images, cosines_of)
        torch.testing.assert_close(window_probabilities(windowed), expected, atol=1e-6, rtol=0)

    @pytest.mark.parametrize("band", [1, 5_000, 10**9], ids=["row by row", "bands", "at once"])
    def test_labels_are_those_of_the_upsampled_probabilities(
        self, size: tuple[int, int], band: int, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(sliding_window, "_BAND_ELEMENTS", band)
        images, cosines_of = images_of(size), network()
        wanted = (75, 110)
        full = F.interpolate(plain_loop(images, cosines_of), wanted, mode="bilinear")
        labels, confidence = window_label_map(
            sliding_windows(images, cosines_of, SIDE, STRIDE), wanted, temperature=0.1
        )
        assert labels.shape == confidence.shape == (2, *wanted)
        assert labels.dtype == confidence.dtype == torch.uint8
        best = full.topk(2, dim=1).values
        clear = best[:, 0] - best[:, 1] > 1e-6
        assert clear.float().mean() > 0.99
        assert torch.equal(labels[clear], full.argmax(dim=1)[clear].to(torch.uint8))


def test_a_single_window_is_the_whole_image_mode():
    """Up to rounding: a softmax keeps the order, and the confidence has the same meaning."""
    images, cosines_of = images_of((56, 56)), network()
    cosines = cosines_of(images)
    windowed = window_label_map(sliding_windows(images, cosines_of, SIDE, STRIDE), (56, 56), 0.1)
    whole = zero_shot_label_map(cosines, (56, 56), 0.1)
    assert (windowed.labels == whole.labels).float().mean() > 0.999
    upsampled = F.interpolate(cosines, (56, 56), mode="bilinear")
    best = (upsampled / 0.1).softmax(dim=1).topk(2, dim=1).values
    expected = 255 * (best[:, 0] - best[:, 1])
    assert (windowed.confidence - expected).abs().max() < 0.6


def test_some_rows_are_those_of_the_whole_image():
    windowed = sliding_windows(images_of((100, 133)), network(), SIDE, STRIDE)
    rows = window_probabilities(windowed, range(37, 61))
    torch.testing.assert_close(rows, window_probabilities(windowed)[:, :, 37:61])


def test_many_classes_are_never_held_at_full_size(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sliding_window, "_BAND_ELEMENTS", 20_000)
    held: list[int] = []
    probabilities = sliding_window.window_probabilities

    def spy(*args: object) -> Tensor:
        result = probabilities(*args)  # type: ignore[arg-type]
        held.append(result.numel())
        return result

    monkeypatch.setattr(sliding_window, "window_probabilities", spy)
    windowed = sliding_windows(images_of((98, 140)), network(), SIDE, STRIDE)
    window_label_map(windowed, (98, 140), 0.1)
    assert max(held) <= 20_000 < sum(held)


def test_the_network_sees_windows_of_the_published_size():
    seen: list[tuple[int, ...]] = []

    def cosines_of(part: Tensor) -> Tensor:
        seen.append(tuple(part.shape))
        return torch.zeros(1, 2, 32, 32)

    windowed = sliding_windows(torch.zeros(1, 3, 448, 597), cosines_of)
    assert seen == [(1, 3, 448, 448)] * 2
    assert [(window.top, window.left) for window in windowed.windows] == [(0, 0), (0, 149)]


def test_a_temperature_that_makes_no_sense_is_refused():
    windowed = sliding_windows(images_of((56, 56)), network(), SIDE, STRIDE)
    with pytest.raises(ValueError, match="must be above 0"):
        window_label_map(windowed, (56, 56), 0.0)
