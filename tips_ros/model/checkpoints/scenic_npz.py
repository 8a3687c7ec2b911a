# SPDX-License-Identifier: Apache-2.0
"""The official JAX (Scenic) checkpoints: `scenic/…_vision.npz` and `scenic/…_text.npz`.

The same networks in Flax' names and layouts, and with differences that are exact here, not
approximated: both CLS tokens in one array, none with a position; no LayerScale (a gain of 1); tanh
GELU; LayerNorm eps 1e-6 in the text encoder too. q, k and v kernels are (width, heads, head
width), so the number of heads can be read off them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

import numpy as np

from tips_ros.model.checkpoints.archive import Arrays
from tips_ros.model.checkpoints.checkpoint_part import CheckpointPart, Metadata
from tips_ros.model.checkpoints.errors import CheckpointError
from tips_ros.model.checkpoints.pytorch_npz import TEMPERATURES, temperature_of
from tips_ros.model.checkpoints.strict import as_tensor

_VISION_MARK = "encoder/ToTokenSequence_0/embedding/kernel"
_TEXT_MARK = "token_emb/emb_var"
_ATTENTION = "MultiHeadDotProductAttention_0"
_TEXT_NORM_EPS = 1e-6


def is_scenic(arrays: Arrays) -> bool:
    """Whether these are the names of an official JAX checkpoint."""
    return _VISION_MARK in arrays or _TEXT_MARK in arrays


def scenic_part(arrays: Arrays, path: Path) -> CheckpointPart:
    """An image or a text encoder."""
    reader = _Reader(arrays, path)
    if _VISION_MARK in arrays:
        tensors, heads = _vision(reader)
        role, metadata = "vision", Metadata(heads=heads, gelu="tanh")
    else:
        tensors, heads = _text(reader)
        temperature = temperature_of(arrays)
        role = "text"
        metadata = Metadata(heads=heads, text_norm_eps=_TEXT_NORM_EPS, temperature=temperature)
    reader.refuse_unread(TEMPERATURES if role == "text" else ())
    converted = {name: as_tensor(array) for name, array in tensors.items()}
    return CheckpointPart(
        "vision" if role == "vision" else "text", converted, path, "Scenic", metadata
    )


class _Reader:
    """Hands out arrays by name and remembers which were asked for."""

    def __init__(self, arrays: Arrays, path: Path) -> None:
        self._arrays = arrays
        self._path = path
        self._unread = set(arrays)

    def __call__(self, name: str, ndim: int) -> np.ndarray:
        if name not in self._arrays:
            raise CheckpointError(f"{self._path}: missing tensor: {name}")
        if self._arrays[name].ndim != ndim:
            self.refuse_shape(name, f"{ndim}-D")
        self._unread.discard(name)
        return self._arrays[name]

    def refuse_shape(self, name: str, wanted: str) -> NoReturn:
        """CheckpointError: this array is not what is wanted."""
        shape = self._arrays[name].shape
        raise CheckpointError(f"{self._path}: misshapen tensor: {name} {shape}, not {wanted}")

    def blocks(self, prefix: str) -> int:
        """Counts the blocks named `prefix`encoderblock_N."""
        pattern = re.compile(re.escape(prefix) + r"encoderblock_([0-9]{1,4})/")
        found = {int(m[1]) for name in self._arrays if (m := pattern.match(name))}
        if not found:
            raise CheckpointError(f"{self._path}: missing tensor: {prefix}encoderblock_0/…")
        return max(found) + 1

    def has(self, name: str) -> bool:
        return name in self._arrays

    def refuse_unread(self, allowed: tuple[str, ...]) -> None:
        """CheckpointError when an array was not asked for."""
        if unread := sorted(self._unread - set(allowed)):
            more = f" and {len(unread) - 3} more" if len(unread) > 3 else ""
            raise CheckpointError(f"{self._path}: unknown tensor: {', '.join(unread[:3])}{more}")


def _vision(read: _Reader) -> tuple[Arrays, int]:
    tokens = "encoder/ToTokenSequence_0/"
    positions = read(tokens + "posembed_input", 4)  # (1, h, w, D)
    if positions.shape[0] != 1 or positions.shape[1] != positions.shape[2]:
        read.refuse_shape(tokens + "posembed_input", "a square grid")
    cls = read(tokens + "cls", 3)  # (1, 2, D)
    width = positions.shape[-1]
    out: Arrays = {
        "patch_embed.proj.weight": read(tokens + "embedding/kernel", 4).transpose(3, 2, 0, 1),
        "patch_embed.proj.bias": read(tokens + "embedding/bias", 1),
        "cls_token": cls[:, :1],
        "register_tokens": cls[:, 1:],
        # CLS has a position in PyTorch, here it has none: a position of zero.
        "pos_embed": np.concatenate(
            [np.zeros((1, 1, width), positions.dtype), positions.reshape(1, -1, width)], axis=1
        ),
        "norm.weight": read("encoder/encoder_norm/scale", 1),
        "norm.bias": read("encoder/encoder_norm/bias", 1),
    }
    heads = 0
    for n in range(read.blocks("encoder/transformer/")):
        theirs, ours = f"encoder/transformer/encoderblock_{n}/", f"blocks.{n}."
        weight, bias, heads = _fused_qkv(read, theirs)
        out |= {ours + "attn.qkv.weight": weight, ours + "attn.qkv.bias": bias}
        out |= _attention_out(read, theirs, ours + "attn.proj")
        out |= _norm(read, theirs + "LayerNorm_0", ours + "norm1")
        out |= _norm(read, theirs + "LayerNorm_1", ours + "norm2")
        out |= {ours + f"ls{i}.gamma": np.ones(width, np.float32) for i in (1, 2)}
        if read.has(theirs + "FFNSwiGluFused_0/Dense_0/kernel"):
            out |= _swiglu(read, theirs + "FFNSwiGluFused_0/", ours + "mlp.")
        else:
            out |= _dense(read, theirs + "MlpBlock_0/Dense_0", ours + "mlp.fc1")
            out |= _dense(read, theirs + "MlpBlock_0/Dense_1", ours + "mlp.fc2")
    return out, heads


def _text(read: _Reader) -> tuple[Arrays, int]:
    out: Arrays = {"token_embedding.weight": read(_TEXT_MARK, 2)}
    out |= _norm(read, "text_encoder_norm", "ln_final")
    heads = 0
    for n in range(read.blocks("transformer/")):
        theirs, ours = f"transformer/encoderblock_{n}/", f"transformer.resblocks.{n}."
        weight, bias, heads = _fused_qkv(read, theirs)
        out |= {ours + "attn.in_proj_weight": weight, ours + "attn.in_proj_bias": bias}
        out |= _attention_out(read, theirs, ours + "attn.out_proj")
        out |= _norm(read, theirs + "LayerNorm_0", ours + "ln_1")
        out |= _norm(read, theirs + "LayerNorm_1", ours + "ln_2")
        out |= _dense(read, theirs + "MlpBlock_0/Dense_0", ours + "mlp.c_fc")
        out |= _dense(read, theirs + "MlpBlock_0/Dense_1", ours + "mlp.c_proj")
    return out, heads


def _fused_qkv(read: _Reader, block: str) -> tuple[np.ndarray, np.ndarray, int]:
    """query, key and value → (3D, D) weight, (3D,) bias, number of heads."""
    kernels = [
        read(f"{block}{_ATTENTION}/{which}/kernel", 3) for which in ("query", "key", "value")
    ]
    biases = [read(f"{block}{_ATTENTION}/{which}/bias", 2) for which in ("query", "key", "value")]
    weight = np.concatenate([kernel.reshape(kernel.shape[0], -1).T for kernel in kernels])
    return weight, np.concatenate([bias.ravel() for bias in biases]), kernels[0].shape[1]


def _attention_out(read: _Reader, block: str, ours: str) -> Arrays:
    kernel = read(f"{block}{_ATTENTION}/out/kernel", 3)  # (heads, head width, D)
    bias = read(f"{block}{_ATTENTION}/out/bias", 1)
    return {f"{ours}.weight": kernel.reshape(-1, kernel.shape[-1]).T, f"{ours}.bias": bias}


def _norm(read: _Reader, theirs: str, ours: str) -> Arrays:
    return {f"{ours}.weight": read(f"{theirs}/scale", 1), f"{ours}.bias": read(f"{theirs}/bias", 1)}


def _dense(read: _Reader, theirs: str, ours: str) -> Arrays:
    return {
        f"{ours}.weight": read(f"{theirs}/kernel", 2).T,
        f"{ours}.bias": read(f"{theirs}/bias", 1),
    }


def _swiglu(read: _Reader, theirs: str, ours: str) -> Arrays:
    """Gate and value, two layers there, are the halves of one matrix here."""
    gate = _dense(read, theirs + "Dense_0", "gate")
    value = _dense(read, theirs + "Dense_1", "value")
    return {
        ours + "w12.weight": np.concatenate([gate["gate.weight"], value["value.weight"]]),
        ours + "w12.bias": np.concatenate([gate["gate.bias"], value["value.bias"]]),
    } | _dense(read, theirs + "Dense_2", ours + "w3")
