# SPDX-License-Identifier: Apache-2.0
"""What flickers is held, what changes is not, and nothing is carried over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.perception.temporal.steady_depth import Mode, SteadyDepth

SIZE = (240, 320)
LENS = Lens(Intrinsics(260.0, 260.0, 159.5, 119.5, 320, 240))
MS = 1_000_000


def picture(seed: int = 1) -> np.ndarray:
    """Something to see at every scale."""
    rng = np.random.default_rng(seed)
    layers = [
        cv2.resize(rng.uniform(0, 255, (n, n, 3)).astype(np.float32), SIZE[::-1])
        for n in (4, 12, 40)
    ]
    return np.mean(layers, axis=0).astype(np.uint8)


def depth(seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    field = cv2.resize(rng.uniform(2, 4, (5, 5)).astype(np.float32), SIZE[::-1])
    return np.asarray(field, np.float32)


def frame(
    index: int, depth_m: np.ndarray, pose: np.ndarray | None = None, every_ms: int = 100
) -> PosedFrame:
    return PosedFrame(
        index * every_ms * MS,
        depth_m=depth_m.astype(np.float32),
        lens=LENS,
        world_from_camera=pose,
        world_id="" if pose is None else "odom",
    )


def flickering(count: int, scale: float, pixels: float) -> Iterator[np.ndarray]:
    """The same depth with another factor each time, and noise that is smooth over some pixels."""
    rng = np.random.default_rng(4)
    for _ in range(count):
        noise = cv2.resize(rng.standard_normal((24, 32)).astype(np.float32), SIZE[::-1])
        yield depth() * np.exp(scale * rng.standard_normal() + pixels * noise)


def change(maps: list[np.ndarray]) -> float:
    """Mean |change of ln| from frame to frame, without the first five."""
    logs = np.log(np.array(maps[5:]))
    return float(np.nanmean(np.abs(np.diff(logs, axis=0))))


@pytest.mark.parametrize(("mode", "at_most"), [("scale", 0.35), ("full", 0.3)])
def test_a_camera_that_stands_sees_a_scene_that_stands(mode: Mode, at_most: float):
    raw = list(flickering(20, 0.05, 0.0 if mode == "scale" else 0.01))
    steady = SteadyDepth(mode)
    frames = [frame(i, d, np.eye(4)) for i, d in enumerate(raw)]
    held = [steady.update(one, picture()).frame.depth_m for one in frames]
    assert change(held) < at_most * change(raw)


def test_without_poses_the_picture_tells_that_the_camera_stands():
    steady = SteadyDepth("full")
    kinds = [
        steady.update(frame(i, d), picture()).kind for i, d in enumerate(flickering(4, 0.02, 0.0))
    ]
    assert kinds == [None, "standing", "standing", "standing"]


def test_the_first_frame_is_as_it_is():
    raw = depth()
    steadied = SteadyDepth("full").update(frame(0, raw), picture())
    assert steadied.frame.depth_m is raw or np.array_equal(steadied.frame.depth_m, raw)
    assert steadied.reset == "first frame" and steadied.log_scale == 0.0


def test_after_a_cut_a_frame_is_as_if_nothing_had_been_before():
    for mode in ("scale", "full"):
        steady = SteadyDepth(mode)
        for i in range(5):
            steady.update(frame(i, depth(1)), picture(1))
        after = steady.update(frame(5, depth(2) * 1.1), picture(2))
        assert after.reset == "cut"
        np.testing.assert_array_equal(after.frame.depth_m, (depth(2) * 1.1).astype(np.float32))


@pytest.mark.parametrize(
    ("later", "why"),
    [
        (frame(0, depth()), "time went back"),
        (frame(4, depth()), "same stamp"),
        (frame(40, depth()), "pause"),
        (replace(frame(5, depth()), lens=Lens(replace(LENS.intrinsics, fx=300.0))), "another lens"),
        (frame(5, depth()[:120]), "another lens"),
        (frame(5, depth() * 2.0), "another scale"),
    ],
)
def test_what_can_t_be_compared_begins_anew(later: PosedFrame, why: str):
    steady = SteadyDepth("full")
    for i in range(5):
        steady.update(frame(i, depth() * (1 + 0.01 * i)), picture())
    found = steady.update(later, picture())
    assert found.reset == why
    np.testing.assert_array_equal(found.frame.depth_m, later.depth_m)


def test_a_scale_that_changes_for_good_is_followed_soon():
    steady = SteadyDepth("full")
    for i in range(20):
        last = steady.update(frame(i, depth() * (1.0 if i < 5 else 1.2)), picture())
    assert np.median(last.frame.depth_m / depth()) == pytest.approx(1.2, rel=0.02)


def test_it_never_drifts_away_from_what_the_network_says():
    steady = SteadyDepth("scale")
    for i, raw in enumerate(flickering(200, 0.03, 0.01)):
        held = steady.update(frame(i, raw), picture()).frame.depth_m
        assert abs(np.median(np.log(held / depth()))) < 0.08, i


def moved(shift: int) -> np.ndarray:
    return np.asarray(cv2.warpAffine(
        picture(), np.array([[1, 0, shift], [0, 1, 0]], np.float32), SIZE[::-1],
        borderMode=cv2.BORDER_REFLECT,
    ))


def test_a_person_who_steps_in_is_where_the_frame_says():
    steady = SteadyDepth("full")
    for i in range(8):
        steady.update(frame(i, depth()), picture())
    raw, seen = depth(), picture()
    raw[60:200, 120:180], seen[60:200, 120:180] = 1.0, (250, 20, 20)
    held = steady.update(frame(8, raw), seen).frame.depth_m
    np.testing.assert_allclose(held[80:180, 130:170], 1.0, rtol=0.05)
    gone = steady.update(frame(9, depth()), picture()).frame.depth_m
    np.testing.assert_allclose(gone[80:180, 130:170], depth()[80:180, 130:170], rtol=0.05)


def test_driving_on_by_poses_a_wall_comes_nearer_as_it_does():
    """2 cm a frame towards a wall: what is held is the wall, not its distance."""
    steady = SteadyDepth("full")
    for i in range(20):
        pose = np.eye(4)
        pose[2, 3] = 0.02 * i
        true = np.full(SIZE, 3.0 - 0.02 * i, np.float32)
        grown = cv2.getRotationMatrix2D((159.5, 119.5), 0, 3.0 / float(true[0, 0]))
        seen = cv2.warpAffine(picture(), grown, SIZE[::-1], borderMode=cv2.BORDER_REFLECT)
        held = steady.update(frame(i, true, pose), seen)
    assert held.kind == "pose"
    assert np.median(held.frame.depth_m) == pytest.approx(3.0 - 0.02 * 19, rel=0.003)


def test_driving_on_without_poses_too():
    steady = SteadyDepth("full")
    for i in range(20):
        true = np.full(SIZE, 3.0 - 0.02 * i, np.float32)
        grown = cv2.getRotationMatrix2D((159.5, 119.5), 0, 3.0 / float(true[0, 0]))
        seen = cv2.warpAffine(picture(), grown, SIZE[::-1], borderMode=cv2.BORDER_REFLECT)
        held = steady.update(frame(i, true), seen)
    assert held.kind in ("flow", "standing")
    assert np.median(held.frame.depth_m) == pytest.approx(3.0 - 0.02 * 19, rel=0.01)


def test_poses_in_different_worlds_are_none():
    steady = SteadyDepth("full")
    steady.update(frame(0, depth(), np.eye(4)), picture())
    far = np.eye(4)
    far[:3, 3] = 50.0
    other = replace(frame(1, depth(), far), world_id="map")
    assert steady.update(other, picture()).kind == "standing"


def test_infinite_and_missing_depth_stay_what_they_are():
    raw = depth()
    raw[:40], raw[200:] = np.inf, np.nan
    steady = SteadyDepth("full")
    for i in range(4):
        held = steady.update(frame(i, raw), picture()).frame.depth_m
    assert np.isposinf(held[:30]).all() and np.isnan(held[210:]).all()
    assert np.isfinite(held[50:190]).all()


def test_nothing_to_see_is_no_error():
    steady = SteadyDepth("full")
    black, nothing = np.zeros((*SIZE, 3), np.uint8), np.full(SIZE, np.nan, np.float32)
    for i in range(3):
        held = steady.update(frame(i, nothing), black).frame.depth_m
        assert np.isnan(held).all()


def test_the_deviation_is_scaled_as_the_depth_is():
    steady = SteadyDepth("scale")
    steady.update(frame(0, depth()), picture())
    raw = depth() * np.float32(1.1)
    later = replace(frame(1, raw), stddev_m=raw * np.float32(0.1))
    held = steady.update(later, picture()).frame
    np.testing.assert_allclose(held.stddev_m / held.depth_m, 0.1, rtol=1e-5)


def test_where_the_past_is_not_held_against_a_frame_its_deviation_is_as_it_was():
    steady = SteadyDepth("full")
    for i, raw in enumerate(flickering(8, 0.05, 0.01)):
        given = replace(frame(i, raw, np.eye(4)), stddev_m=raw * np.float32(0.1))
        held = steady.update(given, picture()).frame
        told = held.stddev_m / held.depth_m
        assert np.median(told) == pytest.approx(0.1, rel=1e-4)
        assert (np.abs(told - 0.1) < 1e-4).mean() > 0.97


def test_the_picture_may_have_any_size():
    steady = SteadyDepth("full")
    for i in range(3):
        seen = cv2.resize(picture(), (640, 480))
        assert steady.update(frame(i, depth()), seen).frame.depth_m.shape == SIZE


def test_the_same_frames_give_the_same_numbers():
    runs = []
    for _ in range(2):
        steady = SteadyDepth("full")
        runs.append([
            steady.update(frame(i, d), moved(2 * i)).frame.depth_m
            for i, d in enumerate(flickering(6, 0.05, 0.01))
        ])
    np.testing.assert_array_equal(*runs)


def walker(index: int) -> tuple[slice, slice]:
    """Somebody who takes a fifth of the picture and crosses it."""
    return slice(40, 240), slice(30 + 12 * index, 30 + 12 * index + 80)


def test_somebody_who_walks_by_does_not_set_the_camera_going():
    """Without poses: most of the flow is nothing, some of it is not, and the camera stands."""
    steady, person = SteadyDepth("full"), cv2.resize(picture(9), (80, 200))
    rng = np.random.default_rng(5)
    kinds = []
    for i in range(10):
        seen, raw = picture().astype(np.int16), depth()
        seen[walker(i)], raw[walker(i)] = person, 1.2
        noisy = np.clip(seen + rng.normal(0, 2, seen.shape), 0, 255).astype(np.uint8)
        found = steady.update(frame(i, raw), noisy)
        kinds.append(found.kind)
        np.testing.assert_allclose(found.frame.depth_m[60:220, 50 + 12 * i : 80 + 12 * i], 1.2, 0.1)
    assert kinds[1:].count("standing") >= 8


def test_flicker_far_above_the_sensor_s_is_held_while_the_picture_stays():
    raw = list(flickering(20, 0.0, 0.05))
    steady = SteadyDepth("full")
    held = [steady.update(frame(i, d, np.eye(4)), picture()).frame.depth_m
            for i, d in enumerate(raw)]  # fmt: skip
    assert change(held) < 0.35 * change(raw)


def test_both_modes_take_the_same_factor_from_a_frame():
    scale, full = SteadyDepth("scale"), SteadyDepth("full")
    for i, raw in enumerate(flickering(8, 0.05, 0.02)):
        seen = moved(2 * i)
        one, other = (steady.update(frame(i, raw), seen) for steady in (scale, full))
        assert one.log_scale == other.log_scale and one.kind == other.kind
        np.testing.assert_allclose(
            one.frame.depth_m, raw * np.float32(np.exp(one.log_scale)), rtol=1e-6
        )


@pytest.mark.parametrize("mode", ["scale", "full"])
def test_a_camera_that_slides_along_a_wall_is_followed_through_its_plain_parts(mode: Mode):
    """Half of the wall has nothing to see: flow says nothing there, the camera's motion does."""
    steady, wall = SteadyDepth(mode), picture()
    wall[:, 100:220] = 128
    for i in range(6):
        shift = np.array([[1, 0, 3.0 * i], [0, 1, 0]], np.float32)
        seen = cv2.warpAffine(wall, shift, SIZE[::-1], borderMode=cv2.BORDER_REFLECT)
        found = steady.update(frame(i, np.full(SIZE, 2.0 * 1.03**i)), seen)
    assert found.kind == "flow" and found.warp is not None and found.warp.x is not None
    columns = np.arange(found.warp.x.shape[1], dtype=np.float32)
    off = (found.warp.x - columns)[20:100, 55:105] * 320 / found.warp.x.shape[1]
    np.testing.assert_allclose(off, -3.0, atol=0.6)


def passing(count: int, beside: float) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Somebody passes a camera that stands; beside, the network says another depth for a moment.

    Picture, depth, and where somebody is, of each frame; nobody in the first five.
    """
    person = cv2.resize(picture(9), (80, 200)) // 2 + 128
    for i in range(count):
        seen, raw = picture(), depth()
        who = np.zeros(SIZE, np.bool_)
        if i >= 5:
            left = 12 * (i - 5) - 80
            who[40:240, max(0, left) : max(0, left + 80)] = True
        near = cv2.dilate(who.view(np.uint8), np.ones((49, 49), np.uint8)) > 0
        raw[near] *= beside
        raw[who] = 1.2
        seen[who] = np.resize(person.reshape(-1, 3), (np.count_nonzero(who), 3))
        yield seen, raw, who


@pytest.mark.parametrize("beside", [0.85, 0.9, 1.2])
def test_what_somebody_passes_by_stays_and_is_there_again_behind_them(beside: float):
    """It flickers by half at most, and next to nowhere is further off than the network ever was."""
    steady, changes, before = SteadyDepth("full"), [], None
    for seen, raw, who in passing(30, beside):
        held = steady.update(frame(len(changes), raw, np.eye(4)), seen).frame.depth_m
        inside = cv2.erode(who.view(np.uint8), np.ones((13, 13), np.uint8)) > 0
        np.testing.assert_allclose(held[inside], 1.2, rtol=0.02)
        free = cv2.dilate(who.view(np.uint8), np.ones((13, 13), np.uint8)) == 0
        off = np.abs(np.log(held / depth()))[free]
        assert np.quantile(off, 0.95) < abs(np.log(beside)) + 0.02
        if before is not None:
            both = free & before[2]
            changes.append([
                np.abs(np.log(now[both] / then[both])).mean()
                for now, then in zip((held, raw), before, strict=False)
            ])
        else:
            changes.append([0.0, 0.0])
        before = held, raw, free
    held_changes, raw_changes = np.sum(changes, axis=0)
    assert held_changes < 0.5 * raw_changes


@pytest.mark.parametrize("m_per_s", [0.2, 0.5, 1.0, -0.5])
def test_a_plain_thing_that_comes_nearer_is_followed_though_the_picture_stays(m_per_s: float):
    """Its colour is all that the picture shows of it, and that does not change."""
    steady = SteadyDepth("full")
    for i in range(25):
        raw, seen = depth(), picture()
        raw[60:200, 100:220] = true = 2.5 - 0.1 * m_per_s * max(0, i - 8)
        seen[50:210, 90:230] = (200, 190, 180)
        if true < 0.4:
            break
        given = replace(frame(i, raw, np.eye(4)), stddev_m=raw * np.float32(0.05))
        held = steady.update(given, seen).frame
        inside = slice(70, 190), slice(110, 210)
        assert abs(np.log(np.median(held.depth_m[inside]) / true)) < 0.38, i
        # The deviation says so.
        assert (np.abs(held.depth_m - true) < 2.0 * held.stddev_m)[inside].mean() > 0.99, i


def test_what_appears_in_the_colour_of_what_is_behind_it_is_seen_at_once_if_far_in_front():
    steady, seen = SteadyDepth("full"), picture()
    seen[50:210, 90:230] = (200, 190, 180)
    for i in range(10):
        raw = depth()
        if i >= 8:
            raw[60:200, 100:220] *= 0.5
        held = steady.update(frame(i, raw, np.eye(4)), seen).frame.depth_m
    np.testing.assert_allclose(held[70:190, 110:210], raw[70:190, 110:210], rtol=0.02)


def test_a_door_that_was_opened_behind_somebody_is_open_when_they_have_passed():
    steady = SteadyDepth("full")
    for i, (seen, raw, who) in enumerate(passing(30, 1.0)):
        if i >= 12:
            open_door = np.zeros(SIZE, np.bool_)
            open_door[60:200, 60:100] = True
            raw[open_door & ~who] = 8.0
            seen[open_door & ~who] = 20
        held = steady.update(frame(i, raw, np.eye(4)), seen).frame.depth_m
    np.testing.assert_allclose(held[70:190, 70:90], 8.0, rtol=0.05)


@pytest.mark.parametrize("darker_by", [0, 2, -2])
def test_what_was_hidden_is_known_again_in_another_exposure(darker_by: int):
    steady, known, uncovered = SteadyDepth("full"), 0, 0
    hidden = np.zeros((120, 160), np.bool_)
    for i, (seen, raw, who) in enumerate(passing(26, 1.0)):
        exposed = np.clip(seen.astype(np.int16) - darker_by * max(0, i - 5), 0, 255)
        done = steady.update(frame(i, raw, np.eye(4)), exposed.astype(np.uint8))
        now = cv2.dilate(who.view(np.uint8), np.ones((5, 5), np.uint8))[::2, ::2] > 0
        if done.again is not None:
            uncovered += np.count_nonzero(hidden & ~now)
            known += np.count_nonzero(done.again & hidden & ~now)
        hidden = now
    assert uncovered > 1000 and known > 0.7 * uncovered


def test_a_large_close_person_does_not_set_the_camera_going():
    steady, person = SteadyDepth("full"), cv2.resize(picture(9), (84, 230))
    kinds = []
    for i in range(8):
        seen, raw = picture(), depth()
        place = slice(10, 240), slice(10 + 18 * i, 94 + 18 * i)
        seen[place], raw[place] = person, 0.9
        kinds.append(steady.update(frame(i, raw), seen).kind)
    assert kinds[1:].count("standing") >= 6


@pytest.mark.parametrize("walks_px", [0, 10, -12])
def test_the_way_ahead_is_all_seen_without_poses_whoever_walks_by(walks_px: int):
    """Towards a wall that is plain in its middle: too short a step would leave it too far."""
    steady, wall, person = SteadyDepth("scale"), picture(), cv2.resize(picture(9), (36, 120))
    wall[:, 100:220] = 128
    for i in range(12):
        nearer = 3.0 - 0.04 * i
        grown = cv2.getRotationMatrix2D((159.5, 119.5), 0, 3.0 / nearer)
        seen = cv2.warpAffine(wall, grown, SIZE[::-1], borderMode=cv2.BORDER_REFLECT)
        raw = np.full(SIZE, nearer, np.float32)
        if walks_px and i >= 4:
            left = (20 if walks_px > 0 else 240) + walks_px * (i - 4)
            place = slice(100, 220), slice(left, left + 36)
            seen[place], raw[place] = person, 1.5
        found = steady.update(frame(i, raw), seen)
        if i:
            assert found.warp is not None and found.kind == "flow", i
            true = np.log((nearer + 0.04) / nearer)
            assert np.nanmedian(found.warp.log_ratio) == pytest.approx(true, rel=0.35), i
            assert abs(found.log_scale) < 0.01, i
