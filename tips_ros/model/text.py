# SPDX-License-Identifier: Apache-2.0
"""The TIPS text encoder: token ids → one embedding per text, to compare with the first CLS."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MAX_TOKENS = 64
_MAX_TIMESCALE = 10_000.0
_POOLING_EPS = 1e-8


@dataclass(frozen=True)
class TextConfig:
    """Everything that shapes a text encoder.

    Attributes:
        width: channels of a token.
        depth: number of blocks.
        heads: attention heads.
        hidden: channels inside the feed-forward.
        vocabulary: number of token ids.
        norm_eps: of every LayerNorm: 1e-5 in the PyTorch releases, 1e-6 in the JAX ones.
    """

    width: int
    depth: int
    heads: int
    hidden: int
    vocabulary: int = 32_000
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of {self.heads} heads")


class TextAttention(nn.Module):
    """Self-attention among the tokens that are not padding. Names as nn.MultiheadAttention's."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x: Tensor, is_token: Tensor) -> Tensor:
        """(B, N, D), (B, N) bool → (B, N, D)."""
        b, n, d = x.shape
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = qkv.view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        x = F.scaled_dot_product_attention(q, k, v, attn_mask=is_token[:, None, None, :])
        return self.out_proj(x.transpose(1, 2).reshape(b, n, d))


class TextMlp(nn.Module):
    """Two layers with ReLU; padding is held at zero after each."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, hidden)
        self.c_proj = nn.Linear(hidden, width)

    def forward(self, x: Tensor, is_token: Tensor) -> Tensor:
        """(B, N, D), (B, N) bool → (B, N, D)."""
        keep = is_token[..., None].to(x.dtype)
        x = F.relu(self.c_fc(x)) * keep
        return self.c_proj(x) * keep


class TextBlock(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.attn = TextAttention(config.width, config.heads)
        self.ln_2 = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.mlp = TextMlp(config.width, config.hidden)

    def forward(self, x: Tensor, is_token: Tensor) -> Tensor:
        """(B, N, D), (B, N) bool → (B, N, D)."""
        x = x + self.attn(self.ln_1(x), is_token)
        return x + self.mlp(self.ln_2(x), is_token)


class TextTransformer(nn.Module):
    """The blocks, under the name the checkpoints give them."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(TextBlock(config) for _ in range(config.depth))


class TextEncoder(nn.Module):
    """Embeds texts. Parameter names are the official PyTorch checkpoints'."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocabulary, config.width)
        self.transformer = TextTransformer(config)
        self.ln_final = nn.LayerNorm(config.width, eps=config.norm_eps)

    def forward(self, ids: Tensor, is_token: Tensor) -> Tensor:
        """Mean of the final tokens, padding left out.

        Args:
            ids: (B, N) token ids.
            is_token: (B, N) bool, False where a text has ended. A text without any token has the
                embedding 0.

        Returns:
            (B, D), not normalised.
        """
        d = self.config.width
        x = self.token_embedding(ids) * math.sqrt(d)
        x = x + sinusoids(ids.shape[1], d, x.device).to(x)
        # Attention over nothing is NaN: an empty text attends to its padding and is zeroed below.
        visible = is_token | ~is_token.any(dim=1, keepdim=True)
        for block in self.transformer.resblocks:
            x = block(x, visible)
        keep = is_token[..., None].to(x.dtype)
        x = self.ln_final(x) * keep
        return x.sum(dim=1) / (keep.sum(dim=1) + _POOLING_EPS)


def sinusoids(length: int, width: int, device: torch.device | None = None) -> Tensor:
    """(length, width): sines, then cosines, timescales 1 to 10,000 (as in tensor2tensor)."""
    count = width // 2
    exponents = torch.arange(count, dtype=torch.float32, device=device) / max(count - 1, 1)
    inverse = torch.exp(-math.log(_MAX_TIMESCALE) * exponents)
    angles = torch.arange(length, dtype=torch.float32, device=device)[:, None] * inverse
    return F.pad(torch.cat([angles.sin(), angles.cos()], dim=1), (0, width % 2))
