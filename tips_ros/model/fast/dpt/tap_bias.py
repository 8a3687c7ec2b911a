# SPDX-License-Identifier: Apache-2.0
"""The bias that a zero-padded convolution did not see beyond the border."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class TapBias(nn.Module):
    """Takes from the outermost pixels what the taps beyond the border would have brought.

    The convolution before adds the sum over all nine taps everywhere; that is right inside.
    """

    missing: Tensor  # (8, K, 1): above, below, left, right, and the corners that two of them hold

    def __init__(self, tap_bias: Tensor, like: Tensor) -> None:
        """Takes (K, 3, 3) biases; keeps them in the dtype and on the device of a weight."""
        super().__init__()
        rows, columns = tap_bias.sum(dim=2), tap_bias.sum(dim=1)  # (K, 3) each
        sides = [rows[:, 0], rows[:, 2], columns[:, 0], columns[:, 2]]
        corners = [tap_bias[:, y, x] for y in (0, 2) for x in (0, 2)]
        missing = torch.stack(sides + corners)[:, :, None]
        self.register_buffer("missing", missing.to(like.device, like.dtype))

    def forward(self, x: Tensor) -> Tensor:
        """(B, K, H, W) → the same tensor, changed in place at its border."""
        above, below, left, right, *corners = self.missing.unbind()
        # Not `-=`, which would also copy each part onto itself.
        x[:, :, 0].sub_(above)
        x[:, :, -1].sub_(below)
        x[:, :, :, 0].sub_(left)
        x[:, :, :, -1].sub_(right)
        for corner, (row, column) in zip(
            corners, ((0, 0), (0, -1), (-1, 0), (-1, -1)), strict=True
        ):
            x[:, :, row, column].add_(corner[:, 0])
        return x
