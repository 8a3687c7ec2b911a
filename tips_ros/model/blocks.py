# SPDX-License-Identifier: Apache-2.0
"""The transformer block of the image encoder. Parameter names are the official checkpoints'."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.variants import Gelu, VitConfig

LAYER_NORM_EPS = 1e-6


class Attention(nn.Module):
    """Multi-head self-attention with fused qkv."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) → (B, N, D)."""
        b, n, d = x.shape
        qkv = self.qkv(x)
        # Cut out one by one: what makes a list older exporters know none of. Each (B, heads, N,
        # D/heads).
        q, k, v = (
            qkv[..., i * d : (i + 1) * d].view(b, n, self.heads, d // self.heads).transpose(1, 2)
            for i in range(3)
        )
        return self.proj(self.attend(q, k, v).transpose(1, 2).reshape(b, n, d))

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Queries, keys and values (B, heads, N, D/heads) → what each query gathers."""
        return F.scaled_dot_product_attention(q, k, v)

    def values(self, x: Tensor) -> Tensor:
        """Every token's own value through the output projection: attention switched off."""
        d = x.shape[-1]
        v = F.linear(x, self.qkv.weight[2 * d :], self.qkv.bias[2 * d :])
        return self.proj(v)


class GeluLinear(nn.Linear):
    """A linear layer and the GELU after it."""

    def __init__(self, inputs: int, outputs: int, gelu: Gelu, **options: Any) -> None:
        super().__init__(inputs, outputs, **options)
        self.approximate = "tanh" if gelu == "tanh" else "none"

    def forward(self, x: Tensor, also: Tensor | None = None) -> Tensor:
        """(B, N, in) → (B, N, out); what is added before the GELU, too: one (out,) an image."""
        y = F.linear(x, self.weight, self.bias)
        return F.gelu(y if also is None else y + also[:, None], approximate=self.approximate)


class Mlp(nn.Module):
    """Two layers with GELU."""

    def __init__(self, width: int, hidden: int, gelu: Gelu) -> None:
        super().__init__()
        self.fc1 = GeluLinear(width, hidden, gelu)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.fc1(x))


class SwiGlu(nn.Module):
    """silu(x·W1) ⊙ (x·W2), then W3; W1 and W2 are stored as one matrix."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.w12 = nn.Linear(width, 2 * hidden)
        self.w3 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        both = self.w12(x)
        half = both.shape[-1] // 2
        return self.w3(F.silu(both[..., :half]) * both[..., half:])


class LayerScale(nn.Module):
    """A learned gain per channel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma


class Block(nn.Module):
    """Pre-norm transformer block with LayerScale."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        width = config.width
        self.norm1 = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.attn = Attention(width, config.heads)
        self.ls1 = LayerScale(width)
        self.norm2 = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.mlp: nn.Module = (
            SwiGlu(width, config.ffn_hidden)
            if config.ffn == "swiglu"
            else Mlp(width, config.ffn_hidden, config.gelu)
        )
        self.ls2 = LayerScale(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) → (B, N, D)."""
        x = x + self.ls1(self.attn(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))

    def values(self, x: Tensor) -> Tensor:
        """The same block with each token attending to itself alone (the MaskCLIP reading)."""
        x = x + self.ls1(self.attn.values(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))
