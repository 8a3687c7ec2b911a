# SPDX-License-Identifier: Apache-2.0
"""The key under which a built engine is kept: it changes with everything the engine depends on."""

from __future__ import annotations

import hashlib
import platform
from importlib import metadata
from typing import NamedTuple

import torch

from tips_ros.model.tips import Tips

_PACKAGES = ("tips_ros", "torch", "onnxruntime", "onnxruntime-gpu", "onnxscript", "tensorrt")


class Ingredients(NamedTuple):
    """Everything that a built engine depends on."""

    weights: str  # hash of all tensors with their names
    processor: str  # which GPU, or which kind of CPU
    versions: str  # of all that had a hand in it
    precision: str
    input_size: tuple[int, int]  # (h, w)

    def key(self) -> str:
        """A name for a folder."""
        return hashlib.sha256(repr(tuple(self)).encode()).hexdigest()[:24]


def key_ingredients(
    tips: Tips, device: torch.device, dtype: torch.dtype, input_size: tuple[int, int]
) -> Ingredients:
    """Collects the ingredients of an engine for this model on this machine."""
    return Ingredients(weights_hash(tips), _processor(device), _versions(), str(dtype), input_size)


def weights_hash(tips: Tips) -> str:
    """Hash of everything that decides what a model computes."""
    digest = hashlib.sha256()
    config, bins = tips.backbone.config, tips.depth.bins if tips.depth else None
    digest.update(repr((config, tips.taps, bins)).encode())
    for name, tensor in tips.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _processor(device: torch.device) -> str:
    if device.type != "cuda":
        return platform.machine()
    gpu = torch.cuda.get_device_properties(device)
    return f"{gpu.name} {gpu.major}.{gpu.minor}"


def _versions() -> str:
    found = [f"cuda {torch.version.cuda}", f"python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)
