# SPDX-License-Identifier: Apache-2.0
"""Frames get another look, and stay pictures of what their truth says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from training.frames.appearance.appearance import Appearance
from training.frames.appearance.draws import Draws
from training.frames.batches import Batch, Frames, batch
from training.frames.frame_store import PICTURE, TRUTH
from training.frames.variation import vary
from training.network.architecture import CLASSES

CPU = torch.device("cpu")
NAMES = list(CLASSES.values())
WALL, FLOOR, RUG = (NAMES.index(name) for name in ("wall", "floor", "rug"))
COUNT = 24


def _frames(change: Callable[[Frames], Frames] = lambda frames: frames) -> Frames:
    """One grey room: a wall 3 m away over a floor with a rug, all of one brightness."""
    rows = (torch.arange(TRUTH) + 0.5) / TRUTH - 0.5
    below = rows > 0.1
    depth = torch.where(below, 0.3 / rows.clamp_min(0.01), 3.0).clamp_max(3)
    normals = torch.zeros(TRUTH, TRUTH, 3, dtype=torch.int8)
    normals[~below, :, 2], normals[below, :, 1] = -127, -127
    classes = torch.where(below, FLOOR, WALL)[:, None].repeat(1, TRUTH)
    classes[-30:, 40:90] = RUG
    return change(Frames(
        torch.full((1, PICTURE, PICTURE, 3), 128, dtype=torch.uint8),
        depth[:, None].repeat(1, TRUTH)[None].half(),
        normals[None],
        classes[None].to(torch.uint8),
        torch.tensor([0.81]),
    ))  # fmt: skip


def _batch(frames: Frames, share: float | None, seed: int = 0, grid: int = 16) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    which = torch.zeros(COUNT, dtype=torch.long)
    look = None if share is None else Appearance(share, CPU)
    return batch(frames, which, vary(COUNT, CPU, generator), (0, 1), grid, generator, look)


def test_a_share_of_the_frames_looks_otherwise():
    plain, changed = _batch(_frames(), None), _batch(_frames(), 0.75)
    spread = changed.images.std(dim=(1, 2, 3)) / plain.images.std(dim=(1, 2, 3))
    assert (spread[:18] > 3).sum() >= 10
    assert (spread[18:] < 1.1).all()
    assert torch.equal(_batch(_frames(), 0.0).images, plain.images)


def test_what_is_true_of_a_frame_stays():
    plain, changed = _batch(_frames(), None), _batch(_frames(), 1.0)
    for name in ("depth_m", "normals", "classes"):
        assert torch.equal(getattr(plain, name), getattr(changed, name)), name


def test_a_rug_never_looks_like_the_floor_that_it_lies_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("training.frames.batches._developed", lambda images, *_: images)
    for part in ("lit", "sensed", "toned"):
        monkeypatch.setattr(
            f"training.frames.appearance.appearance.{part}", lambda images, *_: images
        )
    found = []
    for seed in range(4):
        made = _batch(_frames(), 1.0, seed)
        picture, shown = made.images[:, :, 2::7, 2::7], made.classes[:, ::2, ::2]
        for one, classes in zip(picture, shown, strict=True):
            floor, rug = (one[:, classes == name].mean(dim=1) for name in (FLOOR, RUG))
            if ((floor - 0.5).abs().max() > 0.02) and ((rug - 0.5).abs().max() > 0.02):
                found.append(float((floor - rug).abs().max()))
    assert len(found) > 15
    assert np.quantile(found, 0.1) > 0.1


def _without_depth(frames: Frames) -> Frames:
    return frames._replace(depth_m=torch.zeros_like(frames.depth_m))


def _without_normals(frames: Frames) -> Frames:
    return frames._replace(normals=torch.zeros_like(frames.normals))


def _unlabelled(frames: Frames) -> Frames:
    return frames._replace(classes=torch.full_like(frames.classes, 255))


def _black(frames: Frames) -> Frames:
    return frames._replace(rgb=torch.zeros_like(frames.rgb))


def _nothing(frames: Frames) -> Frames:
    return _black(_unlabelled(_without_normals(_without_depth(frames))))


def _far(frames: Frames) -> Frames:
    return frames._replace(depth_m=torch.full_like(frames.depth_m, 60000.0))


@pytest.mark.parametrize("grid", [8, 16])
@pytest.mark.parametrize(
    "change", [_without_depth, _without_normals, _unlabelled, _black, _nothing, _far]
)
def test_pictures_of_anything_stay_pictures(change: Callable[[Frames], Frames], grid: int):
    images = _batch(_frames(change), 1.0, grid=grid).images
    assert images.isfinite().all()
    assert images.min() >= 0 and images.max() <= 1


@pytest.mark.parametrize("often", [0.0, 1.0])
@pytest.mark.parametrize("far_out", [-5.0, 5.0])
@pytest.mark.parametrize("most", [False, True])
def test_the_rarest_draws_make_pictures_too(
    most: bool, far_out: float, often: float, monkeypatch: pytest.MonkeyPatch
):
    def edge(draws: Draws, low: float, high: float, *shape: int) -> Tensor:
        return torch.full((draws.count, *shape), float(high if most else low))

    def normal(draws: Draws, *shape: int) -> Tensor:
        return torch.full((draws.count, *shape), far_out)

    def sometimes(draws: Draws, _: float, *shape: int) -> Tensor:
        return torch.full((draws.count, *shape), often)

    drawn = {"uniform": edge, "log_uniform": edge, "normal": normal, "sometimes": sometimes}
    for name, method in drawn.items():
        monkeypatch.setattr(Draws, name, method)
    images = _batch(_frames(), 1.0).images
    assert images.isfinite().all()
    assert images.min() >= 0 and images.max() <= 1


@pytest.mark.quick
def test_draws_are_where_they_should_be():
    draws = Draws(4000, CPU, torch.Generator().manual_seed(0))
    assert draws.uniform(2, 3, 2).shape == (4000, 2)
    assert 2 <= draws.uniform(2, 3).min() < 2.01 < 2.99 < draws.uniform(2, 3).max() <= 3
    octaves = draws.log_uniform(1, 16)
    assert float((octaves < 4).float().mean()) == pytest.approx(0.5, abs=0.03)
    assert octaves.min() >= 1 and octaves.max() <= 16.001
    assert float(draws.sometimes(0.2, 3).mean()) == pytest.approx(0.2, abs=0.02)
    turns = draws.rotations(upright=0.5)
    same = turns @ turns.transpose(1, 2) - torch.eye(3)
    assert same.abs().max() < 1e-3
    assert float((turns[:, 1, 1] == 1).float().mean()) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_is_between_none_and_all(share: float):
    with pytest.raises(ValueError, match="between 0 and 1"):
        Appearance(share, CPU)
