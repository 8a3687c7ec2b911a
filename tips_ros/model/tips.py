# SPDX-License-Identifier: Apache-2.0
"""One image encoder with the dense heads that share its pass."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Literal, NamedTuple, get_args

from torch import Tensor, nn

from tips_ros.model.heads import DepthHead, NormalsHead, SegmentationHead
from tips_ros.model.split_batch import run_shares
from tips_ros.model.vit import ImageFeatures, LayerFeatures, VisionTransformer

HeadName = Literal["depth", "normals", "segmentation"]
HEAD_NAMES: tuple[HeadName, ...] = get_args(HeadName)


MapsByName = dict[str, Tensor]  # fields of `DenseMaps`
# Runs heads that don't depend on each other, and returns what each made, in their order.
RunHeads = Callable[[Sequence[Callable[[], MapsByName]]], list[MapsByName]]


def run_in_turn(heads: Sequence[Callable[[], MapsByName]]) -> list[MapsByName]:
    """One head after the other."""
    return [head() for head in heads]


class DenseMaps(NamedTuple):
    """The heads' outputs at their own resolution; None for a head that was not asked for."""

    depth: Tensor | None = None  # (B, 1, h, w) metres, fp32
    normals: Tensor | None = None  # (B, 3, h, w) away from the camera, any length
    segmentation: Tensor | None = None  # (B, classes, h, w) logits
    depth_evidence: Tensor | None = None  # (B, 3, h, w) fp32: see `depth_of_sums`


class TipsOutput(NamedTuple):
    """Output of one forward pass: dense maps, and the features they were made of."""

    maps: DenseMaps
    features: ImageFeatures


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
        self._check(heads)
        return self.forward_features(images, heads).maps if heads else DenseMaps()

    def forward_features(
        self,
        images: Tensor,
        heads: Collection[HeadName],
        *,
        value_features: bool = False,
        evidence: bool = False,
        run_heads: RunHeads = run_in_turn,
    ) -> TipsOutput:
        """Runs the model once for dense maps and for the features that are compared with text.

        Args:
            images: (B, 3, H, W) RGB in [0, 1].
            heads: whose maps are wanted; may be empty.
            value_features: also the features for zero-shot segmentation.
            evidence: also how sure the depth head is, where depth is wanted.
            run_heads: runs the heads.

        Raises:
            ValueError: a head that this model does not have.
        """
        self._check(heads)
        features = self.backbone(images, self.taps if heads else (), value_features)
        made = run_heads([partial(self._maps, features.layers, name, evidence) for name in heads])
        return TipsOutput(DenseMaps(**{name: m for of in made for name, m in of.items()}), features)

    def forward_batch(
        self,
        images: Tensor,
        heads: Sequence[Collection[HeadName]],
        *,
        value_features: bool = False,
        evidence: bool = False,
        run_heads: RunHeads = run_in_turn,
    ) -> list[TipsOutput]:
        """One pass over images of which each is asked for its own maps.

        In torch on a CPU it is several, of shares of the batch, side by side (`run_shares`).

        Args:
            images: (B, 3, H, W) RGB in [0, 1].
            heads: of each image, whose maps are wanted; a head sees those images alone.
            value_features, evidence, run_heads: see `forward_features`, for all.

        Returns:
            B looks, each of a batch of one.

        Raises:
            ValueError: a head that this model does not have.
        """
        self._check(set().union(*heads))

        def look_at(share: slice) -> list[TipsOutput]:
            return self._forward_together(
                images[share], heads[share], value_features, evidence, run_heads
            )

        # Engines have threads of their own.
        if images.device.type == "cpu" and isinstance(self.backbone, VisionTransformer):
            return run_shares(look_at, len(heads))
        return look_at(slice(None))

    def _forward_together(
        self,
        images: Tensor,
        heads: Sequence[Collection[HeadName]],
        value_features: bool,
        evidence: bool,
        run_heads: RunHeads,
    ) -> list[TipsOutput]:
        """Does what `forward_batch` does for all images in one pass."""
        if len(heads) == 1:
            return [
                self.forward_features(
                    images,
                    heads[0],
                    value_features=value_features,
                    evidence=evidence,
                    run_heads=run_heads,
                )
            ]
        asked = [name for name in HEAD_NAMES if any(name in of_image for of_image in heads)]
        features = self.backbone(images, self.taps if asked else (), value_features)
        wanting = [[i for i, of_image in enumerate(heads) if name in of_image] for name in asked]

        def run(name: HeadName, wanted_by: Sequence[int]) -> MapsByName:
            layers = features.layers
            if len(wanted_by) < len(heads):
                layers = tuple(layer.rows(wanted_by) for layer in layers)
            return self._maps(layers, name, evidence)

        made = run_heads([partial(run, *of_head) for of_head in zip(asked, wanting, strict=True)])
        maps: list[MapsByName] = [{} for _ in heads]
        for wanted_by, of_head in zip(wanting, made, strict=True):
            for found, batch in of_head.items():
                for i, one in zip(wanted_by, batch.split(1), strict=True):
                    maps[i][found] = one
        return [TipsOutput(DenseMaps(**of), features.of_image(i)) for i, of in enumerate(maps)]

    def _maps(self, layers: Sequence[LayerFeatures], name: HeadName, evidence: bool) -> MapsByName:
        """The fields of `DenseMaps` that this head fills."""
        if name == "depth" and evidence and self.depth is not None:
            made = self.depth(layers, evidence=True)
            return {name: made[:, :1], "depth_evidence": made[:, 1:]}
        return {name: getattr(self, name)(layers)}

    def _check(self, heads: Collection[HeadName]) -> None:
        absent = set(heads) - set(self.head_names)
        if absent:
            raise ValueError(
                f"this model has no {', '.join(sorted(absent))} head; "
                f"it has {', '.join(self.head_names) or 'none'}"
            )
