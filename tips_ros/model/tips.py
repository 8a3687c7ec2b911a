# SPDX-License-Identifier: Apache-2.0
"""One image encoder with the dense heads that share its pass."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple, get_args

from torch import Tensor, nn

from tips_ros.model.heads import DepthHead, NormalsHead, SegmentationHead
from tips_ros.model.vit import VisionTransformer

HeadName = Literal["depth", "normals", "segmentation"]
HEAD_NAMES: tuple[HeadName, ...] = get_args(HeadName)


class DenseMaps(NamedTuple):
    """The heads' outputs at their own resolution; None for a head that was not asked for."""

    depth: Tensor | None = None  # (B, 1, h, w) metres, fp32
    normals: Tensor | None = None  # (B, 3, h, w) away from the camera, any length
    segmentation: Tensor | None = None  # (B, classes, h, w) logits


class Tips(nn.Module):
    """Backbone once, then only the heads asked for."""

    def __init__(
        self,
        backbone: VisionTransformer,
        taps: Sequence[int],
        *,
        depth: DepthHead | None = None,
        normals: NormalsHead | None = None,
        segmentation: SegmentationHead | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.taps = tuple(taps)
        self.depth = depth
        self.normals = normals
        self.segmentation = segmentation

    @property
    def head_names(self) -> tuple[HeadName, ...]:
        """The heads this model has."""
        return tuple(name for name in HEAD_NAMES if getattr(self, name) is not None)

    def forward(self, images: Tensor, heads: Collection[HeadName]) -> DenseMaps:
        """(B, 3, H, W) RGB in [0, 1] → maps of the heads named.

        Raises:
            ValueError: a head that this model does not have.
        """
        absent = set(heads) - set(self.head_names)
        if absent:
            raise ValueError(
                f"this model has no {', '.join(sorted(absent))} head; "
                f"it has {', '.join(self.head_names) or 'none'}"
            )
        if not heads:
            return DenseMaps()
        layers = self.backbone(images, taps=self.taps).layers
        return DenseMaps(**{name: getattr(self, name)(layers) for name in heads})
