# SPDX-License-Identifier: Apache-2.0
"""Pixels get the classes in force, by the model's head or by words, from one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from tips_ros.model.tips import Tips
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.language.prompts import parse_prompts
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace, zero_shot_label_space

from ..conftest import DESCRIPTION

WIDTH = 64
Words = Callable[..., LabelSpace]


@pytest.fixture
def predictor(tiny_tips: Tips) -> Predictor:
    return Predictor(tiny_tips, DESCRIPTION)


def noise(height: int, width: int, seed: int = 3) -> np.ndarray:
    return np.random.RandomState(seed).randint(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.fixture
def embeddings(predictor: Predictor) -> torch.Tensor:
    """(16, D): word k is like what patch 5·k mod 16 of the test's image has and others have not."""
    x = torch.from_numpy(noise(56, 56)).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        values = predictor.model.backbone(x, (), value_features=True).value_features[0]
    own = F.normalize(values - values.mean(dim=0), dim=-1)
    return own[[5 * k % 16 for k in range(16)]].clone()


@pytest.fixture
def by_words(embeddings: torch.Tensor) -> Words:
    """Prompts → label space of the words from number `first` on."""

    def make(
        prompts: list[str],
        background: tuple[str, ...] = (),
        thresholds: tuple[float, ...] = (),
        temperature: float | None = 0.05,
        sliding_window: bool = False,
        first: int = 0,
    ) -> LabelSpace:
        parsed = parse_prompts(prompts, background, thresholds)
        count = sum(len(words) for words in (*parsed.words, *parsed.background))
        given = embeddings[first : first + count]
        return zero_shot_label_space(parsed, given, temperature, sliding_window=sliding_window)

    return make


def patch_cosines(predictor: Predictor, rgb: np.ndarray, words: torch.Tensor) -> torch.Tensor:
    """(K, h, w) of an image of the network's own size, in plain words."""
    x = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        values = predictor.model.backbone(x, (), value_features=True).value_features
    return (F.normalize(values[0], dim=-1) @ words.T).T.reshape(len(words), 4, 4)


def test_words_label_each_patch_with_the_most_alike(
    predictor: Predictor, by_words: Words, embeddings: torch.Tensor
):
    rgb = noise(56, 56)
    seen = predictor.encode(rgb, label_spaces=[by_words(["a", "b", "c"])])
    expected = patch_cosines(predictor, rgb, embeddings[:3])
    found = predictor.similarities(seen, by_words(["a", "b", "c"]))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_probabilities_of_a_class_s_words_are_averaged(
    predictor: Predictor, by_words: Words, embeddings: torch.Tensor
):
    rgb = noise(56, 56)
    label_space = by_words(["a: one | two", "b"])
    found = predictor.similarities(predictor.encode(rgb, label_spaces=[label_space]), label_space)
    one, two, b = patch_cosines(predictor, rgb, embeddings[:3])
    t = 0.05
    shared = t * (((one / t).exp() + (two / t).exp()) / 2).log()
    np.testing.assert_allclose(found, torch.stack([shared, b]), atol=1e-5)


def test_background_wins_pixels_and_leaves_them_unlabelled(predictor: Predictor, by_words: Words):
    rgb = noise(56, 56)
    everything = predictor.predict(rgb, ["semantic"], label_space=by_words(["a", "b", "c"])).labels
    some = predictor.predict(rgb, ["semantic"], label_space=by_words(["a", "b"], ("c",))).labels
    assert everything is not None and some is not None
    assert (everything == 2).any()
    np.testing.assert_array_equal(some, np.where(everything == 2, 255, everything))


def test_pixels_below_their_class_s_threshold_are_unlabelled(predictor: Predictor, by_words: Words):
    rgb = noise(56, 56)
    free = predictor.predict(rgb, ["semantic"], label_space=by_words(["a", "b"]))
    bound = predictor.predict(
        rgb, ["semantic"], label_space=by_words(["a", "b"], thresholds=(0.0, 0.4))
    )
    assert free.labels is not None and free.confidence is not None
    dropped = (free.labels == 1) & (free.confidence < round(0.4 * 255))
    assert dropped.any() and (free.labels == 1)[~dropped].any()
    np.testing.assert_array_equal(bound.labels, np.where(dropped, 255, free.labels))
    np.testing.assert_array_equal(bound.confidence, free.confidence)


def test_without_a_temperature_there_is_no_confidence_and_no_threshold(
    predictor: Predictor, by_words: Words
):
    prediction = predictor.predict(
        noise(30, 40), label_space=by_words(["a", "b"], temperature=None)
    )
    assert prediction.labels is not None and prediction.confidence is None
    with pytest.raises(ValueError, match="temperature"):
        by_words(["a"], thresholds=(0.5,), temperature=None)


def test_heads_and_two_label_spaces_share_one_pass(predictor: Predictor, by_words: Words):
    passes: list[bool] = []
    predictor.model.backbone.register_forward_hook(lambda *_: passes.append(True))
    own, words = predictor.model_label_space, by_words(["a", "b"])
    rgb = noise(30, 40)
    seen = predictor.encode(rgb, ["depth", "normals", "stddev"], label_spaces=[own, words])
    first, second = predictor.decode(seen, own), predictor.decode(seen, words)
    assert len(passes) == 1
    for found, expected in zip(first, predictor.predict(rgb), strict=True):
        np.testing.assert_array_equal(found, expected)
    alone = predictor.predict(rgb, label_space=words)
    np.testing.assert_array_equal(second.labels, alone.labels)


def test_words_do_not_run_the_segmentation_head(tiny_tips: Tips, by_words: Words):
    tiny_tips.segmentation = None
    predictor = Predictor(tiny_tips, DESCRIPTION)
    prediction = predictor.predict(noise(30, 40), label_space=by_words(["a", "b"]))
    assert all(array is not None for array in prediction)
    assert "semantic" not in predictor.outputs


def test_another_label_space_takes_over_with_the_next_image(predictor: Predictor, by_words: Words):
    rgb = noise(56, 56)
    first, other = by_words(["a", "b"]), by_words(["a", "b"], first=3)
    before = predictor.predict(rgb, ["semantic"], label_space=first).labels
    changed = predictor.predict(rgb, ["semantic"], label_space=other).labels
    again = predictor.predict(rgb, ["semantic"], label_space=first).labels
    np.testing.assert_array_equal(before, again)
    assert (before != changed).any()


def test_what_was_not_seen_for_a_label_space_cannot_be_labelled(
    predictor: Predictor, by_words: Words
):
    seen = predictor.encode(noise(30, 40), ["depth"])
    for label_space in (predictor.model_label_space, by_words(["a"])):
        with pytest.raises(ValueError, match="see the image with"):
            predictor.decode(seen, label_space)


def test_windows_are_those_of_a_plain_loop(
    predictor: Predictor, by_words: Words, embeddings: torch.Tensor
):
    """Shorter side at the network's size, windows that overlap, softmax, mean, argmax."""
    rgb = noise(56, 112)
    label_space = by_words(["a", "b", "c"], sliding_window=True)
    labels = predictor.predict(rgb, ["semantic"], label_space=label_space).labels
    total, count = torch.zeros(3, 56, 112), torch.zeros(112)
    for left in (0, 42, 56):
        cosines = patch_cosines(predictor, rgb[:, left : left + 56], embeddings[:3])
        full = F.interpolate(cosines[None], size=(56, 56), mode="bilinear")[0]
        total[..., left : left + 56] += full.softmax(dim=0)
        count[left : left + 56] += 1
    best = (total / count).topk(2, dim=0).values
    clear = (best[0] - best[1] > 1e-6).numpy()
    assert clear.mean() > 0.99 and labels is not None
    np.testing.assert_array_equal(labels[clear], total.argmax(dim=0).numpy()[clear])


@pytest.mark.parametrize("size", [(30, 90), (90, 30), (56, 56), (200, 70)])
def test_windows_label_images_of_any_shape(
    predictor: Predictor, size: tuple[int, int], by_words: Words
):
    label_space = by_words(["a", "b"], sliding_window=True)
    prediction = predictor.predict(noise(*size), label_space=label_space)
    assert prediction.labels is not None and prediction.labels.shape == size
    assert prediction.confidence is not None and prediction.confidence.shape == size


class _Largest(TorchDispatchMode):
    """Notes the size of the largest tensor that any operation makes."""

    elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for made in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(made, torch.Tensor):
                self.elements = max(self.elements, made.numel())
        return result


@pytest.mark.slow
def test_150_classes_are_never_held_at_the_size_of_the_image(predictor: Predictor):
    prompts = parse_prompts([f"thing {i}" for i in range(150)])
    generator = torch.Generator().manual_seed(2)
    words = F.normalize(torch.randn(150, WIDTH, generator=generator), dim=-1)
    label_space = zero_shot_label_space(prompts, words, 0.05)
    rgb = noise(480, 640)
    with _Largest() as largest:
        labels = predictor.predict(rgb, ["semantic"], label_space=label_space).labels
    assert labels is not None and len(np.unique(labels)) > 1
    assert largest.elements < 150 * 480 * 640 / 20


def test_labels_are_the_ids_of_the_model_s_classes(tiny_tips: Tips):
    """Not the indices of the head's outputs: here output i is the class with the id 2i mod 255."""
    ids = tuple(2 * i % 255 for i in range(150))
    described = replace(DESCRIPTION, classes=ClassList(DESCRIPTION.classes.names, ids))
    rgb = noise(30, 40)
    outputs = Predictor(tiny_tips, DESCRIPTION).predict(rgb, ["semantic"])
    named = Predictor(tiny_tips, described).predict(rgb, ["semantic"])
    assert outputs.labels is not None and named.labels is not None
    assert named.labels.dtype == np.uint8 and len(np.unique(named.labels)) > 3
    np.testing.assert_array_equal(named.labels, np.array(ids, np.uint8)[outputs.labels])
    np.testing.assert_array_equal(named.confidence, outputs.confidence)


def test_of_a_turned_camera_cosines_come_in_its_own_orientation(
    predictor: Predictor, by_words: Words
):
    label_space = by_words(["a", "b", "c"])
    upright = noise(28, 56)
    delivered = np.ascontiguousarray(np.rot90(upright))
    expected = predictor.similarities(
        predictor.encode(upright, label_spaces=[label_space]), label_space
    )
    seen = predictor.encode(delivered, label_spaces=[label_space], mounting=90)
    assert seen.mounted_size == (56, 28)
    found = predictor.similarities(seen, label_space)
    np.testing.assert_array_equal(found, np.rot90(expected, axes=(1, 2)))
