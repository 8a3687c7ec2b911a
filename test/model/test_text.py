# SPDX-License-Identifier: Apache-2.0
"""The text encoder computes what Google's reference implementation computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tips_ros.model.text import TextConfig, TextEncoder, sinusoids

TOLERANCE = 1e-5  # of the largest value
_WEIGHTS = "weights/"
# What made text.npz; its `meta` says the same.
CONFIG = TextConfig(width=64, depth=3, heads=4, hidden=160, vocabulary=97)


@pytest.fixture
def text(golden: Any) -> dict[str, np.ndarray]:
    return golden("text.npz")


@pytest.fixture
def encoder(text: dict[str, np.ndarray]) -> TextEncoder:
    weights = {
        name.removeprefix(_WEIGHTS): torch.from_numpy(array)
        for name, array in text.items()
        if name.startswith(_WEIGHTS) and name != "weights/temperature"
    }
    encoder = TextEncoder(CONFIG)
    encoder.load_state_dict(weights)
    return encoder.eval()


def embed(encoder: TextEncoder, ids: np.ndarray, is_token: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return encoder(torch.from_numpy(ids), torch.from_numpy(is_token)).numpy()


def error(actual: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference, as a fraction of the largest value."""
    assert actual.shape == expected.shape
    return float(np.abs(actual - expected).max() / np.abs(expected).max())


def test_embeddings_are_the_reference_s(encoder: TextEncoder, text: dict[str, np.ndarray]):
    embedding = embed(encoder, text["ids"], text["paddings"] == 0)
    assert error(embedding, text["embedding"]) < TOLERANCE


def test_more_padding_never_changes_an_embedding(encoder: TextEncoder, text: Any):
    ids, is_token = text["ids"], text["paddings"] == 0
    padded_ids = np.pad(ids, ((0, 0), (0, 64 - ids.shape[1])))
    padded_tokens = np.pad(is_token, ((0, 0), (0, 64 - ids.shape[1])))
    padded = embed(encoder, padded_ids, padded_tokens)
    assert error(padded, text["embedding"]) < TOLERANCE


def test_what_stands_in_the_padding_never_changes_an_embedding(encoder: TextEncoder, text: Any):
    is_token = text["paddings"] == 0
    assert not is_token.all()
    ids = np.where(is_token, text["ids"], 42)
    assert error(embed(encoder, ids, is_token), text["embedding"]) < TOLERANCE


def test_one_text_alone_is_embedded_as_among_others(encoder: TextEncoder, text: Any):
    ids, is_token = text["ids"], text["paddings"] == 0
    for row in range(len(ids)):
        length = int(is_token[row].sum())
        alone = embed(encoder, ids[row : row + 1, :length], is_token[row : row + 1, :length])
        assert error(alone[0], text["embedding"][row]) < TOLERANCE


def test_an_empty_text_is_embedded_as_zeros(encoder: TextEncoder):
    ids = np.array([[5, 6, 7], [0, 0, 0]])
    is_token = np.array([[True, True, True], [False, False, False]])
    embedding = embed(encoder, ids, is_token)
    assert np.isfinite(embedding).all()
    assert embedding[0].any() and not embedding[1].any()


@pytest.mark.parametrize("width", [64, 65])
def test_positions_are_sines_then_cosines_of_timescales_1_to_10000(width: int):
    half = width // 2
    timescales = 10_000.0 ** (np.arange(half) / (half - 1))
    angles = np.arange(64)[:, None] / timescales
    expected = np.zeros((64, width))
    expected[:, :half] = np.sin(angles)
    expected[:, half : 2 * half] = np.cos(angles)
    np.testing.assert_allclose(sinusoids(64, width).numpy(), expected, atol=2e-5)


def test_a_width_that_the_heads_do_not_divide_is_refused():
    with pytest.raises(ValueError, match="64 is not a multiple of 5 heads"):
        TextConfig(width=64, depth=1, heads=5, hidden=64)
