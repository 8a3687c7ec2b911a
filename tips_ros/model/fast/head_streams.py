# SPDX-License-Identifier: Apache-2.0
"""Heads side by side on a GPU: each alone leaves most of a large one idle."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from tips_ros.model.tips import MapsByName, run_in_turn


class HeadStreams:
    """Runs heads on streams of their own, which begin and end with the stream of the caller.

    Recorded in a graph they are its parallel branches. What they read must be held until they
    are done. Not for several threads at a time.
    """

    def __init__(self, device: torch.device) -> None:
        """Begins for one device; on others than CUDA's heads run in turn."""
        self._device = device
        self._streams: list[torch.cuda.Stream] = []

    def __call__(self, heads: Sequence[Callable[[], MapsByName]]) -> list[MapsByName]:
        """Asks for what heads make, and returns it in their order."""
        if self._device.type != "cuda" or len(heads) < 2:
            return run_in_turn(heads)
        while len(self._streams) < len(heads) - 1:
            self._streams.append(torch.cuda.Stream(self._device))
        streams = self._streams[: len(heads) - 1]
        here = torch.cuda.current_stream(self._device)
        begun = here.record_event()
        aside = []
        for stream, head in zip(streams, heads[1:], strict=True):
            stream.wait_event(begun)
            with torch.cuda.stream(stream):
                aside.append(head())
        made = [heads[0](), *aside]
        for stream in streams:
            here.wait_event(stream.record_event())
        return made
