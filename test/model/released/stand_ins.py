# SPDX-License-Identifier: Apache-2.0
"""Files that stand in for released ones: of their names and shapes, without their numbers."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tips_ros.model.checkpoints import (
    dpt_zip,
    pytorch_npz,
    read,
    scenic_npz,
)
from tips_ros.model.heads import DepthHead, NormalsHead, SegmentationHead
from tips_ros.model.text import TextEncoder
from tips_ros.model.vit import VisionTransformer

from ... import scenic_shapes
from .rows import variant_of_model

Shapes = dict[str, tuple[int, ...]]


HEADS = {
    "depth": ("pixel_depth_classif", 256, DepthHead),
    "normals": ("pixel_normals", 3, NormalsHead),
    "segmentation": ("pixel_segmentation", 150, SegmentationHead),
}


def shapes_of(model: str, role: str, layout: str) -> Shapes:
    """Names and shapes of an official file's arrays."""
    variant = variant_of_model(model)
    vit, text = variant.vit, variant.text
    if role in HEADS:
        return head_shapes(vit.width, role)
    if layout == "scenic":
        if role == "text":
            sizes = (text.width, text.depth, text.heads, text.hidden, text.vocabulary)
            return scenic_shapes.text_shapes(*sizes) | {"temperature": ()}
        grid = 32 if "v2" in model else 16
        return scenic_shapes.vision_shapes(
            vit.width, vit.depth, vit.heads, vit.ffn, vit.ffn_hidden, grid
        )
    with torch.device("meta"):
        module = VisionTransformer(vit) if role == "vision" else TextEncoder(text)
    found = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    if role == "vision":
        side = 16 if "lowres" in model else 32
        return found | {"mask_token": (1, vit.width), "pos_embed": (1, 1 + side**2, vit.width)}
    return found | {"temperature": ()}


def head_shapes(width: int, role: str) -> Shapes:
    """Names and shapes of a DPT zip's arrays."""
    last, outputs, _ = HEADS[role]
    dpt, out = "decoder/dpt/", {}
    for i, channels in enumerate((width // 8, width // 4, width // 2, width)):
        block = f"{dpt}reassemble_blocks/"
        out[f"{block}out_projection_{i}/kernel"] = (1, 1, width, channels)
        out[f"{block}out_projection_{i}/bias"] = (channels,)
        out[f"{block}readout_projects_{i}/kernel"] = (2 * width, width)
        out[f"{block}readout_projects_{i}/bias"] = (width,)
        if i != 2:
            side = {0: 4, 1: 2, 3: 3}[i]
            out[f"{block}resize_layers_{i}/kernel"] = (side, side, channels, channels)
            out[f"{block}resize_layers_{i}/bias"] = (channels,)
        out[f"{dpt}convs_{i}/kernel"] = (3, 3, channels, 256)
        for unit in range(2 if i else 1):
            for conv in (1, 2):
                name = f"{dpt}fusion_blocks_{i}/PreActResidualConvUnit_{unit}/conv{conv}/kernel"
                out[name] = (3, 3, 256, 256)
        out[f"{dpt}fusion_blocks_{i}/Conv_0/kernel"] = (1, 1, 256, 256)
        out[f"{dpt}fusion_blocks_{i}/Conv_0/bias"] = (256,)
    out |= {f"{dpt}project/kernel": (3, 3, 256, 256), f"{dpt}project/bias": (256,)}
    return out | {f"decoder/{last}/kernel": (256, outputs), f"decoder/{last}/bias": (outputs,)}


def write_zeros(path: Path, shapes: Shapes) -> None:
    """A zip of arrays of zeros, which take no room."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, shape in shapes.items():
            with archive.open(f"{name}.npy", "w") as entry:
                np.lib.format.write_array(entry, np.zeros(shape, np.float32))


def by_shape(monkeypatch: pytest.MonkeyPatch, shapes: Shapes) -> None:
    """Makes the next file read one of these shapes, and tensors without memory."""
    arrays = {name: np.broadcast_to(np.int8(0), shape) for name, shape in shapes.items()}
    monkeypatch.setattr(read, "read_arrays", lambda _: arrays)
    for module in (pytorch_npz, scenic_npz, dpt_zip):
        monkeypatch.setattr(module, "as_tensor", lambda a: torch.empty(a.shape, device="meta"))


class ByShape:
    """Stands for an open safetensors file: tensors of these shapes, without memory."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes

    def __enter__(self) -> ByShape:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def keys(self) -> list[str]:
        return list(self._shapes)

    def get_tensor(self, name: str) -> torch.Tensor:
        shape = self._shapes[name]
        return torch.empty(shape, device="meta") if shape else torch.tensor(0.005)


def write_holes(path: Path, shapes: Shapes) -> None:
    """A safetensors file of fp32 zeros, of which only the header takes room."""
    header: dict[str, Any] = {}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 4 * int(np.prod(shape, dtype=np.int64))
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
