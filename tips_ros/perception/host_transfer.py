# SPDX-License-Identifier: Apache-2.0
"""Pictures to the device, results back to the host. Nothing waits for what it does not need.

To and from a GPU data goes through pinned memory, which torch keeps for the next time: it hands a
block out again when no copy is under way in it and nobody holds the array that lies there. On a CPU
nothing is copied and nothing waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.perception.encoded_image import EncodedImage

_FIRST = -1  # priority of a stream: before those of 0, where passes run


def to_device(pixels: NDArray[np.uint8], device: torch.device) -> Tensor:
    """The same array on the device. On a GPU it is there for all that is asked of it from now on.

    Args:
        pixels: any view, such as a mirrored or read-only one; may change as soon as this returns
            if the device is a GPU. On the CPU the tensor is the array's memory where it can be.
        device: where to.
    """
    if device.type == "cuda":
        pinned = pin(pixels.shape, torch.uint8)
        np.copyto(pinned.numpy(), pixels)
        return pinned.to(device, non_blocking=True)
    # torch wants writable memory even where it only reads; a read-only view of a message is
    # copied (1 MB at 640×480), anything else is not.
    array = pixels if pixels.flags.writeable else pixels.copy()
    return torch.from_numpy(np.ascontiguousarray(array)).to(device)


class HostTransfer:
    """Makes results on the device and copies them to the host while the next pass runs.

    On a GPU it is a stream of its own. It waits for the pass whose results are wanted and for none
    after it, and its work goes before theirs. May be used by several threads.
    """

    def __init__(self, device: torch.device) -> None:
        """Begins for one device."""
        self._device = device
        self._stream = torch.cuda.Stream(device, _FIRST) if device.type == "cuda" else None

    def record_event(self) -> torch.cuda.Event | None:
        """Records an event after all work asked of the device so far; None where none waits."""
        if self._stream is None:
            return None
        return torch.cuda.current_stream(self._device).record_event()

    def to_host(
        self, encoded: EncodedImage, make: Callable[[], Sequence[Tensor | None]]
    ) -> list[NDArray[Any] | None]:
        """Has results made of what was seen, and waits for these alone.

        Args:
            encoded: one image.
            make: asks the device for tensors (1, …), or gives None for what is not wanted; waits
                for nothing.

        Returns:
            Of each an array (…), which stays as it is for as long as it is held. From a GPU it is
            page-locked memory: who collects thousands should collect copies.
        """
        if self._stream is None:
            return [None if made is None else made[0].contiguous().cpu().numpy() for made in make()]
        if encoded.passed is None:
            self._stream.wait_stream(torch.cuda.current_stream(self._device))
        else:
            self._stream.wait_event(encoded.passed)
        for tensor in encoded.tensors:
            tensor.record_stream(self._stream)  # or the next pass might be given its memory
        with torch.cuda.stream(self._stream):
            hosts = [None if made is None else _start_copy(made[0]) for made in make()]
            # A thread that sleeps leaves its core to decoding and publishing.
            arrived = self._stream.record_event(torch.cuda.Event(blocking=True))
        arrived.synchronize()
        return [None if host is None else host.numpy() for host in hosts]


def _start_copy(tensor: Tensor) -> Tensor:
    """Starts a copy to the host, which ends when the current stream has come so far."""
    host = pin(tensor.shape, tensor.dtype)
    return host.copy_(tensor.contiguous(), non_blocking=True)


def pin(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """A new tensor in page-locked memory of the host, with nothing in it."""
    return torch.empty(tuple(shape), dtype=dtype, pin_memory=True)
