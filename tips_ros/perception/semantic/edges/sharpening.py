# SPDX-License-Identifier: Apache-2.0
"""Blunt scores of patches → scores that change where the image does."""

from __future__ import annotations

from torch import Tensor

from tips_ros.perception.semantic.edges.guide import Guide, as_map, guide_cells
from tips_ros.perception.semantic.edges.neighbours import nine_of
from tips_ros.perception.semantic.edges.patch_scores import superpixel_scores
from tips_ros.perception.semantic.edges.superpixels import superpixels


def sharpen(scores: Tensor, guide: Guide) -> Tensor:
    """Raises class scores to the image's edges, at eight pixels per patch.

    Each patch has a superpixel, which follows the guide; each fine pixel takes the mean of the
    scores of the nine superpixels around it, weighted by how much it is theirs. A factor or an
    offset of all scores comes out as it went in, and a constant stays one. Images of a batch don't
    influence each other.

    Args:
        scores: (B, K, h, w), finite, any scale: cosines, logits.
        guide: of the same B views.

    Returns:
        (B, K, 8·h, 8·w) fp32, channels last in memory as `label_map_at` likes it.

    Raises:
        ValueError: a guide for another number of images.
    """
    b, _, h, w = scores.shape
    for name, picture in guide._asdict().items():
        if picture is not None and len(picture) != b:
            raise ValueError(f"{name} of {len(picture)} images guide scores of {b}; give as many")
    grid = (h, w)
    found = superpixels(guide_cells(guide, grid), grid)
    of_patch = scores.float().flatten(2).transpose(1, 2)  # (B, h·w, K)
    of_superpixel = superpixel_scores(of_patch, found, grid)
    return as_map(found.shares @ nine_of(of_superpixel, grid), grid)
