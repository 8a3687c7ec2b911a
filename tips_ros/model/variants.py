# SPDX-License-Identifier: Apache-2.0
"""The sizes of the released TIPS and TIPSv2 image encoders: one frozen table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ffn = Literal["mlp", "swiglu"]


@dataclass(frozen=True)
class VitConfig:
    """Everything that shapes an image encoder.

    Attributes:
        width: channels of a token.
        depth: number of blocks.
        heads: attention heads.
        ffn: feed-forward kind.
        ffn_hidden: hidden channels of the feed-forward (SwiGLU: of each of its two branches).
        patch: side of a patch in pixels.
        pos_grid: side of the square grid that the stored position embedding covers, in patches.
    """

    width: int
    depth: int
    heads: int
    ffn: Ffn
    ffn_hidden: int
    patch: int = 14
    pos_grid: int = 32

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of {self.heads} heads")


@dataclass(frozen=True)
class Variant:
    """One released size: its encoder, and the blocks (0-based) that the DPT heads read."""

    name: str
    vit: VitConfig
    taps: tuple[int, int, int, int]


VARIANTS: tuple[Variant, ...] = (
    Variant("S", VitConfig(384, 12, 6, "mlp", 1536), (2, 5, 8, 11)),
    Variant("B", VitConfig(768, 12, 12, "mlp", 3072), (2, 5, 8, 11)),
    Variant("L", VitConfig(1024, 24, 16, "mlp", 4096), (5, 11, 17, 23)),
    Variant("SO400m", VitConfig(1152, 27, 16, "mlp", 4304), (6, 13, 20, 26)),
    Variant("g", VitConfig(1536, 40, 24, "swiglu", 4096), (9, 19, 29, 39)),
)


def variant_named(name: str) -> Variant:
    """The variant called `name` (S, B, L, SO400m, g); ValueError lists the names otherwise."""
    for variant in VARIANTS:
        if variant.name == name:
            return variant
    names = ", ".join(v.name for v in VARIANTS)
    raise ValueError(f"no variant is called {name!r}; choose one of {names}")


def variant_of(width: int, depth: int, ffn: Ffn, ffn_hidden: int) -> Variant | None:
    """The released variant with these sizes, or None when they are nobody's."""
    for variant in VARIANTS:
        vit = variant.vit
        if (vit.width, vit.depth, vit.ffn, vit.ffn_hidden) == (width, depth, ffn, ffn_hidden):
            return variant
    return None
