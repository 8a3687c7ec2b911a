# SPDX-License-Identifier: Apache-2.0
"""The TIPS image encoder: a ViT with two CLS tokens, for any H×W that is a multiple of 14."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.blocks import LAYER_NORM_EPS, Block
from tips_ros.model.variants import VitConfig

PREFIX_TOKENS = 2  # the CLS token and the register token, which is TIPS' second CLS


class PatchGrid(NamedTuple):
    """Number of an image's patches, down and across."""

    h: int
    w: int


class LayerFeatures(NamedTuple):
    """One intermediate layer after the final norm, as the DPT heads read it."""

    patch_tokens: Tensor  # (B, h·w, D), row by row
    cls_token: Tensor  # (B, D), the first CLS
    grid: PatchGrid

    def rows(self, images: Sequence[int]) -> LayerFeatures:
        """Selects these images of the batch."""
        # A list as an index would be copied to a GPU, and the host would wait for it.
        patches = torch.cat([self.patch_tokens[i : i + 1] for i in images])
        cls = torch.cat([self.cls_token[i : i + 1] for i in images])
        return self._replace(patch_tokens=patches, cls_token=cls)


class ImageFeatures(NamedTuple):
    """Output of one pass of the encoder, all of it after the final norm."""

    cls_token: Tensor  # (B, D), trained against the captions from the web
    second_cls_token: Tensor  # (B, D), trained against synthetic captions
    patch_tokens: Tensor  # (B, h·w, D), row by row
    grid: PatchGrid
    layers: tuple[LayerFeatures, ...]  # one for each tap asked for, in that order
    value_features: Tensor | None  # (B, h·w, D), when asked for

    def of_image(self, i: int) -> ImageFeatures:
        """One image's of a batch, as a batch of one; without the layers, which the heads had."""
        one, values = slice(i, i + 1), self.value_features
        return self._replace(
            cls_token=self.cls_token[one],
            second_cls_token=self.second_cls_token[one],
            patch_tokens=self.patch_tokens[one],
            layers=(),
            value_features=None if values is None else values[one],
        )


class PatchEmbed(nn.Module):
    """A convolution whose stride is its size: one token for each patch."""

    def __init__(self, width: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, patch, stride=patch)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) → (B, h·w, D)."""
        return self.proj(images).flatten(2).transpose(1, 2)


class VisionTransformer(nn.Module):
    """The image encoder. Input is RGB in [0, 1]: no mean, no standard deviation."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.patch_embed = PatchEmbed(width, config.patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.register_tokens = nn.Parameter(torch.zeros(1, 1, width))
        # CLS and patches have a position; the register token has none.
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + config.pos_grid**2, width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)

    def forward(
        self, images: Tensor, taps: Sequence[int] = (), value_features: bool = False
    ) -> ImageFeatures:
        """One pass.

        Args:
            images: (B, 3, H, W), RGB in [0, 1], H and W multiples of the patch size.
            taps: 0-based blocks whose outputs are wanted as intermediate layers.
            value_features: also the value features of the last block (zero-shot segmentation).

        Raises:
            ValueError: an image size that patches do not fill, or a tap beyond the last block.
        """
        grid = self.grid_of(images)
        self.check_taps(taps)

        x = self.tokens(images, grid)  # (B, 2 + h·w, D)
        tapped: dict[int, LayerFeatures] = {}
        values: Tensor | None = None
        for i, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            if value_features and i == len(self.blocks) - 1:
                values = self.values(x)
            x = block(x)
            if i in taps:
                normed = self.norm(x)
                tapped[i] = LayerFeatures(normed[:, PREFIX_TOKENS:], normed[:, 0], grid)

        x = self.norm(x)
        layers = tuple(tapped[tap] for tap in taps)
        return ImageFeatures(x[:, 0], x[:, 1], x[:, PREFIX_TOKENS:], grid, layers, values)

    def check_taps(self, taps: Sequence[int]) -> None:
        """ValueError where one is beyond the last block."""
        if any(not 0 <= tap < len(self.blocks) for tap in taps):
            raise ValueError(f"taps {tuple(taps)}: blocks are 0 to {len(self.blocks) - 1}")

    def position_embedding(self, grid: PatchGrid) -> tuple[Tensor, Tensor]:
        """Positions of the CLS token (1, 1, D) and of a grid's patches (1, h·w, D).

        On the stored grid as they are; elsewhere bilinear with antialiasing, in fp32.
        """
        cls, patches = self.pos_embed[:, :1], self.pos_embed[:, 1:]
        side = self.config.pos_grid
        if grid != (side, side):
            square = patches.float().unflatten(1, (side, side)).permute(0, 3, 1, 2)
            resized = F.interpolate(
                square, size=tuple(grid), mode="bilinear", antialias=True, align_corners=False
            )
            patches = resized.flatten(2).transpose(1, 2).to(self.pos_embed.dtype)
        return cls, patches

    def values(self, x: Tensor) -> Tensor:
        """Tokens before the last block (B, 2 + h·w, D) → value features (B, h·w, D)."""
        last = self.blocks[-1]
        assert isinstance(last, Block)
        result: Tensor = self.norm(last.values(x[:, PREFIX_TOKENS:]))
        return result

    def tokens(self, images: Tensor, grid: PatchGrid) -> Tensor:
        """[CLS, register, patches], with positions, before the first block: (B, 2 + h·w, D)."""
        b = images.shape[0]
        cls_position, patch_positions = self.position_embedding(grid)
        cls = (self.cls_token + cls_position).expand(b, -1, -1)
        register = self.register_tokens.expand(b, -1, -1)
        return torch.cat([cls, register, self.patch_embed(images) + patch_positions], dim=1)

    def grid_of(self, images: Tensor) -> PatchGrid:
        """The patches of (B, 3, H, W); ValueError where they do not fill the image."""
        patch = self.config.patch
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f"images must be (B, 3, H, W), not {tuple(images.shape)}")
        h, w = images.shape[-2:]
        if h % patch or w % patch or not (h and w):
            raise ValueError(f"image size {h}×{w} is not a multiple of the {patch} px patch")
        return PatchGrid(h // patch, w // patch)
