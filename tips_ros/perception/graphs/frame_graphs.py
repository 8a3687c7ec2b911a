# SPDX-License-Identifier: Apache-2.0
"""Recordings of whole frames, one for each kind of batch, made when it first comes."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.model.engines.recording import Recording
from tips_ros.perception.graphs.frame_work import FramePlan, FrameWork
from tips_ros.perception.host_transfer import pin
from tips_ros.perception.packed_frame import PackedFrame

logger = logging.getLogger(__name__)

Plans = tuple[FramePlan, ...]
KEPT = 16  # outputs come and go with their subscribers, cameras with their resolutions
_TOLERANCE = 1e-2  # of the largest value: what libraries may choose otherwise while recording
_WRONG_SHARE = 0.01


class _Recorded(NamedTuple):
    work: FrameWork
    recording: Recording


class FrameGraphs:
    """Plays batches of frames: one upload, one graph, one block of results for each.

    A batch that can't be recorded, or whose recording says something else than what was recorded,
    is not played; the reason is logged once. May be used by several threads.
    """

    def __init__(
        self, make_work: Callable[[Plans], FrameWork], device: torch.device, kept: int = KEPT
    ) -> None:
        """Begins with no recording.

        Args:
            make_work: the work of a batch on the device.
            device: a CUDA GPU.
            kept: recordings that are kept, the last used ones.
        """
        self._make_work, self._device, self._kept = make_work, device, kept
        self._recorded: OrderedDict[Plans, _Recorded | None] = OrderedDict()
        self._pool = torch.cuda.graph_pool_handle()
        self._lock = threading.Lock()

    def play(
        self, plans: Plans, pictures: Sequence[NDArray[np.uint8]]
    ) -> tuple[list[PackedFrame], FrameWork] | None:
        """Asks for the results of a batch; None where it is not to be played.

        Args:
            plans: of each picture.
            pictures: (H, W, 3) uint8 each; their memory may change as soon as this returns.
        """
        # They share the memory that they read and write: a second one may not begin before the
        # results of the first are asked to be copied.
        with self._lock:
            found = self._find(plans, pictures)
            if found is None:
                return None
            (block,) = found.recording([_in_one(pictures)])
        return [PackedFrame(block, layout) for layout in found.work.layouts], found.work

    def knows(self, plans: Plans) -> bool:
        """Whether such a batch has come before, and is not to be recorded first."""
        with self._lock:
            return plans in self._recorded

    def prepare(self, plans: Plans, pictures: Sequence[NDArray[np.uint8]]) -> None:
        """Records a batch that has not come before, and nothing else. Arguments as for `play`."""
        with self._lock:
            self._find(plans, pictures)

    def _find(self, plans: Plans, pictures: Sequence[NDArray[np.uint8]]) -> _Recorded | None:
        """The recording of a batch, made now if there is none; None where there can't be one."""
        if plans not in self._recorded:
            self._recorded[plans] = self._record(plans, pictures)
            while len(self._recorded) > self._kept:
                self._recorded.popitem(last=False)
        self._recorded.move_to_end(plans)
        return self._recorded[plans]

    def _record(self, plans: Plans, pictures: Sequence[NDArray[np.uint8]]) -> _Recorded | None:
        """Records a batch and compares what it plays with what was recorded."""
        try:
            work = self._make_work(plans)
            pixels = _in_one(pictures).to(self._device)
            (expected,) = work(pixels)
            recording = Recording(work, [pixels], pool=self._pool, dtype=None)
            (block,) = recording([pixels])
            for layout in work.layouts:
                frames = PackedFrame(block, layout), PackedFrame(expected, layout)
                for name in layout.slots:
                    if not _alike(*(frame[name] for frame in frames)):
                        raise ValueError(f"played it gives another {name} than step by step")
        except Exception as error:  # whatever can't be recorded: frames come step by step
            said = " ".join(str(error).split())[:200]
            logger.warning(
                "frames are not recorded as a CUDA graph, torch runs them step by step (%s: %s)",
                type(error).__name__,
                said,
            )
            return None
        return _Recorded(work, recording)


def _alike(found: Tensor, expected: Tensor) -> bool:
    """Whether nearly all values are the same up to rounding."""
    if not found.dtype.is_floating_point:
        return bool((found != expected).float().mean() <= _WRONG_SHARE)
    wide, other = found.float().nan_to_num(), expected.float().nan_to_num()
    off = (wide - other).abs() > _TOLERANCE * other.abs().max()
    return bool(off.float().mean() <= _WRONG_SHARE)


def _in_one(pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
    """All pictures one after the other, in pinned memory (bytes,)."""
    pinned = pin((sum(picture.size for picture in pictures),), torch.uint8)
    start = 0
    for picture in pictures:
        place = pinned.numpy()[start : start + picture.size]
        np.copyto(place.reshape(picture.shape), picture)
        start += picture.size
    return pinned
