# SPDX-License-Identifier: Apache-2.0
"""Frames take little room when they are packed, and come back nearly as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.frames import packed
from training.frames.frame_store import PICTURE, TRUTH, FrameStore, StoredFrame
from training.frames.packed import (
    CHECKED,
    first_unpacked_room,
    pack_scenes,
    unpack,
    write_files,
)

SCENES, VIEWS = 5, 3


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FrameStore:
    """Hollow balls in rooms of many depths; the focal ratio says which frame it is."""
    monkeypatch.setattr(packed, "CHECKED_SCENES", 1)
    made = FrameStore(tmp_path / "frames", SCENES, VIEWS)
    for scene in range(SCENES):
        made.put(scene, [_frame(VIEWS * scene + view) for view in range(VIEWS)])
    return made


def _frame(number: int) -> StoredFrame:
    at = (np.arange(TRUTH) + 0.5) / TRUTH * 2 - 1
    x, y = np.meshgrid(at, at)
    z = np.sqrt(np.maximum(0, 1.2 - x**2 - y**2))
    inside = z > 0
    normals = np.dstack([x, y, -z]) / np.sqrt(1.2)
    # Some look a little away from the camera, as at the edge of a wide picture.
    normals[:3] = np.array([0.8, 0.1, 0.59])
    depth = np.where(inside, (0.2 + number) * (1 + z), 0)
    where = np.linspace(0, 255, PICTURE).astype(np.uint8)
    rgb = np.full((PICTURE, PICTURE, 3), 90, np.uint8)
    rgb[..., 0] = where
    return StoredFrame(
        rgb,
        depth.astype(np.float16),
        np.where(inside[..., None], np.rint(normals * 127), 0).astype(np.int8),
        np.where(inside, 22, 255).astype(np.uint8),
        np.asarray(number, np.float32),
    )


def _packed(
    store: FrameStore, output: Path, megabytes: float = 60, views: int = VIEWS
) -> list[Path]:
    pack_scenes(store, output, views, processes=1)
    return write_files(output, megabytes)


def test_a_frame_comes_back_nearly_as_it_was(store: FrameStore, tmp_path: Path):
    for file in _packed(store, tmp_path / "packed"):
        back = unpack(file, threads=2)
        for i, number in enumerate(back.focal_ratio.astype(int)):
            was = StoredFrame(*(array[number] for array in store.frames))
            apart = np.abs(back.rgb[i].astype(int) - was.rgb)
            assert apart.mean() < 3
            depth = was.depth_m.astype(float)
            assert ((back.depth_m[i] == 0) == (depth == 0)).all()
            seen = depth > 0
            assert np.abs(back.depth_m[i][seen] / depth[seen] - 1).max() < 0.0031
            assert (back.classes[i] == was.classes).all()
            n, m = (a[seen].astype(float) for a in (was.normals, back.normals[i]))
            cosines = (n * m).sum(axis=1) / np.linalg.norm(n, axis=1) / np.linalg.norm(m, axis=1)
            assert np.degrees(np.arccos(cosines.min())) < 1.3
            assert (back.normals[i][~seen] == 0).all()


def test_the_first_file_has_every_room_and_the_checked_ones_are_apart(
    store: FrameStore, tmp_path: Path
):
    whole = sum(file.stat().st_size for file in _packed(store, tmp_path / "one")[1:])
    size = whole / 2**20 / 2.2
    checked, *files = _packed(store, tmp_path / "three", size)
    assert checked.name == CHECKED and len(files) == 3
    assert all(file.stat().st_size <= size * 2**20 + 1500 for file in files)
    numbers = [unpack(file).focal_ratio.astype(int).tolist() for file in (checked, *files)]
    assert numbers[0] == [12, 13, 14]
    assert sorted(sum(numbers[1:], [])) == list(range(12))
    assert {number // VIEWS for number in numbers[1]} == {0, 1, 2, 3}


def test_what_is_packed_is_not_packed_again(store: FrameStore, tmp_path: Path):
    output = tmp_path / "packed"
    _packed(store, output, views=2)
    before = {file: file.stat().st_mtime_ns for file in (output / "scenes").iterdir()}
    (output / "scenes" / "3.npz").unlink()
    files = _packed(store, output, views=2)
    again = {f for f, stamp in before.items() if f.stat().st_mtime_ns != stamp}
    assert {file.name for file in again} == {"3.npz"}
    assert sum(len(unpack(file).rgb) for file in files) == SCENES * 2


def test_rooms_of_a_store_that_begins_later_keep_their_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(packed, "CHECKED_SCENES", 1)
    store = FrameStore(tmp_path / "frames", SCENES, VIEWS, first=8000)
    for scene in range(SCENES):
        store.put(scene, [_frame(VIEWS * scene + view) for view in range(VIEWS)])
    output = tmp_path / "packed"
    checked, *_ = _packed(store, output)
    assert sorted(int(file.stem) for file in (output / "scenes").iterdir()) == [*range(8000, 8005)]
    assert unpack(checked).focal_ratio.astype(int).tolist() == [12, 13, 14]
    assert first_unpacked_room(output) == 8005
