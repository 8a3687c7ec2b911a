# SPDX-License-Identifier: Apache-2.0
"""Rooms that are soon rendered, odd ones among them; for processes, which import this file."""

from __future__ import annotations

import os
import signal
import time

import numpy as np

from training.frames.frame_store import StoredFrame

VIEWS = 2


def frames_of(number: int) -> StoredFrame:
    """Frames whose focal ratio is the room's number."""
    return StoredFrame(
        np.full((VIEWS, 224, 224, 3), number % 256, np.uint8),
        np.full((VIEWS, 128, 128), 2, np.float16),
        np.zeros((VIEWS, 128, 128, 3), np.int8),
        np.zeros((VIEWS, 128, 128), np.uint8),
        np.full(VIEWS, number, np.float32),
    )


def odd_ones_fail(number: int) -> StoredFrame:
    if number % 2:
        raise ValueError(f"no door in room {number}")
    return frames_of(number)


def is_killed_at_the_fifth(number: int) -> StoredFrame:
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return frames_of(number)


def is_killed(number: int) -> StoredFrame:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def fails(number: int) -> StoredFrame:
    raise ValueError("no door")


def says_how_it_runs(number: int) -> StoredFrame:
    made = frames_of(number)
    made.focal_ratio[:] = os.nice(0), os.environ["OMP_NUM_THREADS"] == "1"
    return made
