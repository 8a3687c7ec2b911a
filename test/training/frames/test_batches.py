# SPDX-License-Identifier: Apache-2.0
"""Frames are varied for training without their truth becoming untrue."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tips_ros.perception.description import NYU_FOCAL_RATIO
from training.frames.batches import Batch, Frames, batch
from training.frames.frame_store import PICTURE, TRUTH, StoredFrame
from training.frames.variation import vary


@pytest.fixture
def wall_of_stripes() -> StoredFrame:
    """A slanted wall whose colour says where on it a pixel is: red across, green down."""
    where = ((np.arange(PICTURE) + 0.5) / PICTURE).astype(np.float32)
    rgb = np.zeros((PICTURE, PICTURE, 3), np.uint8)
    rgb[..., 0] = np.rint(255 * where)[None, :]
    rgb[..., 1] = np.rint(255 * where)[:, None]
    at = (np.arange(TRUTH) + 0.5) / TRUTH
    depth = np.broadcast_to((1 + at)[None, :], (TRUTH, TRUTH))  # grows to the right, as red does
    normals = np.broadcast_to(np.array([-90, 0, -90], np.int8), (TRUTH, TRUTH, 3))
    classes = np.broadcast_to((at * 20).astype(np.uint8)[:, None], (TRUTH, TRUTH))
    return StoredFrame(rgb, depth.astype(np.float16), normals, classes, np.float32(NYU_FOCAL_RATIO))


def _batch(frame: StoredFrame, count: int, seed: int, grid: int = 16) -> Batch:
    """A frame varied several times."""
    frames = Frames(*(torch.from_numpy(np.array(part)[None]) for part in frame))
    generator = torch.Generator().manual_seed(seed)
    which = torch.zeros(count, dtype=torch.long)
    offset = seed % 2, seed // 2 % 2
    return batch(frames, which, vary(count, "cpu", generator), offset, grid, generator)


def _zoom_of(picture: np.ndarray) -> float:
    side = len(picture)
    green = picture[:, side // 2, 1]
    return float(np.polyfit((np.arange(side) + 0.5) / side, green, 1)[0])


@pytest.fixture
def undeveloped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours are needed to tell what is where."""
    monkeypatch.setattr("training.frames.batches._developed", lambda images, *_: images)


@pytest.mark.parametrize("grid", [8, 16])
@pytest.mark.parametrize("seed", range(6))
def test_truth_stays_where_the_picture_shows_it(
    wall_of_stripes: StoredFrame, undeveloped: None, seed: int, grid: int
):
    made = _batch(wall_of_stripes, 8, seed, grid)
    down, across = made.offset
    side, heads = made.images.shape[-1], 8 * grid
    assert side == 14 * grid
    for k in range(8):
        picture = made.images[k].permute(1, 2, 0).numpy()
        rows = ((np.arange(down, heads, 2) + 0.5) / heads * side - 0.5).round().astype(int)
        columns = ((np.arange(across, heads, 2) + 0.5) / heads * side - 0.5).round().astype(int)
        seen = picture[np.ix_(rows, columns)]
        zoom = _zoom_of(picture)
        # Red is the place across, from which the depth follows, as a zoomed camera sees it.
        depth = made.depth_m[k].numpy() / zoom
        assert np.abs(depth - (1 + seen[..., 0])).max() < 0.02
        assert np.abs(made.classes[k].numpy() - np.floor(seen[..., 1] * 20)).max() <= 1


def test_a_mirrored_wall_faces_the_other_side(wall_of_stripes: StoredFrame, undeveloped: None):
    made = _batch(wall_of_stripes, 16, 1)
    grows_right = made.images[:, 0, 100, -1] > made.images[:, 0, 100, 0]
    assert 0 < grows_right.sum() < 16
    assert ((made.normals[:, 0] < 0).all(dim=(1, 2)) == grows_right).all()
    assert (made.normals[:, 2] < 0).all()


def test_depth_is_what_the_reference_camera_would_have_seen(
    wall_of_stripes: StoredFrame, undeveloped: None
):
    """A wide camera makes things small, so that the reference camera would be farther away."""
    wide = wall_of_stripes._replace(focal_ratio=np.float32(NYU_FOCAL_RATIO / 2))
    made = [_batch(f, 1, 3) for f in (wall_of_stripes, wide)]
    assert (made[0].images == made[1].images).all()
    assert np.allclose(2 * made[0].depth_m, made[1].depth_m, rtol=1e-5)


def test_a_batch_is_the_same_for_the_same_seed(wall_of_stripes: StoredFrame):
    first, again, other = (_batch(wall_of_stripes, 3, seed) for seed in (5, 5, 6))
    assert (first.images == again.images).all() and (first.depth_m == again.depth_m).all()
    assert not (first.images == other.images).all()
    assert float(first.images.min()) >= 0 and float(first.images.max()) <= 1
