# SPDX-License-Identifier: Apache-2.0
"""The moving picture of a recording shows its answered frames in their own time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tips_ros.demo.clip import write_clip
from tips_ros.perception.images.drawn_picture import is_drawn

from .recording import IMAGES, write_recording


def film(tmp_path: Path, frames: int, answered=None) -> Path | None:
    write_recording(tmp_path / "demo.mcap", frames, answered)
    path = tmp_path / "demo.webp"
    assert write_clip(tmp_path / "demo.mcap", IMAGES, path) == path.is_file()
    return path if path.is_file() else None


def test_each_answered_frame_is_shown_as_long_as_it_lasted(tmp_path: Path):
    with Image.open(film(tmp_path, 8, answered=(0, 1, 4, 5))) as clip:
        assert clip.n_frames == 4 and clip.size == (960, 240)
        shown = []
        for index in range(4):
            clip.seek(index)
            clip.load()
            shown.append((clip.info["duration"], np.asarray(clip.convert("RGB"))))
    assert [lasts_ms for lasts_ms, _ in shown] == [100, 300, 100, 1000]
    brightness = [picture[100:140, 100:200].mean() for _, picture in shown]
    assert np.allclose(brightness, [0, 25, 100, 125], atol=6), "the images of those frames"
    depth = shown[0][1][:, 320:640].astype(float)
    assert depth.std() > 20, "its depth in colours"


def test_of_a_long_recording_every_nth_frame_is_shown(tmp_path: Path):
    with Image.open(film(tmp_path, 250)) as clip:
        assert 60 <= clip.n_frames <= 120


def test_a_clip_says_that_it_was_drawn_here(tmp_path: Path):
    assert is_drawn(film(tmp_path, 4))


@pytest.mark.parametrize("answered", [(), (3,)])
def test_without_two_answers_there_is_none(tmp_path: Path, answered):
    assert film(tmp_path, 8, answered) is None
