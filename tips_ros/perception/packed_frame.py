# SPDX-License-Identifier: Apache-2.0
"""All results of a frame in one block of memory, which is copied at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

_ALIGNED = 64  # bytes, for the widest loads there are


class Slot(NamedTuple):
    """The place of one result in a block."""

    offset: int  # in bytes
    shape: tuple[int, ...]
    dtype: torch.dtype

    @property
    def bytes(self) -> int:
        """Its size."""
        return math.prod(self.shape) * self.dtype.itemsize

    def view(self, block: Tensor) -> Tensor:
        """The result in a block, a flat uint8 tensor that begins where the block begins."""
        return block[self.offset : self.offset + self.bytes].view(self.dtype).view(self.shape)


class Layout(NamedTuple):
    """The slots of one frame, those that go to the host first."""

    slots: dict[str, Slot]
    host: slice  # bytes that go to the host
    end: int  # behind the last byte

    @classmethod
    def of(
        cls, to_host: Mapping[str, Tensor], to_keep: Mapping[str, Tensor], start: int = 0
    ) -> Layout:
        """Lays tensors out, from a byte on.

        Args:
            to_host: results for the host, by name.
            to_keep: what stays on the device.
            start: a multiple of the alignment.
        """
        slots, at = {}, start
        host_end = start
        for tensors in (to_host, to_keep):
            for name, tensor in tensors.items():
                slots[name] = Slot(at, tuple(tensor.shape), tensor.dtype)
                at += -(-slots[name].bytes // _ALIGNED) * _ALIGNED
            if tensors is to_host:
                host_end = at
        return cls(slots, slice(start, host_end), at)


@dataclass(frozen=True)
class PackedFrame:
    """The results of one frame on the device, in a block that nothing overwrites."""

    block: Tensor  # (bytes,) uint8, of all frames of the batch
    layout: Layout

    def get(self, name: str) -> Tensor | None:
        """A result by name; None where it was not made."""
        slot = self.layout.slots.get(name)
        return None if slot is None else slot.view(self.block)

    def __getitem__(self, name: str) -> Tensor:
        """A result that was made, by name."""
        return self.layout.slots[name].view(self.block)

    @property
    def for_host(self) -> Tensor:
        """(bytes,) uint8, all that goes to the host."""
        return self.block[self.layout.host]

    def on_host(self, copied: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Results by name, as views of a copy of `for_host`; each without its batch axis."""
        start = self.layout.host.start
        arrays = {}
        for name, slot in self.layout.slots.items():
            if slot.offset < self.layout.host.stop:
                moved = slot._replace(offset=slot.offset - start)
                arrays[name] = moved.view(torch.from_numpy(copied))[0].numpy()
        return arrays


def pack(
    frames: Sequence[tuple[Mapping[str, Tensor], Mapping[str, Tensor]]],
) -> tuple[Tensor, list[Layout]]:
    """Copies the results of a batch into one new block.

    Args:
        frames: of each what goes to the host, and what stays; on one device.
    """
    layouts: list[Layout] = []
    for to_host, to_keep in frames:
        layouts.append(Layout.of(to_host, to_keep, layouts[-1].end if layouts else 0))
    device = next(iter(frames[0][1].values())).device
    block = torch.empty(layouts[-1].end, dtype=torch.uint8, device=device)
    for layout, (to_host, to_keep) in zip(layouts, frames, strict=True):
        for name, tensor in (*to_host.items(), *to_keep.items()):
            layout.slots[name].view(block).copy_(tensor)
    return block, layouts
