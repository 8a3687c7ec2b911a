# SPDX-License-Identifier: Apache-2.0
"""A recording is made small: what is small is kept whole, large outputs of every n-th frame."""

from __future__ import annotations

from pathlib import Path

import pytest

from tips_ros.bags import BagError, BagReader
from tips_ros.bags.results import holds_results
from tips_ros.demo.recorded_answers import CLASSES, DEPTH, LABELS
from tips_ros.demo.thinned_recording import thin_recording
from tips_ros.replay.stamp_log import header_stamp_ns

from .recording import IMAGES, STEP_NS, write_recording

FRAMES = 40
FRAMED = (IMAGES, DEPTH, LABELS)


def stamps_by_topic(path: Path) -> dict[str, list[int | None]]:
    found: dict[str, list[int | None]] = {}
    with BagReader(path) as reader:
        for message in reader.messages():
            found.setdefault(message.topic, []).append(header_stamp_ns(message.data))
    return found


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "demo.mcap"
    write_recording(path, FRAMES)
    return path


def test_it_says_that_it_holds_results(recording: Path):
    assert not holds_results(recording)
    thin_recording(recording, FRAMED)
    assert holds_results(recording)


def test_what_fits_is_packed_and_whole(recording: Path):
    before, size = stamps_by_topic(recording), recording.stat().st_size
    assert thin_recording(recording, FRAMED) == (1, ())
    assert stamps_by_topic(recording) == before
    assert recording.stat().st_size < 0.8 * size


@pytest.mark.parametrize("most_bytes", [200_000, 700_000])
def test_what_does_not_fit_is_kept_of_every_nth_frame_and_of_the_one_that_is_shown(
    recording: Path, most_bytes: int
):
    shown = 13 * STEP_NS
    thinning = thin_recording(recording, FRAMED, shown, most_bytes)
    assert thinning.topics == (DEPTH,) and thinning.every > 1
    assert recording.stat().st_size < 1.15 * most_bytes
    kept = stamps_by_topic(recording)
    assert shown in kept[DEPTH]
    assert set(b - a for a, b in zip(kept[DEPTH], kept[DEPTH][1:], strict=False)) == {
        thinning.every * STEP_NS
    }
    every = [index * STEP_NS for index in range(FRAMES)]
    assert kept[IMAGES] == kept[LABELS] == every and kept[CLASSES] == [0]


def test_what_is_no_frames_is_never_thinned(recording: Path):
    before = stamps_by_topic(recording)
    thin_recording(recording, (IMAGES,), most_bytes=200_000)
    assert stamps_by_topic(recording)[DEPTH] == before[DEPTH]


def test_a_recording_that_cannot_be_read_stays_as_it_is(recording: Path):
    whole = recording.read_bytes()
    recording.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(BagError):
        thin_recording(recording.with_name("none.mcap"), FRAMED)
    assert recording.read_bytes() == whole[: len(whole) // 3]
    assert [path.name for path in recording.parent.iterdir()] == ["demo.mcap"]
