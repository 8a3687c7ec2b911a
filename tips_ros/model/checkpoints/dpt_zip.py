# SPDX-License-Identifier: Apache-2.0
"""The official DPT heads, `tips_v2_*_{depth,normals,segmentation}_dpt.zip`: Flax arrays in a zip.

Flax → PyTorch layouts: a convolution kernel (H, W, in, out) → (out, in, H, W); a transposed
convolution's (H, W, in, out) → (in, out, H, W), turned by 180°; a dense kernel is transposed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import Tensor

from tips_ros.model.checkpoints.archive import Arrays
from tips_ros.model.checkpoints.checkpoint_part import CheckpointPart, Metadata
from tips_ros.model.checkpoints.errors import CheckpointError
from tips_ros.model.checkpoints.strict import as_tensor
from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.heads import DepthHead
from tips_ros.model.tips import HeadName


class Layout(NamedTuple):
    """The order of a kernel's axes in the two frameworks."""

    from_flax: Callable[[np.ndarray], np.ndarray]
    to_flax: Callable[[np.ndarray], np.ndarray]


_DENSE = Layout(lambda a: a.T, lambda a: a.T)
_DENSE_AS_CONV = Layout(lambda a: a.T[:, :, None, None], lambda a: a[:, :, 0, 0].T)
_CONV = Layout(lambda a: a.transpose(3, 2, 0, 1), lambda a: a.transpose(2, 3, 1, 0))
_TRANSPOSED_CONV = Layout(
    lambda a: a[::-1, ::-1].transpose(2, 3, 0, 1), lambda a: a.transpose(2, 3, 0, 1)[::-1, ::-1]
)

# The last Dense of each task.
_TASKS: dict[HeadName, str] = {
    "depth": "pixel_depth_classif",
    "normals": "pixel_normals",
    "segmentation": "pixel_segmentation",
}


def _decoder_layers() -> Iterator[tuple[str, str, Layout]]:
    """Name in the zip, our name, and layout of the kernel; a bias is as it is stored."""
    blocks = "dpt/reassemble_blocks"
    for n in range(4):
        yield f"{blocks}/readout_projects_{n}", f"dpt.reassemble.{n}.readout", _DENSE
        yield f"{blocks}/out_projection_{n}", f"dpt.reassemble.{n}.projection", _CONV
        if n != 2:  # at its own size already
            resize = _TRANSPOSED_CONV if n < 2 else _CONV
            yield f"{blocks}/resize_layers_{n}", f"dpt.reassemble.{n}.resize", resize
        yield f"dpt/convs_{n}", f"dpt.convs.{n}", _CONV
        yield f"dpt/fusion_blocks_{n}/Conv_0", f"dpt.fusions.{n}.out_conv", _CONV
        # The first fusion block has no skip: its only unit is the main one.
        units = ("skip_unit", "unit") if n else ("unit",)
        for (at, unit), conv in itertools.product(enumerate(units), ("conv1", "conv2")):
            official = f"dpt/fusion_blocks_{n}/PreActResidualConvUnit_{at}/{conv}"
            yield official, f"dpt.fusions.{n}.{unit}.{conv}", _CONV
    yield "dpt/project", "dpt.project", _CONV


_LAYERS = tuple(_decoder_layers())


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
    layer = _READ.get(match[1]) if match else None
    if match is None or layer is None:
        raise CheckpointError(f"{path}: unknown tensor: {name}")
    ours, layout = layer
    try:
        if match[2] == "bias":
            return f"{ours}.bias", as_tensor(array)
        return f"{ours}.weight", as_tensor(layout.from_flax(array))
    except (ValueError, IndexError) as error:
        raise CheckpointError(f"{path}: misshapen tensor: {name} {array.shape}") from error


_READ = {official: (ours, layout) for official, ours, layout in _LAYERS}
_READ |= {last: ("head", _DENSE_AS_CONV) for last in _TASKS.values()}
_WRITE = {ours: (official, layout) for official, ours, layout in _LAYERS}
_WRITE["head"] = _TASKS["depth"], _DENSE_AS_CONV


def write_depth_zip(head: DepthHead, file: Path) -> None:
    """Writes a depth head's tensors in fp32; its bins are told by `model.yaml`.

    Args:
        head: on any device.
        file: new, named `tips_…_depth_dpt.zip`, so that a model directory knows it.

    Raises:
        OSError: the file can't be written.
    """
    arrays: Arrays = {}
    for name, tensor in head.state_dict().items():
        ours, _, kind = name.rpartition(".")
        official, layout = _WRITE[ours]
        array = tensor.detach().float().cpu().numpy()
        if kind == "bias":
            arrays[f"decoder/{official}/bias"] = array
        else:
            arrays[f"decoder/{official}/kernel"] = np.ascontiguousarray(layout.to_flax(array))
    with file.open("xb") as opened:
        np.savez(opened, **arrays)  # type: ignore[arg-type]
