# SPDX-License-Identifier: Apache-2.0
"""Rendered frames are kept, and a stopped rendering goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from training.frames.frame_store import PICTURE, TRUTH, FrameStore, stored
from training.scenes.camera.render import RenderedFrame


@pytest.fixture
def frame() -> RenderedFrame:
    rng = np.random.default_rng(0)
    side = (PICTURE, PICTURE)
    depth = rng.uniform(0.5, 9, side).astype(np.float32)
    depth[0, 0] = np.nan
    normals = np.zeros((*side, 3), np.float32)
    normals[..., 2] = -1
    return RenderedFrame(
        rgb=rng.integers(0, 256, (*side, 3), np.uint8),
        depth_m=depth,
        normals=normals,
        labels=rng.choice(np.array([0, 3, 119, 255], np.uint8), side),
        intrinsics=Intrinsics(180.0, 240.0, 111.5, 111.5, *side),
        world_from_camera=np.eye(4),
    )


def test_a_frame_comes_back_at_the_heads_resolution(frame: RenderedFrame, tmp_path: Path):
    store = FrameStore(tmp_path, scenes=2, views=1)
    store.put(1, [stored(frame)])
    back = FrameStore(tmp_path, scenes=2, views=1).frames
    assert (back.rgb[1] == frame.rgb).all()
    for pixel in (0, 1, 64, TRUTH - 1):
        at = round((pixel + 0.5) * PICTURE / TRUTH - 0.5)
        truth = np.nan_to_num(frame.depth_m[at, at])
        assert float(back.depth_m[1, pixel, pixel]) == pytest.approx(truth, rel=1e-3)
        position = {0: 0, 3: 1, 119: 22, 255: 255}[int(frame.labels[at, at])]
        assert back.classes[1, pixel, pixel] == position
    assert (back.normals[1, ..., 2] == -127).all()
    assert back.focal_ratio[1] == pytest.approx(180 / PICTURE)


def test_only_missing_scenes_are_rendered_again(frame: RenderedFrame, tmp_path: Path):
    store = FrameStore(tmp_path, scenes=3, views=1)
    assert store.missing() == [0, 1, 2]
    store.put(1, [stored(frame)])
    assert FrameStore(tmp_path, scenes=3, views=1).missing() == [0, 2]


@pytest.mark.parametrize("first", [0, 8000])
def test_a_store_says_itself_what_it_holds(tmp_path: Path, first: int):
    FrameStore(tmp_path, scenes=3, views=2, first=first)
    opened = FrameStore.opened(tmp_path)
    assert (opened.scenes, opened.views, opened.first) == (3, 2, first)


def test_a_store_of_other_frames_is_refused(tmp_path: Path):
    FrameStore(tmp_path, scenes=3, views=1)
    with pytest.raises(ValueError, match="holds other frames; remove it or name another"):
        FrameStore(tmp_path, scenes=3, views=1, first=2)
    with pytest.raises(ValueError, match="holds other frames; remove it or name another"):
        FrameStore(tmp_path, scenes=3, views=2)


def test_a_picture_of_another_size_is_refused(frame: RenderedFrame):
    import dataclasses

    small = dataclasses.replace(frame, rgb=frame.rgb[:100])
    with pytest.raises(ValueError, match="224×224"):
        stored(small)
