# SPDX-License-Identifier: Apache-2.0
"""Contents of a checkpoint file by the names and shapes in it; its data is not read."""

from __future__ import annotations

import math
import re
import struct
import zipfile
from collections.abc import Mapping
from json import loads
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tips_ros.model.variants import VARIANTS

Shapes = Mapping[str, tuple[int, ...]]
_LARGEST_HEADER = 100_000_000  # bytes, as the safetensors library has it
_HUB_PREFIXES = {
    "vision_encoder.": "vision",
    "text_encoder.": "text",
    "depth_head.": "depth",
    "normals_head.": "normals",
    "segmentation_head.": "segmentation",
}


class Tower(NamedTuple):
    """An image encoder's sizes."""

    width: int
    depth: int
    grid: int | None  # side of the position embedding, patches

    def __str__(self) -> str:
        """Variant and release, as people call them."""
        sizes = (self.width, self.depth)
        names = [v.name for v in VARIANTS if (v.vit.width, v.vit.depth) == sizes]
        what = f"{names[0]}/14" if names else "no released size"
        grid = f", positions {self.grid}x{self.grid}" if self.grid else ""
        return f"{what} (width {self.width}, {self.depth} blocks{grid})"


def shapes_in(path: Path) -> Shapes:
    """Array name → shape, of a zip of `.npy` arrays or of a safetensors file.

    Raises:
        ValueError: not such a file, or cut short.
    """
    try:
        if path.suffix == ".safetensors":
            return _safetensors(path)
        with zipfile.ZipFile(path) as archive:
            return {
                info.filename.removesuffix(".npy"): _shape(archive, info)
                for info in archive.infolist()
                if not info.is_dir()
            }
    except Exception as error:  # damaged bytes make the readers raise a dozen kinds of errors
        reason = (" ".join(str(error).split()) or type(error).__name__)[:100]
        raise ValueError(f"not a whole checkpoint ({reason})") from error


def tower_of(shapes: Shapes) -> Tower | None:
    """The image encoder among the arrays; None where there is none."""
    ours = {name.removeprefix("vision_encoder."): shape for name, shape in shapes.items()}
    if "patch_embed.proj.weight" in ours:
        width, pattern = ours["patch_embed.proj.weight"][0], r"blocks\.(\d+)\."
        positions = ours.get("pos_embed", ())
    else:
        kernels = [n for n in ours if n.endswith("ToTokenSequence_0/embedding/kernel")]
        if not kernels:
            return None
        width, pattern = ours[kernels[0]][-1], r".*encoderblock_(\d+)/"
        inputs = [shape for name, shape in ours.items() if name.endswith("posembed_input")]
        positions = inputs[0] if inputs else ()
    blocks = {int(match[1]) for name in ours if (match := re.match(pattern, name))}
    grid: int | None = None
    if len(positions) == 4:  # JAX: (1, side, side, D)
        grid = positions[1]
    elif len(positions) == 3:  # PyTorch: (1, 1 + side², D)
        grid = math.isqrt(positions[1])
    return Tower(width, len(blocks), grid)


def hub_parts(shapes: Shapes) -> list[str]:
    """The parts in a Hugging Face file."""
    return [
        role for prefix, role in _HUB_PREFIXES.items() if any(n.startswith(prefix) for n in shapes)
    ]


def _shape(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[int, ...]:
    with archive.open(info) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        return tuple(read(file)[0])


def _safetensors(path: Path) -> Shapes:
    """Eight bytes of length, then JSON: name → dtype, shape, place."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _LARGEST_HEADER:
            raise ValueError("its header is too long")
        header = loads(file.read(length))
    header.pop("__metadata__", None)
    ends = [entry["data_offsets"][1] for entry in header.values()]
    if 8 + length + max(ends, default=0) > path.stat().st_size:
        raise ValueError("cut short")
    return {name: tuple(entry["shape"]) for name, entry in header.items()}
