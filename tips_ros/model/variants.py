# SPDX-License-Identifier: Apache-2.0
"""The sizes of the released TIPS and TIPSv2 image encoders: one frozen table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tips_ros.model.text import TextConfig

Ffn = Literal["mlp", "swiglu"]
Gelu = Literal["erf", "tanh"]


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
        gelu: of the MLP: exact in the PyTorch releases, the tanh approximation in the JAX ones.
    """

    width: int
    depth: int
    heads: int
    ffn: Ffn
    ffn_hidden: int
    patch: int = 14
    pos_grid: int = 32
    gelu: Gelu = "erf"

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of {self.heads} heads")


@dataclass(frozen=True)
class Variant:
    """One released size: its two towers, and the blocks (0-based) that the DPT heads read."""

    name: str
    vit: VitConfig
    taps: tuple[int, int, int, int]
    text: TextConfig


VARIANTS: tuple[Variant, ...] = (
    Variant(
        "S",
        VitConfig(384, 12, 6, "mlp", 1536),
        (2, 5, 8, 11),
        TextConfig(384, 12, 6, 1536),
    ),
    Variant(
        "B",
        VitConfig(768, 12, 12, "mlp", 3072),
        (2, 5, 8, 11),
        TextConfig(768, 12, 12, 3072),
    ),
    Variant(
        "L",
        VitConfig(1024, 24, 16, "mlp", 4096),
        (5, 11, 17, 23),
        TextConfig(1024, 12, 16, 4096),
    ),
    Variant(
        "SO400m",
        VitConfig(1152, 27, 16, "mlp", 4304),
        (6, 13, 20, 26),
        TextConfig(1152, 27, 16, 4304),
    ),
    Variant(
        "g",
        VitConfig(1536, 40, 24, "swiglu", 4096),
        (9, 19, 29, 39),
        TextConfig(1536, 12, 24, 6144),
    ),
)


def variant_named(name: str) -> Variant:
    """The variant called `name` (S, B, L, SO400m, g); ValueError lists the names otherwise."""
    for variant in VARIANTS:
        if variant.name == name:
            return variant
    names = ", ".join(v.name for v in VARIANTS)
    raise ValueError(f"no variant is called {name!r}; choose one of {names}")


def variant_of_text(width: int, depth: int, hidden: int) -> Variant | None:
    """The released variant whose text encoder has these sizes, or None."""
    for variant in VARIANTS:
        text = variant.text
        if (text.width, text.depth, text.hidden) == (width, depth, hidden):
            return variant
    return None


def variant_of(width: int, depth: int, ffn: Ffn, ffn_hidden: int) -> Variant | None:
    """The released variant with these sizes, or None when they are nobody's."""
    for variant in VARIANTS:
        vit = variant.vit
        if (vit.width, vit.depth, vit.ffn, vit.ffn_hidden) == (width, depth, ffn, ffn_hidden):
            return variant
    return None
