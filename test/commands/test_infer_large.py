# SPDX-License-Identifier: Apache-2.0
"""A large picture costs what its outputs weigh, not a multiple of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 4000, 3000
_OUTPUT_BYTES = 3 + 4 + 12 + 1 + 1  # a pixel: colour, depth, normal, class, confidence


def peak_bytes(*args: object) -> int:
    """The most that the command has in memory."""
    command = [sys.executable, "-m", "tips_ros", "infer", *map(str, args), "--device", "cpu"]
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_DUP2, 1, 2)]
    process = os.posix_spawn(sys.executable, command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(process, 0)
    assert status == 0
    return usage.ru_maxrss * 1024


def test_twelve_megapixels_with_a_cloud_are_made_in_strips(tmp_path: Path):
    v, u = np.mgrid[:48, :64].astype(np.uint8)
    small = np.stack([u * 3, v * 4, u + v], axis=-1)
    large = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    for name, picture in (("small", small), ("large", large)):
        assert cv2.imwrite(str(tmp_path / f"{name}.jpg"), picture)
    options = ["--hfov-deg", 60, "--output", tmp_path / "out", "--overwrite"]
    before = peak_bytes(tmp_path / "small.jpg", *options)
    more = peak_bytes(tmp_path / "large.jpg", *options) - before
    assert (tmp_path / "out" / "points.ply").stat().st_size > 31 * WIDTH * HEIGHT
    # The cloud alone is 32 bytes a pixel, and making it whole took 190 in all.
    assert more < 4 * _OUTPUT_BYTES * WIDTH * HEIGHT
