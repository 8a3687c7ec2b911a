# SPDX-License-Identifier: Apache-2.0
"""A wall to look at, its depth as a network might say it, and somebody who passes."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.posed_frame import PosedFrame

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


def moved(shift: int) -> np.ndarray:
    return np.asarray(cv2.warpAffine(
        picture(), np.array([[1, 0, shift], [0, 1, 0]], np.float32), SIZE[::-1],
        borderMode=cv2.BORDER_REFLECT,
    ))


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
