# SPDX-License-Identifier: Apache-2.0
"""The end of a decoder on a CPU: a quarter of the work, in strips that stay in the cache.

    out[y, x] = Σ_ij up(T_ij)[y + i − 1, x + j − 1]   with   T_ij = kernel[:, :, i, j] · input,

because a 1×1 convolution commutes with upsampling. To upsample, shift and add is linear, too, and
each output needs few inputs: a block of outputs is one small matrix of `upsample_matrices`
times a window of the T. Columns first, then rows. What a tap would read beyond the border is left
out; each tap's bias is in its T, and so left out with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

from tips_ros.model.fast.dpt.frozen import frozen_parameter
from tips_ros.model.fast.dpt.kernels import Product
from tips_ros.model.fast.dpt.parallel_strips import run_strips
from tips_ros.model.fast.dpt.upsample_matrices import upsample_matrices

_COLUMNS, _ROWS = 8, 4  # inputs along each axis for which the outputs are made together


class StripTail(nn.Module):
    """Bilinear ×2 (align_corners=True), then a zero-padded 3×3 convolution; for inference only."""

    def __init__(self, product: Product, like: Tensor) -> None:
        super().__init__()
        self.outputs, channels = product.kernel.shape[:2]
        biases = product.biases_by_tap
        self.taps = nn.ModuleList()  # the three of a row of the kernel are one layer
        for row in range(3):
            linear = nn.Linear(channels, 3 * self.outputs, device="meta")
            weight = product.kernel[:, :, row].permute(2, 0, 1).flatten(0, 1)
            linear.weight = frozen_parameter(weight, like)
            linear.bias = frozen_parameter(biases[:, row].t().flatten(), like)
            self.taps.append(linear)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) → (B, K, 2h, 2w)."""
        b, _, h, w = x.shape
        size = _ceil(h, _ROWS), _ceil(w, _COLUMNS)
        whole = x.new_empty(b, 2 * size[0], 2 * size[1], self.outputs)
        strips = whole.split(2 * _ROWS, dim=1)

        def fill(share: slice) -> Sequence[None]:
            for _ in self._fill(x, strips[share], share.start):
                pass
            return ()

        run_strips(fill, len(strips), x.device, x.dtype)
        return whole[:, : 2 * h, : 2 * w].permute(0, 3, 1, 2)

    def map_strips(self, x: Tensor, what: Callable[[Tensor], Tensor]) -> list[Tensor]:
        """Applies `what` to the output strip by strip, (B, K, few, 2w), from top to bottom.

        Args:
            x: (B, C, h, w).
            what: is given one strip, which is overwritten afterwards; called by several threads.
        """
        b, _, h, w = x.shape

        def make(share: slice) -> Sequence[Tensor]:
            strip = x.new_empty(b, 2 * _ROWS, 2 * _ceil(w, _COLUMNS), self.outputs)
            made = []
            strips = [strip] * (share.stop - share.start)
            for i, filled in enumerate(self._fill(x, strips, share.start), share.start):
                rows = min(2 * _ROWS, 2 * (h - i * _ROWS))
                made.append(what(filled[:, :rows, : 2 * w].permute(0, 3, 1, 2)))
            return made

        return run_strips(make, _ceil(h, _ROWS) // _ROWS, x.device, x.dtype)

    def _fill(self, x: Tensor, strips: Sequence[Tensor], start: int) -> Iterator[Tensor]:
        """Fills strips (B, 2·_ROWS, width, K) from that number on, and yields each."""
        b, channels, h, w = x.shape
        width = _ceil(w, _COLUMNS)
        begin, end = start * _ROWS - 1, (start + len(strips)) * _ROWS + 1  # rows that are read
        done = top = max(begin, 0)
        padded = x.new_zeros(b, min(end, h) - top, width + 2, channels)
        padded[:, :, 1 : w + 1] = x[:, :, top : min(end, h)].permute(0, 2, 3, 1)
        to_columns = upsample_matrices(w, _COLUMNS, x.dtype).to(x.device)
        to_rows = upsample_matrices(h, _ROWS, x.dtype).to(x.device)
        # Rows whose columns are done, three taps each, in a window that moves down.
        window = x.new_zeros(b, _ROWS + 2, 3, 2 * width, self.outputs)
        for i, strip in enumerate(strips, start):
            first = i * _ROWS - 1
            if i > start:
                window[:, :2] = window[:, _ROWS:]
            upto = min(first + _ROWS + 2, h)
            for image in range(b):
                rows = padded[image, done - top : upto - top]
                self._columns(rows, window[image, done - first :], to_columns)
                read = window[image].flatten(2).flatten(0, 1)
                torch.mm(to_rows[i], read, out=strip[image].flatten(1))
            done = upto
            yield strip

    def _columns(self, rows: Tensor, window: Tensor, to_columns: Tensor) -> None:
        """Padded rows (r, width + 2, C) → the first r of (n, 3, 2·width, K)."""
        blocks, outputs, inputs = to_columns.shape
        row_of_taps = rows.shape[1] * 3 * self.outputs
        for row, linear in enumerate(self.taps):
            taps = linear(rows.flatten(0, 1))  # (r·(width + 2), 3·K)
            # Where one block's window ends, the next has begun.
            windows = taps.as_strided(
                (len(rows), blocks, inputs, self.outputs),
                (row_of_taps, _COLUMNS * 3 * self.outputs, self.outputs, 1),
            )
            for one, target in zip(windows, window[:, row], strict=False):
                torch.bmm(to_columns, one, out=target.view(blocks, outputs, self.outputs))


def _ceil(length: int, block: int) -> int:
    return -(-length // block) * block
