# SPDX-License-Identifier: Apache-2.0
"""The official DPT heads, `tips_v2_*_{depth,normals,segmentation}_dpt.zip`: Flax arrays in a zip.

Flax → PyTorch layouts: a convolution kernel (H, W, in, out) → (out, in, H, W); a transposed
convolution's (H, W, in, out) → (in, out, H, W), turned by 180°; a dense kernel is transposed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from torch import Tensor

from tips_ros.model.checkpoints.archive import Arrays
from tips_ros.model.checkpoints.checkpoint_part import CheckpointPart, Metadata
from tips_ros.model.checkpoints.errors import CheckpointError
from tips_ros.model.checkpoints.strict import as_tensor
from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.tips import HeadName

Layout = Callable[[np.ndarray], np.ndarray]


def _copy_tensor(a: np.ndarray) -> np.ndarray:
    return a


def _conv(a: np.ndarray) -> np.ndarray:
    return a.transpose(3, 2, 0, 1)


def _transpose_conv(a: np.ndarray) -> np.ndarray:
    return a[::-1, ::-1].transpose(2, 3, 0, 1)


def _dense(a: np.ndarray) -> np.ndarray:
    return a.T


def _dense_as_conv(a: np.ndarray) -> np.ndarray:
    return a.T[:, :, None, None]


# Which layer each task's last Dense is called, and the module it becomes.
_TASKS: dict[HeadName, str] = {
    "depth": "pixel_depth_classif",
    "normals": "pixel_normals",
    "segmentation": "pixel_segmentation",
}
_TASK_LAYER = "|".join(_TASKS.values())

# (name in the zip, our name, layout of the kernel); a bias is as it is stored.
_LAYERS: tuple[tuple[str, str, Layout], ...] = (
    (r"dpt/reassemble_blocks/readout_projects_(\d)", r"dpt.reassemble.\1.readout", _dense),
    (r"dpt/reassemble_blocks/out_projection_(\d)", r"dpt.reassemble.\1.projection", _conv),
    (r"dpt/reassemble_blocks/resize_layers_([01])", r"dpt.reassemble.\1.resize", _transpose_conv),
    (r"dpt/reassemble_blocks/resize_layers_(3)", r"dpt.reassemble.\1.resize", _conv),
    (r"dpt/convs_(\d)", r"dpt.convs.\1", _conv),
    # The first fusion block has no skip: its only unit is the main one.
    (r"dpt/fusion_blocks_(0)/PreActResidualConvUnit_0/(\w+)", r"dpt.fusions.\1.unit.\2", _conv),
    (
        r"dpt/fusion_blocks_([123])/PreActResidualConvUnit_0/(\w+)",
        r"dpt.fusions.\1.skip_unit.\2",
        _conv,
    ),
    (r"dpt/fusion_blocks_([123])/PreActResidualConvUnit_1/(\w+)", r"dpt.fusions.\1.unit.\2", _conv),
    (r"dpt/fusion_blocks_(\d)/Conv_0", r"dpt.fusions.\1.out_conv", _conv),
    (r"dpt/project", r"dpt.project", _conv),
    (rf"(?:{_TASK_LAYER})", r"head", _dense_as_conv),
)


def is_dpt(arrays: Arrays) -> bool:
    """Whether these are the names of an official DPT head."""
    return any(name.startswith("decoder/") for name in arrays)


def dpt_part(arrays: Arrays, path: Path) -> CheckpointPart:
    """One head; which one is told by the name of its last layer.

    The depth head's bins are this format's: no ReLU after `project`, as in the reference code.
    Arrays are let go one by one as they are converted.
    """
    role = _task_of(arrays, path)
    tensors = dict(_translate(name, arrays.pop(name), path) for name in list(arrays))
    metadata = Metadata(bins=DepthBins()) if role == "depth" else Metadata()
    return CheckpointPart(role, tensors, path, "Flax DPT", metadata)


def _task_of(arrays: Arrays, path: Path) -> HeadName:
    tasks = [
        task
        for task, layer in _TASKS.items()
        if any(name.startswith(f"decoder/{layer}/") for name in arrays)
    ]
    if not tasks:
        raise CheckpointError(
            f"{path}: not a DPT head (there is no decoder/{{{','.join(_TASKS.values())}}}/kernel); "
            "the file wanted is named tips_v2_…_dpt.zip"
        )
    if len(tasks) > 1:
        raise CheckpointError(f"{path}: holds more than one last layer: {', '.join(tasks)}")
    return tasks[0]


def _translate(name: str, array: np.ndarray, path: Path) -> tuple[str, Tensor]:
    """One stored array → our name and layout."""
    match = re.fullmatch(r"decoder/(.+)/(kernel|bias)", name)
    for pattern, replacement, layout in _LAYERS if match else ():
        assert match is not None
        if layer := re.fullmatch(pattern, match[1]):
            kernel = match[2] == "kernel"
            return (
                f"{layer.expand(replacement)}.{'weight' if kernel else 'bias'}",
                _rearrange(array, layout if kernel else _copy_tensor, name, path),
            )
    raise CheckpointError(f"{path}: unknown tensor: {name}")


def _rearrange(array: np.ndarray, layout: Layout, name: str, path: Path) -> Tensor:
    try:
        return as_tensor(layout(array))
    except (ValueError, IndexError) as error:
        raise CheckpointError(f"{path}: misshapen tensor: {name} {array.shape}") from error
