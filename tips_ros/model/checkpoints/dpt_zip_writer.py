# SPDX-License-Identifier: Apache-2.0
"""Writes a depth head as the official releases store it, Flax arrays in a zip: see `dpt_zip`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tips_ros.model.checkpoints.archive import Arrays
from tips_ros.model.heads import DepthHead


def _conv(a: np.ndarray) -> np.ndarray:
    return a.transpose(2, 3, 1, 0)


def _transpose_conv(a: np.ndarray) -> np.ndarray:
    return a.transpose(2, 3, 0, 1)[::-1, ::-1]


def _dense(a: np.ndarray) -> np.ndarray:
    return a.T


def _conv_as_dense(a: np.ndarray) -> np.ndarray:
    return a[:, :, 0, 0].T


_BLOCKS = r"dpt/reassemble_blocks/"
_UNIT = r"dpt/fusion_blocks_\1/PreActResidualConvUnit_"
# (our name, the official one, layout of the kernel).
_LAYERS: tuple[tuple[str, str, Callable[[np.ndarray], np.ndarray]], ...] = (
    (r"dpt\.reassemble\.(\d)\.readout", rf"{_BLOCKS}readout_projects_\1", _dense),
    (r"dpt\.reassemble\.(\d)\.projection", rf"{_BLOCKS}out_projection_\1", _conv),
    (r"dpt\.reassemble\.([01])\.resize", rf"{_BLOCKS}resize_layers_\1", _transpose_conv),
    (r"dpt\.reassemble\.(3)\.resize", rf"{_BLOCKS}resize_layers_\1", _conv),
    (r"dpt\.convs\.(\d)", r"dpt/convs_\1", _conv),
    (r"dpt\.fusions\.(0)\.unit\.(\w+)", rf"{_UNIT}0/\2", _conv),
    (r"dpt\.fusions\.([123])\.skip_unit\.(\w+)", rf"{_UNIT}0/\2", _conv),
    (r"dpt\.fusions\.([123])\.unit\.(\w+)", rf"{_UNIT}1/\2", _conv),
    (r"dpt\.fusions\.(\d)\.out_conv", r"dpt/fusion_blocks_\1/Conv_0", _conv),
    (r"dpt\.project", r"dpt/project", _conv),
    (r"head", r"pixel_depth_classif", _conv_as_dense),
)


def write_depth_zip(head: DepthHead, file: Path) -> None:
    """Writes the head's tensors in fp32; its bins are told by `model.yaml`.

    Args:
        head: on any device.
        file: new, named `tips_…_depth_dpt.zip`, so that a model directory knows it.

    Raises:
        OSError: the file can't be written.
    """
    arrays: Arrays = {}
    for name, tensor in head.state_dict().items():
        layer, _, kind = name.rpartition(".")
        array = tensor.detach().float().cpu().numpy()
        for pattern, official, layout in _LAYERS:
            if found := re.fullmatch(pattern, layer):
                is_kernel = kind == "weight"
                stored = np.ascontiguousarray(layout(array)) if is_kernel else array
                arrays[f"decoder/{found.expand(official)}/{'kernel' if is_kernel else 'bias'}"] = (
                    stored
                )
                break
        else:
            raise AssertionError(f"{name} has no official name")
    with file.open("xb") as opened:
        np.savez(opened, **arrays)  # type: ignore[arg-type]
