# SPDX-License-Identifier: Apache-2.0
"""The one door: a file or directory in any released format → its parts in this package's names.

The format is recognised from the content; official file names repeat between formats.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tips_ros.model.checkpoints.archive import read_arrays
from tips_ros.model.checkpoints.checkpoint_part import ROLES, CheckpointPart, Role
from tips_ros.model.checkpoints.dpt_zip import dpt_part, is_dpt
from tips_ros.model.checkpoints.errors import CheckpointError
from tips_ros.model.checkpoints.hugging_face import (
    hugging_face_parts,
    hugging_face_temperature,
    is_hugging_face,
)
from tips_ros.model.checkpoints.pytorch_npz import (
    TEMPERATURES,
    is_pytorch,
    pytorch_part,
    temperature_of,
)
from tips_ros.model.checkpoints.scenic_npz import is_scenic, scenic_part

_PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl")


def read_checkpoint(path: Path, roles: Collection[Role] = ROLES) -> list[CheckpointPart]:
    """Every part of a model that `path` holds.

    Args:
        path: a `.npz`, a DPT `.zip`, a `.safetensors` file or a directory with one.
        roles: of a file with several parts, the wanted ones.

    Raises:
        CheckpointError: no such file, not a TIPS checkpoint, damaged, or a tensor whose name is
            not known.
    """
    if path.suffix in _PICKLES:
        raise CheckpointError(
            f"{path}: a pickle can run code when it is read, so none is; take the .npz, .zip or "
            ".safetensors file"
        )
    if is_hugging_face(path):
        return hugging_face_parts(path, roles)
    if path.is_dir():
        raise CheckpointError(f"{path}: a directory without model.safetensors")
    arrays = read_arrays(path)
    if is_pytorch(arrays):
        return [pytorch_part(arrays, path)]
    if is_scenic(arrays):
        return [scenic_part(arrays, path)]
    if is_dpt(arrays):
        return [dpt_part(arrays, path)]
    some = ", ".join(sorted(arrays)[:3])
    raise CheckpointError(
        f"{path}: not a TIPS checkpoint (it holds {some or 'nothing'}); wanted is an official "
        "tips_…_vision.npz, tips_…_text.npz or tips_v2_…_dpt.zip"
    )


def read_temperature(path: Path) -> float | None:
    """The temperature that lies beside a text encoder, if one does; nothing else is read.

    Args:
        path: as of `read_checkpoint`.

    Raises:
        CheckpointError: no such file, or damaged.
    """
    if is_hugging_face(path):
        return hugging_face_temperature(path)
    return temperature_of(read_arrays(path, TEMPERATURES))
