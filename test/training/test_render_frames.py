# SPDX-License-Identifier: Apache-2.0
"""Rooms of the numbers that were asked for are rendered into a store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.render_frames import fill, scene_frames

pytestmark = pytest.mark.slow


def test_a_store_is_filled_with_the_rooms_from_a_number_on(tmp_path: Path):
    store = fill(tmp_path, scenes=2, views=1, processes=1, first=4001)
    assert not store.missing()
    for scene in range(2):
        (expected,) = scene_frames(4001 + scene, 1)
        assert (store.frames.rgb[scene] == expected.rgb).all()
    assert not np.array_equal(store.frames.rgb[0], store.frames.rgb[1])
