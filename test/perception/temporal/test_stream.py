# SPDX-License-Identifier: Apache-2.0
"""One camera's stream: what is wanted is held, what is switched off costs and leaves nothing."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.temporal import dense_flow as flow_module
from tips_ros.perception.temporal.stream import Held, Holding, PlacedImage, SteadyStream

SIZE = (120, 160)
MS = 1_000_000
FULL = Holding("full", labels=True)


def image(index: int, seed: int = 1) -> PlacedImage:
    rgb = np.random.default_rng(seed).integers(0, 255, (*SIZE, 3)).astype(np.uint8)
    return PlacedImage(rgb, index * 100 * MS)


def said(depth_m: float, label: int = 3, margin: int = 90) -> Prediction:
    return Prediction(
        np.full(SIZE, depth_m, np.float32),
        labels=np.full(SIZE, label, np.uint8),
        confidence=np.full(SIZE, margin, np.uint8),
    )


def test_what_is_off_hands_out_what_it_was_given():
    stream, prediction = SteadyStream(), said(2.0)
    assert stream.update(prediction, image(0), Holding()) is prediction
    assert stream.last == Held()


def test_switching_off_forgets():
    stream = SteadyStream()
    for i in range(3):
        stream.update(said(2.0), image(i), FULL)
    later = said(2.2)
    assert stream.update(later, image(3), Holding()) is later
    again = stream.update(said(2.2), image(4), FULL)
    np.testing.assert_array_equal(again.depth_m, np.float32(2.2))
    assert stream.last.resets == 0


def test_depth_is_held_and_told_of():
    stream = SteadyStream()
    stream.update(said(2.0), image(0), FULL)
    held = stream.update(said(2.2), image(1), FULL)
    assert 2.0 < float(held.depth_m.mean()) < 2.2
    assert stream.last.scale < 1.0 and stream.last.laid_over == "standing"
    assert stream.last.mode == "full" and stream.last.resets == 0


def test_an_interruption_is_a_reset_with_its_reason_and_forgets_depth_and_labels():
    stream = SteadyStream()
    stream.interrupt("nothing was before")
    stream.update(said(2.0, label=3), image(0), FULL)
    assert stream.last.resets == 0
    stream.interrupt("time went back")
    again = stream.update(said(2.2, label=4, margin=1), image(1), FULL)
    np.testing.assert_array_equal(again.depth_m, np.float32(2.2))
    assert (again.labels == 4).all()
    assert (stream.last.resets, stream.last.reset) == (1, "time went back")
    held = stream.update(said(2.0), image(2), FULL)
    assert 2.0 < float(held.depth_m.mean()) < 2.2


def test_a_reset_is_counted_with_its_reason():
    stream = SteadyStream()
    stream.update(said(2.0), image(0), FULL)
    stream.update(said(2.0), image(90), FULL)
    assert (stream.last.resets, stream.last.reset) == (1, "pause")
    stream.update(said(2.0), image(91), FULL, setting="another scale source")
    assert (stream.last.resets, stream.last.reset) == (2, "another setting")


def test_a_mask_does_not_boil():
    stream = SteadyStream()
    masks = [
        stream.update(said(2.0, label, margin=20), image(i), FULL).labels
        for i, label in enumerate([3, 3, 3, 5, 3, 5, 3, 3])
    ]
    assert all((mask == 3).all() for mask in masks)


def test_a_class_that_stays_is_taken_over():
    stream = SteadyStream()
    for i in range(8):
        last = stream.update(said(2.0, 3 if i < 2 else 5), image(i), FULL).labels
    assert (last == 5).all()


def test_labels_alone_leave_the_depth_as_it_is():
    stream, only = SteadyStream(), Holding("off", labels=True)
    stream.update(said(2.0, 3), image(0), only)
    held = stream.update(said(2.2, 5, margin=20), image(1), only)
    assert (held.labels == 3).all() and (held.depth_m == np.float32(2.2)).all()
    assert stream.last.scale == 1.0


def test_a_cut_takes_the_labels_along():
    stream = SteadyStream()
    stream.update(said(2.0, 3), image(0), FULL)
    held = stream.update(said(2.0, 5, margin=1), image(1, seed=2), FULL)
    assert (held.labels == 5).all() and stream.last.reset == "cut"


def test_a_frame_without_depth_passes():
    stream = SteadyStream()
    only_labels = said(2.0)._replace(depth_m=None)
    assert stream.update(only_labels, image(0), FULL) is only_labels


def test_where_the_picture_changed_the_new_class_is_taken_at_once():
    stream = SteadyStream()
    before, after = image(0), image(1)
    after.rgb[40:100, 50:110] = 250
    stream.update(said(2.0, 3), before, FULL)
    held = stream.update(said(2.0, 5, margin=8), after, FULL).labels
    assert held is not None and (held[50:90, 60:100] == 5).all()
    assert (held[:30, :40] == 3).all() and (held[:, 130:] == 3).all()


def test_labels_are_held_while_depth_flickers():
    """A class is asked whether the picture stays, not whether depth does."""
    stream = SteadyStream()
    rng = np.random.default_rng(1)
    for i, label in enumerate([3, 3, 3, 5, 3]):
        noisy = (2.0 * rng.uniform(0.7, 1.3, SIZE)).astype(np.float32)
        prediction = said(2.0, label, margin=20)._replace(depth_m=noisy)
        held = stream.update(prediction, image(i), FULL)
        assert held.labels is not None and (held.labels == 3).mean() > 0.99, i


def test_behind_somebody_who_has_passed_things_are_called_what_they_were_called():
    """The network calls the wall a person for some frames where one has been until now."""
    stream = SteadyStream()
    for i in range(24):
        now = image(i)
        labels = np.full(SIZE, 3, np.uint8)
        if i >= 8:
            x = 8 * (i - 8)
            now.rgb[20:120, x : x + 32] = (20, 20, 250)
            labels[20:120, max(0, x - 24) : x + 32] = 12
        prediction = said(2.0)._replace(labels=labels, confidence=np.full(SIZE, 90, np.uint8))
        held = stream.update(prediction, now, FULL).labels
        assert held is not None
        if i >= 10:
            assert (held[30:110, x + 4 : x + 28] == 12).mean() > 0.95, i
            assert (held[30:110, : max(0, x - 4)] == 3).mean() > (0.95 if x > 4 else -1), i


def textured(seed: int, height: int, width: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 255, (height // 6, width // 6, 3))
    return np.asarray(cv2.resize(coarse.astype(np.uint8), (width, height)), np.uint8)


def test_what_moves_by_itself_keeps_its_class_on_its_way():
    """A box crosses the view of a camera that stands, and is called something else for a frame."""
    stream, wall, box = SteadyStream(), textured(1, *SIZE), textured(2, 60, 48)
    for i in range(8):
        now, x = image(i), 10 + 5 * i
        now.rgb[:] = wall
        now.rgb[30:90, x : x + 48] = box
        labels, margin = np.full(SIZE, 3, np.uint8), np.full(SIZE, 90, np.uint8)
        labels[30:90, x : x + 48] = 12 if i < 6 else 17
        margin[30:90, x : x + 48] = 90 if i < 6 else 20
        held = stream.update(said(2.0)._replace(labels=labels, confidence=margin), now, FULL)
        assert held.labels is not None and stream.last.laid_over in ("", "standing")
        assert (held.labels[34:86, x + 6 : x + 42] == 12).mean() > 0.9, i
        beside = held.labels[:, : max(0, x - 14)], held.labels[:, x + 56 :]
        assert all((part == 3).all() for part in beside), i


def test_labels_are_held_where_depth_is_far_off():
    """The camera goes sideways along a wall at 2 m, of which the network sees a part at 4 m."""
    stream, wall = SteadyStream(), textured(1, 120, 240)
    lens = Lens(Intrinsics(130.0, 130.0, 79.5, 59.5, 160, 120))
    for i in range(6):
        pose = np.eye(4)
        pose[0, 3] = i * 6 * 2.0 / 130.0
        now = image(i)._replace(lens=lens, world_from_camera=pose, world_id="odom")
        now.rgb[:] = wall[:, 6 * i : 6 * i + 160]
        seen = said(2.0, 3 if i < 5 else 5, margin=90 if i < 5 else 20)
        seen.depth_m[40:80, 40:120] = 4.0
        last = stream.update(seen, now, FULL)
    assert stream.last.laid_over == "pose"
    assert last.labels is not None and (last.labels[44:76, 44:116] == 3).mean() > 0.9


def test_labels_are_not_compared_with_those_of_long_ago():
    stream = SteadyStream()
    for i in range(5):
        stream.update(said(2.0, 3), image(i), FULL)
    for i in range(5, 8):
        stream.update(said(2.0)._replace(labels=None), image(i), FULL)
    held = stream.update(said(2.0, 5, margin=20), image(8), FULL).labels
    assert held is not None and (held == 5).all()


@pytest.mark.parametrize(
    "size", [(1, 1), (3, 5), (16, 16), (60, 3), (12, 100), (30, 700), (700, 30)]
)
def test_pictures_too_small_or_wide_for_optical_flow_are_held_as_well(size: tuple[int, int]):
    stream = SteadyStream()
    for index, depth_m in enumerate((2.0, 2.1, 2.0)):
        rgb = np.random.default_rng(index).integers(0, 255, (*size, 3)).astype(np.uint8)
        prediction = Prediction(np.full(size, depth_m, np.float32))
        held = stream.update(prediction, PlacedImage(rgb, index * 100 * MS), FULL)
        assert held.depth_m.shape == size and np.isfinite(held.depth_m).all()


@pytest.fixture
def flows(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One for each time that dense flow is looked for."""
    found, look = [], flow_module.dense_flow

    def count(*given: Any) -> np.ndarray:
        found.append(True)
        return look(*given)

    monkeypatch.setattr(flow_module, "dense_flow", count)
    return found


@pytest.mark.parametrize("posed", [True, False])
@pytest.mark.parametrize("changes", [True, False])
@pytest.mark.parametrize("holding", [FULL, Holding("off", labels=True), Holding("scale")])
def test_flow_is_looked_for_once_a_frame_and_only_where_it_is_asked(
    flows: list[bool], posed: bool, changes: bool, holding: Holding
):
    """Labels ask for it where something changed, depth where no pose is known."""
    stream, lens = SteadyStream(), Lens(Intrinsics(130.0, 130.0, 79.5, 59.5, 160, 120))
    for i in range(4):
        now = image(i)
        if posed:
            now = now._replace(lens=lens, world_from_camera=np.eye(4), world_id="odom")
        if changes:
            now.rgb[40:100, 10 + 20 * i : 50 + 20 * i] = 250
        stream.update(said(2.0), now, holding)
        asked = not posed or (changes and holding.labels)
        assert len(flows) == (i if asked else 0)
