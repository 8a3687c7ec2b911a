# SPDX-License-Identifier: Apache-2.0
"""Batches come from another process, in order, and follow from the step's number alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from training.frames.feeder import Maker, Source, Step, feed
from training.frames.frame_store import FrameStore

TOKENIZER = Path(__file__).parents[2] / "data" / "tokenizer" / "tiny.model"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    store = FrameStore(tmp_path / "frames", scenes=6, views=1)
    rng = np.random.default_rng(0)
    store.frames.rgb[:] = rng.integers(0, 256, store.frames.rgb.shape, np.uint8)
    store.frames.depth_m[:] = 2
    store.frames.classes[:] = rng.integers(0, 23, store.frames.classes.shape)
    store.frames.focal_ratio[:] = 0.8
    return Source(store.directory, 6, 1, 5, TOKENIZER, 2, 9)


def _same(one: Step, other: Step) -> bool:
    parts = zip(one.batch[:-1], other.batch[:-1], strict=True)
    alike = all(torch.equal(a, b) and a.dtype == b.dtype for a, b in parts)
    return alike and one.batch.offset == other.batch.offset and torch.equal(one.ids, other.ids)


def test_the_other_process_makes_what_this_one_would(source: Source):
    maker = Maker(source)
    grids = np.array([8, 8, 16, 16, 16])
    data = feed(source, grids, 1)
    for number in range(1, 5):
        taken = next(data)
        assert taken.batch.images.shape[-1] == 14 * grids[number]
        assert taken.batch.images.is_contiguous(memory_format=torch.channels_last)
        assert _same(taken, maker.step(number, int(grids[number])))
    assert next(data, None) is None


def test_steps_differ_and_see_only_what_may_be_learnt_from(source: Source):
    maker = Maker(source)
    assert not _same(maker.step(0, 8), maker.step(1, 8))
    # The frame that may not be learnt from is the only one with a class of its own.
    store = FrameStore(source.store, 6, 1)
    store.frames.classes[:5], store.frames.classes[5] = 3, 7
    assert all((maker.step(number, 8).batch.classes == 3).all() for number in range(20))
