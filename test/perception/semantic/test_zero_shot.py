# SPDX-License-Identifier: Apache-2.0
"""Classes in plain words are found by the reference's zero-shot recipe, written out in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tips_ros.model.text import TextConfig, TextEncoder
from tips_ros.model.tips import Tips
from tips_ros.perception.language.image_text import image_text_probabilities
from tips_ros.perception.semantic.zero_shot import cosine_map, zero_shot_label_map

TOLERANCE = 1e-4
_WEIGHTS = "weights/"


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def bilinear_matrix(inputs: int, outputs: int) -> np.ndarray:
    """(outputs, inputs), pixel centres half a pixel in, edges repeated."""
    at = np.clip((np.arange(outputs) + 0.5) * inputs / outputs - 0.5, 0, inputs - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(inputs)))


def upsampled(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(B, K, h, w) → (B, K, H, W)."""
    down, across = (bilinear_matrix(n, m) for n, m in zip(maps.shape[-2:], size, strict=True))
    return np.einsum("yh,bkhw,xw->bkyx", down, maps, across)


@pytest.fixture
def text(golden: Any) -> dict[str, np.ndarray]:
    return golden("text.npz")


@pytest.fixture
def class_embeddings(text: dict[str, np.ndarray]) -> torch.Tensor:
    """Embeddings of five golden texts by our text encoder: as many classes."""
    encoder = TextEncoder(TextConfig(width=64, depth=3, heads=4, hidden=160, vocabulary=97))
    encoder.load_state_dict(
        {
            name.removeprefix(_WEIGHTS): torch.from_numpy(array)
            for name, array in text.items()
            if name.startswith(_WEIGHTS) and name != "weights/temperature"
        }
    )
    with torch.inference_mode():
        return encoder(torch.from_numpy(text["ids"]), torch.from_numpy(text["paddings"] == 0))


@pytest.mark.parametrize("case", [0, 1, 2])
class TestWholeImage:
    """Both towers are ours, the expected numbers are the reference's towers' with NumPy on top."""

    @pytest.fixture
    def expected(self, golden: Any, text: dict[str, np.ndarray], case: int) -> np.ndarray:
        features = golden("vision_mlp.npz")[f"case{case}/value_features"]
        return np.einsum("bhwd,kd->bkhw", unit(features), unit(text["embedding"]))

    @pytest.fixture
    def cosines(
        self, golden: Any, tiny_tips: Tips, class_embeddings: torch.Tensor, case: int
    ) -> torch.Tensor:
        images = torch.from_numpy(golden("vision_mlp.npz")[f"case{case}/image"])
        with torch.inference_mode():
            features = tiny_tips.backbone(images, value_features=True)
        assert features.value_features is not None
        return cosine_map(features.value_features, features.grid, class_embeddings)

    def test_cosines_are_the_reference_s(self, cosines: torch.Tensor, expected: np.ndarray):
        assert cosines.shape == expected.shape
        assert np.abs(cosines.numpy() - expected).max() < TOLERANCE

    def test_labels_are_those_of_the_upsampled_cosines(
        self, cosines: torch.Tensor, expected: np.ndarray
    ):
        size = (60, 83)
        full = upsampled(expected, size)
        best = np.sort(full, axis=1)
        clear = best[:, -1] - best[:, -2] > TOLERANCE
        assert clear.mean() > 0.98
        labels = zero_shot_label_map(cosines, size, temperature=0.005).labels.numpy()
        np.testing.assert_array_equal(labels[clear], full.argmax(axis=1)[clear])

    def test_confidence_is_the_label_s_margin_at_the_temperature(
        self, cosines: torch.Tensor, expected: np.ndarray
    ):
        size = expected.shape[-2:]  # nothing to upsample
        labels, confidence = zero_shot_label_map(cosines, size, temperature=0.1)
        best = np.sort(softmax(expected / 0.1, axis=1), axis=1)
        assert np.abs(confidence.numpy() - 255 * (best[:, -1] - best[:, -2])).max() < 0.6


def test_lengths_do_not_matter_to_cosines():
    features, classes = torch.randn(1, 6, 8), torch.randn(3, 8)
    torch.testing.assert_close(
        cosine_map(7 * features, (2, 3), classes), cosine_map(features, (2, 3), classes / 3)
    )


def test_half_precision_features_are_compared_in_fp32():
    features, classes = torch.randn(1, 6, 8).bfloat16(), torch.randn(3, 8)
    cosines = cosine_map(features, (2, 3), classes)
    assert cosines.dtype == torch.float32
    torch.testing.assert_close(cosines, cosine_map(features.float(), (2, 3), classes))


def test_labels_do_not_depend_on_the_temperature():
    cosines = torch.rand(1, 7, 5, 6, generator=torch.Generator().manual_seed(1))
    cold, warm = (zero_shot_label_map(cosines, (40, 50), t) for t in (0.01, 1.0))
    assert (cold.labels == warm.labels).float().mean() > 0.999
    assert cold.confidence.float().mean() > 2 * warm.confidence.float().mean()


class TestImageAgainstTexts:
    # hf/base's own, as its model.safetensors holds it.
    TEMPERATURE = 0.2984863

    def test_probabilities_are_the_softmax_of_transformers_logits(self, golden: Any):
        expected = golden("hf/base_expected.npz")
        actual = image_text_probabilities(
            torch.from_numpy(expected["image_embeds"]),
            torch.from_numpy(expected["text_embeds"]),
            self.TEMPERATURE,
        )
        wanted = softmax(expected["logits_per_image"], axis=1)
        np.testing.assert_allclose(actual.numpy(), wanted, atol=1e-6)

    def test_lengths_of_embeddings_do_not_matter(self, golden: Any):
        expected = golden("hf/base_expected.npz")
        image, texts = (torch.from_numpy(expected[f"{x}_embeds"]) for x in ("image", "text"))
        torch.testing.assert_close(
            image_text_probabilities(image * 5, texts * 0.1, 0.01),
            image_text_probabilities(image, texts, 0.01),
        )

    def test_each_image_s_probabilities_add_up_to_1_at_a_tiny_temperature(self):
        p = image_text_probabilities(torch.randn(4, 16), torch.randn(9, 16), 1e-4)
        torch.testing.assert_close(p.sum(dim=1), torch.ones(4))


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_that_makes_no_sense_is_refused(temperature: float):
    with pytest.raises(ValueError, match="must be above 0"):
        image_text_probabilities(torch.ones(1, 2), torch.ones(1, 2), temperature)
    with pytest.raises(ValueError, match="must be above 0"):
        zero_shot_label_map(torch.ones(1, 2, 2, 2), (4, 4), temperature)
