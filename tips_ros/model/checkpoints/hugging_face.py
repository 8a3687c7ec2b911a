# SPDX-License-Identifier: Apache-2.0
"""Hugging Face directories: `config.json` beside `model.safetensors`.

`google/tipsv2-*` holds two towers, `google/tipsv2-*-dpt` the image encoder and three heads (older
revisions the heads alone). Tensors are named nearly as in the reference repository, behind a
prefix for each part. A file saved again by transformers calls the image encoder's MLP `c_fc` and
`c_proj`; the Hub's own call it `fc1` and `fc2`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor

from tips_ros.libraries import pip_install
from tips_ros.model.checkpoints.checkpoint_part import ROLES, CheckpointPart, Metadata, Role
from tips_ros.model.checkpoints.errors import CheckpointError
from tips_ros.model.depth_bins import DepthBins

WEIGHTS = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_CONFIG = "config.json"

_PREFIXES: dict[str, Role] = {
    "vision_encoder.": "vision",
    "text_encoder.": "text",
    "depth_head.": "depth",
    "normals_head.": "normals",
    "segmentation_head.": "segmentation",
}
_UNUSED = frozenset({"vision_encoder.mask_token"})
_TEMPERATURE = "temperature"

_VISION_RENAMES = ((r"\.mlp\.c_fc\.", ".mlp.fc1."), (r"\.mlp\.c_proj\.", ".mlp.fc2."))
_HEAD_RENAMES = (
    (r"^reassemble\.readout_projects\.(\d)\.", r"dpt.reassemble.\1.readout."),
    (r"^reassemble\.out_projections\.(\d)\.", r"dpt.reassemble.\1.projection."),
    (r"^reassemble\.resize_layers\.(\d)\.", r"dpt.reassemble.\1.resize."),
    (r"^convs\.", "dpt.convs."),
    (r"^fusion_blocks\.(\d)\.main_unit\.", r"dpt.fusions.\1.unit."),
    (r"^fusion_blocks\.(\d)\.residual_unit\.", r"dpt.fusions.\1.skip_unit."),
    (r"^fusion_blocks\.(\d)\.out_conv\.", r"dpt.fusions.\1.out_conv."),
    (r"^project\.", "dpt.project."),
    (r"^(?:depth|normals|segmentation)_head\.", "head."),
)
_ACTIVATIONS = {"relu": True, None: False, "none": False, "identity": False, "linear": False}


def is_hugging_face(path: Path) -> bool:
    """Whether this is a directory with safetensors in it, or such a file."""
    if path.is_dir():
        return (path / WEIGHTS).is_file() or (path / _INDEX).is_file()
    return path.suffix == ".safetensors"


def hugging_face_parts(path: Path, roles: Collection[Role] = ROLES) -> list[CheckpointPart]:
    """The towers and heads of a directory or of a file in one.

    Args:
        path: the directory or file.
        roles: which parts are wanted; the tensors of others are not read.

    Raises:
        CheckpointError: damaged, an unknown tensor, or a config.json that can't be read.
    """
    directory = path if path.is_dir() else path.parent
    config = _config(directory / _CONFIG)
    tensors = _read_tensors(path, roles)
    scale = _pop_temperature(tensors, path)
    by_role: dict[Role, dict[str, Tensor]] = {}
    for name in list(tensors):
        tensor = tensors.pop(name)  # one in half precision is let go once it was converted
        if name not in _UNUSED:
            role, ours = _our_name(name, path)
            by_role.setdefault(role, {})[ours] = tensor.float()
    if not by_role and roles == ROLES:
        raise CheckpointError(f"{path}: holds no part of a TIPS model")
    try:
        return [
            CheckpointPart(role, found, path, "Hugging Face", _metadata(role, config, scale))
            for role, found in by_role.items()
        ]
    except (AttributeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise CheckpointError(
            f"{directory / _CONFIG}: not a TIPS model's configuration ({reason}); copy it again"
        ) from error


def hugging_face_roles(path: Path) -> set[Role]:
    """Lists the parts in the file without reading a tensor; errors see `hugging_face_parts`."""
    names: list[str] = []
    for file in weight_files(path):
        with _open(file) as opened:
            names += opened.keys()
    return {
        role for prefix, role in _PREFIXES.items() if any(name.startswith(prefix) for name in names)
    }


def hugging_face_temperature(path: Path) -> float | None:
    """Temperature of the image-text softmax, or None; errors see `hugging_face_parts`."""
    return _pop_temperature(_read_tensors(path, ()), path)


def weight_files(path: Path) -> list[Path]:
    """The safetensors files of a directory, or the file itself."""
    if path.is_file():
        return [path]
    if (path / WEIGHTS).is_file():
        return [path / WEIGHTS]
    index = _config(path / _INDEX).get("weight_map")
    names = list(index.values()) if isinstance(index, dict) else []
    # A name with a folder in it would lead out of the directory.
    if not names or not all(_is_plain_name(n) for n in names):
        raise CheckpointError(f"{path / _INDEX}: names no weight files; copy the directory again")
    return [path / name for name in sorted(set(names))]


def _is_plain_name(name: object) -> bool:
    return isinstance(name, str) and Path(name).name == name and name not in ("", "..")


def _read_tensors(path: Path, roles: Collection[Role]) -> dict[str, Tensor]:
    """Tensors by their names in the files; of parts, only those of these roles."""
    tensors: dict[str, Tensor] = {}
    for file in weight_files(path):
        tensors |= _tensors(file, roles)
    return tensors


def _pop_temperature(tensors: dict[str, Tensor], path: Path) -> float | None:
    temperature = tensors.pop(_TEMPERATURE, None)
    if temperature is not None and temperature.numel() != 1:
        raise CheckpointError(f"{path}: misshapen tensor: temperature {tuple(temperature.shape)}")
    return None if temperature is None else float(temperature)


def _our_name(name: str, path: Path) -> tuple[Role, str]:
    for prefix, role in _PREFIXES.items():
        if name.startswith(prefix):
            ours = name.removeprefix(prefix)
            if role == "vision":
                return role, _rename(ours, _VISION_RENAMES)
            if role == "text":
                return role, ours
            renamed = _rename(ours, _HEAD_RENAMES)
            if renamed != ours:
                return role, renamed
    raise CheckpointError(f"{path}: unknown tensor: {name}")


def _rename(name: str, renames: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in renames:
        name, count = re.subn(pattern, replacement, name, count=1)
        if count:
            break
    return name


def _tensors(file: Path, roles: Collection[Role]) -> dict[str, Tensor]:
    unwanted = tuple(prefix for prefix, role in _PREFIXES.items() if role not in roles)
    with _open(file) as opened:
        names = [name for name in opened.keys() if not name.startswith(unwanted)]  # noqa: SIM118
        tensors = {name: opened.get_tensor(name) for name in names}
    # By its head, the dense layer is a Linear; here it is a 1x1 convolution.
    return {
        name: t[:, :, None, None] if _is_last_layer(name) and t.ndim == 2 else t
        for name, t in tensors.items()
    }


@contextmanager
def _open(file: Path) -> Iterator[Any]:
    """A safetensors file; whatever is wrong with it becomes a CheckpointError."""
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise CheckpointError(
            f"{file}: reading it needs safetensors; {pip_install('safetensors')}"
        ) from None
    try:
        with safe_open(file, framework="pt") as opened:
            yield opened
    except FileNotFoundError as error:
        raise CheckpointError(f"{file}: there is no such file") from error
    except (SafetensorError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise CheckpointError(
            f"{file}: not a whole safetensors file ({reason}); copy or download it again"
        ) from error


def _is_last_layer(name: str) -> bool:
    return re.fullmatch(r"(\w+_head)\.\1\.weight", name) is not None


def _config(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise CheckpointError(f"{file}: not readable JSON; copy it again") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"{file}: not a model's configuration; copy it again")
    return config


def _metadata(role: Role, config: dict[str, Any], temperature: float | None) -> Metadata:
    if role == "text":
        text = config.get("text_config") or {}
        return Metadata(
            heads=_count(text, "num_attention_heads"),
            text_norm_eps=_number(text, "layer_norm_eps", 1e-5),
            temperature=temperature,
        )
    vision = config.get("vision_config") or config.get("backbone_config") or {}
    taps = vision.get("out_indices") if "backbone_config" in config else None
    return Metadata(
        heads=_count(vision, "num_attention_heads") if role == "vision" else None,
        taps=tuple(int(i) - 1 for i in taps) if taps else None,  # theirs count the stem as 0
        bins=_bins(config) if role == "depth" else None,
        class_names=_class_names(config) if role == "segmentation" else None,
    )


def _count(config: dict[str, Any], key: str) -> int | None:
    value = config.get(key)
    if value is not None and (type(value) is not int or value < 1):
        raise ValueError(f"{key} {value!r} is not a whole number above 0")
    return value


def _number(config: dict[str, Any], key: str, default: float) -> float:
    value = config.get(key, default)
    if type(value) not in (int, float) or not 0 < value < math.inf:
        raise ValueError(f"{key} {value!r} is not a number above 0")
    return float(value)


def _bins(config: dict[str, Any]) -> DepthBins:
    """The Hub's own code applies the ReLU, so it is the default of this format."""
    activation = config.get("depth_decoder_activation", "relu")
    if activation not in _ACTIVATIONS:
        raise ValueError(f"depth_decoder_activation {activation!r} is not known")
    return DepthBins(
        min_m=_number(config, "min_depth", 0.001),
        max_m=_number(config, "max_depth", 10.0),
        relu_after_project=_ACTIVATIONS[activation],
    )


def _class_names(config: dict[str, Any]) -> tuple[str, ...] | None:
    """Names that somebody gave; `LABEL_7` is a placeholder."""
    labels = config.get("id2label") or {}
    names = [str(labels.get(str(i), f"LABEL_{i}")) for i in range(len(labels))]
    return None if any(n.startswith("LABEL_") for n in names) or not names else tuple(names)
