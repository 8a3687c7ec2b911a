# SPDX-License-Identifier: Apache-2.0
"""Names and shapes of the arrays in JAX files."""

from __future__ import annotations

Shapes = dict[str, tuple[int, ...]]


def vision_shapes(width: int, depth: int, heads: int, ffn: str, hidden: int, grid: int) -> Shapes:
    """Names and shapes of an image encoder's arrays."""
    tokens = "encoder/ToTokenSequence_0/"
    out: Shapes = {
        f"{tokens}embedding/kernel": (14, 14, 3, width),
        f"{tokens}embedding/bias": (width,),
        f"{tokens}posembed_input": (1, grid, grid, width),
        f"{tokens}cls": (1, 2, width),
    }
    for i in range(depth):
        block = f"encoder/transformer/encoderblock_{i}/"
        out |= _attention(block, width, heads)
        if ffn == "swiglu":
            for n in (0, 1):
                out |= _dense(f"{block}FFNSwiGluFused_0/Dense_{n}", width, hidden)
            out |= _dense(f"{block}FFNSwiGluFused_0/Dense_2", hidden, width)
        else:
            out |= _dense(f"{block}MlpBlock_0/Dense_0", width, hidden)
            out |= _dense(f"{block}MlpBlock_0/Dense_1", hidden, width)
    norm = "encoder/encoder_norm"
    return out | {f"{norm}/scale": (width,), f"{norm}/bias": (width,)}


def text_shapes(width: int, depth: int, heads: int, hidden: int, vocabulary: int) -> Shapes:
    """Names and shapes of a text encoder's arrays, but for its temperature."""
    norm = "text_encoder_norm"
    out: Shapes = {
        "token_emb/emb_var": (vocabulary, width),
        f"{norm}/scale": (width,),
        f"{norm}/bias": (width,),
    }
    for i in range(depth):
        block = f"transformer/encoderblock_{i}/"
        out |= _attention(block, width, heads)
        out |= _dense(f"{block}MlpBlock_0/Dense_0", width, hidden)
        out |= _dense(f"{block}MlpBlock_0/Dense_1", hidden, width)
    return out


def _attention(block: str, width: int, heads: int) -> Shapes:
    attention = f"{block}MultiHeadDotProductAttention_0"
    out: Shapes = {}
    for name in ("query", "key", "value"):
        out[f"{attention}/{name}/kernel"] = (width, heads, width // heads)
        out[f"{attention}/{name}/bias"] = (heads, width // heads)
    out |= {f"{attention}/out/kernel": (heads, width // heads, width)}
    out |= {f"{attention}/out/bias": (width,)}
    for norm in ("LayerNorm_0", "LayerNorm_1"):
        out |= {f"{block}{norm}/scale": (width,), f"{block}{norm}/bias": (width,)}
    return out


def _dense(name: str, inputs: int, outputs: int) -> Shapes:
    return {f"{name}/kernel": (inputs, outputs), f"{name}/bias": (outputs,)}
