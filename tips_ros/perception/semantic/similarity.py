# SPDX-License-Identifier: Apache-2.0
"""Heat maps: the similarity of each pixel and a prompt."""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor


def similarity_map(scores: Tensor, size: tuple[int, int]) -> NDArray[np.float32]:
    """The scores of one class, (h, w) on any device → (H, W) float32, bilinear.

    Pixel centres as everywhere: those of the first and last patch lie half a patch inside the
    image, and the border holds their value.

    Raises:
        ValueError: not (h, w).
    """
    if scores.ndim != 2:
        raise ValueError(f"a heat map is made of scores (h, w) of one class, got {scores.shape}")
    raised = F.interpolate(scores[None, None].float(), size, mode="bilinear", align_corners=False)
    pixels: NDArray[np.float32] = raised[0, 0].cpu().numpy()
    return pixels
