# SPDX-License-Identifier: Apache-2.0
"""Depth that belongs to its picture and depth that doesn't, made here and recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tips_ros.perception.depth.registration import RegistrationCheck

WIDTH, HEIGHT = 640, 480
BAGS = Path(__file__).parents[4] / "shared" / "data" / "bags"


def scene(seed: int, zoom: float = 1.0, dx: float = 0.0, dy: float = 0.0) -> np.ndarray:
    """(H, W, 4) colours and depth of boxes and balls before a wall with pictures on it.

    The view is zoomed about the image's centre and shifted, pixels.
    """
    rng = np.random.default_rng(seed)
    image = np.empty((HEIGHT, WIDTH, 4), np.float32)
    image[:] = (*rng.uniform(60, 200, 3), 4.0)
    centre = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])

    def place(x: float, y: float) -> tuple[int, int]:
        moved = (np.array([x, y]) - centre) * zoom + centre + (dx, dy)
        return round(moved[0]), round(moved[1])

    def thing(depth: float, side: float) -> None:
        colour = (*rng.uniform(0, 255, 3), depth)
        x, y = rng.uniform((0, 0), (WIDTH, HEIGHT))
        if rng.random() < 0.5:
            cv2.circle(image, place(x, y), round(side * zoom / 2), colour, -1)
        else:
            a, b = rng.uniform(0.5, 1.5, 2) * side / 2
            cv2.rectangle(image, place(x - a, y - b), place(x + a, y + b), colour, -1)

    for _ in range(25):
        thing(4.0, 70.0)  # flat: pictures on the wall
    for depth in (3.2, 2.8, 2.4, 2.0, 1.7, 1.4, 1.2, 1.0):
        thing(depth, 90.0)
    return image


def seen(seed: int) -> np.ndarray:
    """(H, W, 3) uint8 RGB with noise."""
    noise = np.random.default_rng(seed + 100).normal(0, 4, (HEIGHT, WIDTH, 3))
    return (scene(seed)[..., :3] + noise).clip(0, 255).astype(np.uint8)


def measured(seed: int, **moved: float) -> np.ndarray:
    """(H, W) depth with noise and holes."""
    rng = np.random.default_rng(seed + 200)
    depth = scene(seed, **moved)[..., 3] * (1 + 0.01 * rng.normal(size=(HEIGHT, WIDTH)))
    return np.where(rng.random(depth.shape) < 0.05, np.nan, depth).astype(np.float32)


@pytest.mark.parametrize("seed", range(6))
def test_depth_of_its_picture_is_registered(seed: int):
    found = RegistrationCheck().add(seen(seed), measured(seed))
    assert found.registered is True and not found.note


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "moved", [{"dx": 20.0}, {"dx": -16.0}, {"dy": 16.0}, {"zoom": 0.9}, {"zoom": 1.1}]
)
def test_depth_that_is_shifted_or_of_another_focal_length_is_not(
    seed: int, moved: dict[str, float]
):
    found = RegistrationCheck().add(seen(seed), measured(seed, **moved))
    assert found.registered is False
    assert "not registered to the picture" in found.note
    # What would put it right is found, too.
    assert found.zoom * moved.get("zoom", 1.0) == pytest.approx(1.0, abs=0.03)
    assert found.shift[0] * WIDTH == pytest.approx(-moved.get("dx", 0.0), abs=6)
    assert found.shift[1] * WIDTH == pytest.approx(-moved.get("dy", 0.0), abs=6)


def test_the_size_of_the_depth_image_does_not_matter():
    small = cv2.resize(measured(1), (320, 240), interpolation=cv2.INTER_NEAREST)
    assert RegistrationCheck().add(seen(1), small).registered is True


@pytest.mark.parametrize("seed", range(4))
def test_of_another_scene_nothing_is_said_to_be_registered(seed: int):
    assert not RegistrationCheck().add(seen(seed), measured(seed + 50)).registered


def test_a_picture_or_depth_without_outlines_says_nothing():
    grey = np.random.default_rng(0).normal(128, 3, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    assert RegistrationCheck().add(grey, measured(0)).registered is None
    found = RegistrationCheck().add(seen(0), np.full((HEIGHT, WIDTH), 2.0, np.float32))
    assert found.registered is None and "too few outlines" in found.note
    nothing = np.full((HEIGHT, WIDTH), np.nan, np.float32)
    assert RegistrationCheck().add(seen(0), nothing).registered is None


@pytest.mark.slow
def test_evidence_gathers_and_is_forgotten():
    check = RegistrationCheck()
    check.add(seen(0), measured(0))
    assert check.verdict().registered is True
    for _ in range(12):  # someone has knocked against the sensor
        verdict = check.add(seen(0), measured(0, dx=20.0))
    assert verdict.registered is False
    check.reset()
    assert check.verdict().registered is None


@pytest.mark.parametrize("memory", [-0.1, 1.0])
def test_a_memory_that_never_forgets_is_refused(memory: float):
    with pytest.raises(ValueError, match="memory"):
        RegistrationCheck(memory)


def recorded(name: str, every: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(RGB, depth in metres) of a bag whose two topics have the same stamps."""
    from tips_ros.bags.reader import BagReader

    colour: dict[int, np.ndarray] = {}
    with BagReader(BAGS / name) as reader:
        for message in reader.messages():
            if message.type.endswith("/CameraInfo"):
                continue
            content = reader.deserialize(message)
            stamp = content.header.stamp.sec * 10**9 + content.header.stamp.nanosec
            if message.type.endswith("/CompressedImage"):
                colour[stamp] = content.data
            elif stamp in colour and (len(colour) - 1) % every == 0:
                millimetres = np.frombuffer(content.data, np.uint16)
                bgr = cv2.imdecode(np.asarray(colour[stamp]), cv2.IMREAD_COLOR)
                depth = millimetres.reshape(content.height, content.width) / 1000.0
                yield np.ascontiguousarray(bgr[..., ::-1]), depth.astype(np.float32)


@pytest.mark.slow
@pytest.mark.skipif(not BAGS.is_dir(), reason="needs the recorded bags of ../shared/data")
@pytest.mark.parametrize(
    ("name", "every", "registered"),
    [
        ("redwood_rgbd_aligned_mcap", 1, True),
        ("sevenscenes_rgbd_90f_unregistered_mcap", 15, False),
    ],
)
def test_a_recorded_topic_that_says_aligned_is_believed_only_when_it_is(
    name: str, every: int, registered: bool
):
    """Frame by frame, and all together. The topic of the second bag lies."""
    together = RegistrationCheck()
    frames = 0
    for rgb, depth_m in recorded(name, every):
        assert RegistrationCheck().add(rgb, depth_m).registered is registered
        together.add(rgb, depth_m)
        frames += 1
    assert frames >= 5
    assert together.verdict().registered is registered
