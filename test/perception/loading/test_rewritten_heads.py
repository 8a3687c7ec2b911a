# SPDX-License-Identifier: Apache-2.0
"""A model is loaded for less work, or less precision, and says what the plain one says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tips_ros.bags import BagReader, find_camera
from tips_ros.bench.bench_pictures import draw_room
from tips_ros.model.fast.dpt.fast_heads import FastDenseHead
from tips_ros.model.fast.dpt.output_convs import DirectTail
from tips_ros.model.fast.onednn import OneDnnLinear, onednn_is_there
from tips_ros.model.heads import DenseHead
from tips_ros.model.tips import HEAD_NAMES
from tips_ros.perception.images.decoder import decode_message
from tips_ros.perception.language.prompts import parse_prompts
from tips_ros.perception.loading.load import load_predictor, load_with_text
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import zero_shot_label_space
from tips_ros.resources import sample_bag


@pytest.fixture(scope="module")
def room() -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(draw_room(), (640, 480)), np.uint8)


@pytest.fixture(scope="module")
def drive() -> list[NDArray[np.uint8]]:
    """Pictures of the sample bag: what the demo model is for."""
    with BagReader(sample_bag()) as bag:
        images = list(bag.messages([find_camera(bag).image]))
        return [decode_message(bag.deserialize(message)) for message in images[::40]]


@pytest.fixture(scope="module")
def plain() -> Predictor:
    return load_predictor("demo", device="cpu", precision="fp32", heads="plain")


@pytest.fixture(scope="module")
def plain_prediction(plain: Predictor, room: NDArray[np.uint8]) -> Prediction:
    return plain.predict(room)


def differences(found: Prediction, expected: Prediction) -> dict[str, float]:
    """Largest of depth and normals as a share of the largest value, and labels that differ."""
    assert all(array is not None for array in (*found, *expected))
    return {
        name: float(np.abs(a - b).max() / np.abs(b).max())
        for name, a, b in (
            ("depth", found.depth_m, expected.depth_m),
            ("normals", found.normals, expected.normals),
        )
        if a is not None and b is not None
    } | {"labels": float((found.labels != expected.labels).mean())}


def kinds(predictor: Predictor) -> set[type]:
    return {type(getattr(predictor.model, name)) for name in HEAD_NAMES}


class TestTheDemoModel:
    @pytest.mark.slow
    def test_is_rewritten_unless_told_otherwise(self, plain: Predictor):
        assert all(issubclass(kind, FastDenseHead) for kind in kinds(load_predictor("demo")))
        assert all(issubclass(kind, DenseHead) for kind in kinds(plain))

    @pytest.mark.slow
    def test_says_the_same_rewritten(self, plain_prediction: Prediction, room: NDArray[np.uint8]):
        found = load_predictor("demo", device="cpu", precision="fp32").predict(room)
        apart = differences(found, plain_prediction)
        assert apart["depth"] < 1e-4 and apart["normals"] < 1e-4 and apart["labels"] < 1e-5
        assert found.confidence is not None and plain_prediction.confidence is not None
        steps = found.confidence.astype(int) - plain_prediction.confidence
        assert np.abs(steps).max() <= 1

    @pytest.mark.slow
    def test_says_the_same_for_another_input_size(self, room: NDArray[np.uint8]):
        """Odd patch grids take another way through the decoder."""
        how = {"device": "cpu", "precision": "fp32", "input_size": (154, 210)}
        found = load_predictor("demo", **how).predict(room)
        expected = load_predictor("demo", heads="plain", **how).predict(room)
        apart = differences(found, expected)
        assert apart["depth"] < 1e-4 and apart["normals"] < 1e-4 and apart["labels"] < 1e-4

    @pytest.mark.slow
    @pytest.mark.parametrize("sliding", [False, True], ids=["whole", "windows"])
    def test_finds_the_same_words(self, room: NDArray[np.uint8], sliding: bool):
        rewritten, text = load_with_text("demo", device="cpu", precision="fp32")
        plain, _ = load_with_text("demo", device="cpu", precision="fp32", heads="plain")
        prompts = parse_prompts(["wall", "floor", "box"])
        label_space = zero_shot_label_space(
            prompts,
            text.embed(list(prompts.all_words)),
            rewritten.description.temperature,
            sliding_window=sliding,
        )
        found, expected = (
            p.predict(room, ["semantic"], label_space=label_space) for p in (rewritten, plain)
        )
        assert found.labels is not None and expected.labels is not None
        assert (found.labels != expected.labels).mean() < 1e-4
        assert len(np.unique(expected.labels)) > 1

    @pytest.mark.slow
    @pytest.mark.parametrize("heads", ["rewritten", "plain"])
    def test_says_nearly_the_same_in_bf16(
        self, plain: Predictor, drive: list[NDArray[np.uint8]], heads: Any
    ):
        lower = load_predictor("demo", device="cpu", precision="bf16", heads=heads)
        assert (lower.precision, lower.backend_note) == (torch.bfloat16, "")
        for picture in drive:
            expected, found = plain.predict(picture), lower.predict(picture)
            assert found.depth_m is not None and expected.depth_m is not None
            relative = np.abs(found.depth_m - expected.depth_m) / expected.depth_m
            assert np.percentile(relative, 95) < 0.02
            assert (found.labels == expected.labels).mean() >= 0.98
            assert found.normals is not None and expected.normals is not None
            cosines = (found.normals * expected.normals).sum(axis=2).clip(-1, 1)
            assert np.percentile(np.degrees(np.arccos(cosines)), 95) < 2.0

    @pytest.mark.slow
    def test_in_bf16_its_few_channels_are_upsampled_first(self):
        model = load_predictor("demo", device="cpu", precision="bf16").model
        tails = [getattr(model, name).tail for name in HEAD_NAMES]
        assert all(isinstance(tail, DirectTail) for tail in tails)
        assert {p.dtype for p in model.parameters()} == {torch.bfloat16}


@pytest.mark.skipif(not onednn_is_there(), reason="this torch has no oneDNN here")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_on_the_cpu_linear_layers_are_onednn_s(precision: Any):
    blocks = load_predictor("demo", device="cpu", precision=precision).model.backbone.blocks
    assert any(isinstance(module, OneDnnLinear) for module in blocks.modules())


def test_other_heads_than_these_two_are_refused_by_name():
    with pytest.raises(ValueError, match="choose one of rewritten, plain"):
        load_predictor("demo", heads="fast")  # type: ignore[arg-type]


def test_a_model_of_one_head_is_rewritten_too(tiny_directory: Path):
    for head in ("depth", "segmentation"):
        (tiny_directory / f"tips_v2_tiny_{head}_dpt.zip").unlink()
    predictor = load_predictor(str(tiny_directory), device="cpu")
    assert predictor.model.head_names == ("normals",)
    assert predictor.predict(np.zeros((20, 30, 3), np.uint8)).normals is not None
