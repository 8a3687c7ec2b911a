# SPDX-License-Identifier: Apache-2.0
"""The loop keeps the best weights, whether it ends or is ended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.sample import Sample
from tips_ros.finetune.cache import EncodedFrames
from tips_ros.finetune.thinned_depth import decode_thinned, depth_and_spread, expected_depth
from tips_ros.finetune.training import TrainingSettings, train_head
from tips_ros.perception.camera.camera_info import Intrinsics

CAMERA = Intrinsics(52.0, 52.0, 31.5, 23.5, 64, 48)


class Flat:
    """Frames of a wall, 2 m away."""

    name, class_names, depth_protocol = "flat", {}, DepthProtocol()

    def __len__(self) -> int:
        return 4

    def __iter__(self):
        for number in range(4):
            rgb = np.random.default_rng(number).integers(0, 255, (48, 64, 3)).astype(np.uint8)
            yield Sample(str(number), rgb, np.full((48, 64), 2.0, np.float32), intrinsics=CAMERA)


@pytest.fixture
def frames(tiny_tips, tmp_path: Path) -> EncodedFrames:
    encoded = EncodedFrames(tmp_path, "flat", tiny_tips.eval(), (56, 56))
    encoded.encode(Flat(), focal_ratio=CAMERA.fx / CAMERA.width)
    return encoded


def test_each_frame_is_there_and_its_mirror_image_with_the_depth_of_the_training_s_camera(frames):
    assert frames.views == 8
    batch = frames.batch(np.arange(8), torch.device("cpu"))
    assert batch.depth.shape == (8, 32, 32) and torch.all(batch.depth == 2.0)
    assert not torch.equal(batch.layers[0].patch_tokens[0], batch.layers[0].patch_tokens[1])


def test_what_is_read_back_is_what_the_encoder_said(frames, tiny_tips):
    batch = frames.batch(np.array([2]), torch.device("cpu"))
    sample = list(Flat())[1]
    from tips_ros.perception.preprocess import network_input

    image = network_input(sample.rgb, (56, 56), torch.device("cpu"), torch.float32)
    with torch.no_grad():
        for layer, kept in zip(
            tiny_tips.backbone(image, tiny_tips.taps).layers, batch.layers, strict=True
        ):
            assert torch.allclose(layer.patch_tokens, kept.patch_tokens, atol=5e-3)
            assert torch.allclose(layer.cls_token, kept.cls_token, atol=5e-3)


@pytest.mark.slow
def test_a_grid_with_odd_sides_is_learnt_from_too(tiny_tips, tmp_path: Path):
    encoded = EncodedFrames(tmp_path, "odd", tiny_tips.eval(), (70, 98))
    encoded.encode(Flat(), focal_ratio=1.0)
    way = train_head(tiny_tips.depth, encoded, encoded, TrainingSettings(steps=4))
    assert way.steps == 4 and np.isfinite(way.watched_best)


@pytest.mark.slow
def test_an_interruption_keeps_the_best_so_far(frames, tiny_tips):
    def interrupt(step: int, watched: float) -> None:
        if step == 12:
            raise KeyboardInterrupt

    settings = TrainingSettings(steps=40, rate=1e-3)
    way = train_head(tiny_tips.depth, frames, frames, settings, interrupt)
    assert way.interrupted and way.steps == 12 and 0 < way.best_step <= 12
    assert way.watched_best < way.watched_before


@pytest.mark.slow
def test_weights_that_got_worse_are_not_kept(frames, tiny_tips):
    was = {name: tensor.clone() for name, tensor in tiny_tips.depth.state_dict().items()}
    way = train_head(tiny_tips.depth, frames, frames, TrainingSettings(steps=3, rate=0.9))
    if not way.best_step:
        assert all(torch.equal(was[n], t) for n, t in tiny_tips.depth.state_dict().items())
    assert way.watched_best <= way.watched_before


def test_depth_at_every_second_pixel_is_the_head_s(frames, tiny_tips):
    batch = frames.batch(np.array([0, 5]), torch.device("cpu"))
    with torch.no_grad():
        whole = tiny_tips.depth(batch.layers)[:, 0]
        for offset in ((0, 0), (0, 1), (1, 0), (1, 1)):
            x = decode_thinned(tiny_tips.depth.dpt, batch.layers, offset)
            thin = expected_depth(tiny_tips.depth, x)
            assert torch.allclose(thin, whole[:, offset[0] :: 2, offset[1] :: 2], rtol=1e-4)


def test_the_bins_spread_is_their_standard_deviation(frames, tiny_tips):
    batch = frames.batch(np.array([0, 5]), torch.device("cpu"))
    head = tiny_tips.depth
    with torch.no_grad():
        x = decode_thinned(head.dpt, batch.layers, (0, 1))
        mean, spread = depth_and_spread(head, x)
        assert torch.allclose(mean, expected_depth(head, x), rtol=1e-4)
        weights = torch.relu(head.head(torch.relu(x) if head.bins.relu_after_project else x))
        weights = (weights + head.bins.min_m).double()
        centres = torch.linspace(head.bins.min_m, head.bins.max_m, weights.shape[1]).double()
        squares = (centres[:, None, None] - mean[:, None]) ** 2
        expected = ((weights * squares).sum(dim=1) / weights.sum(dim=1)).sqrt()
    assert torch.allclose(spread.double(), expected, rtol=1e-3)
