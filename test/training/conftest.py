# SPDX-License-Identifier: Apache-2.0
"""Frames that are packed and soon learnt."""

from __future__ import annotations

from pathlib import Path

import pytest

from .easy_frames import SCENES, easy_frame


@pytest.fixture(scope="session")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packed frames: a wall over a floor, at another height and distance in each; two files."""
    from training.frames import packed
    from training.frames.frame_store import FrameStore
    from training.frames.packed import pack_scenes, write_files

    folder = tmp_path_factory.mktemp("frames")
    store = FrameStore(folder / "store", SCENES, 2)
    for scene in range(SCENES):
        store.put(scene, [easy_frame(scene)] * 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "CHECKED_SCENES", 2)
        pack_scenes(store, folder / "packed", 2, processes=1)
        size = sum(f.stat().st_size for f in write_files(folder / "packed", 60)[1:])
        write_files(folder / "packed", size / 2**20 / 1.6)
    return folder / "packed"
