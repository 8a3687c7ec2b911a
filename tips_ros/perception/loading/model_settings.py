# SPDX-License-Identifier: Apache-2.0
"""`model.yaml` of a model directory: what file names and tensors can't tell.

Every key is optional:

    vision: my_encoder.npz          # files by role, where names are not the official ones
    text: my_text.npz
    depth: my_depth_dpt.zip
    normals: my_normals_dpt.zip
    segmentation: my_segmentation_dpt.zip
    tokenizer: tokenizer.model
    attention_heads: 12             # for sizes that no released variant has
    text_attention_heads: 12
    taps: [2, 5, 8, 11]             # blocks that the DPT heads read, 0-based
    input_size: [448, 448]          # height, width in px
    classes: {0: wall, 3: floor}    # id → name, in the order of the head's outputs; or a list,
                                    # or the name of a text file, one class a line: ids 0, 1, …
    depth_range_m: [0.001, 10.0]    # first and last depth bin
    depth_relu_after_project: false
    focal_ratio: 0.8107             # fx / width of the camera the depth head was trained with
    depth_stddev: {…}               # of depth's deviation; `tips_ros calibrate` writes it
    temperature: 0.01
    trained: true
    knows: streets at night only    # what it was trained for, told with every picture of it
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from tips_ros.model.checkpoints.checkpoint_part import ROLES
from tips_ros.perception.classes.class_files import load_class_list
from tips_ros.perception.classes.class_list import ClassList, class_list
from tips_ros.perception.deviation.model import DeviationModel, deviation_model
from tips_ros.texts.yaml_text import load_yaml

SETTINGS_FILE = "model.yaml"
TOKENIZER = "tokenizer"
_DEVIATION = "depth_stddev"
_FILE_KEYS = (*ROLES, TOKENIZER)


class ModelSettingsError(ValueError):
    """A `model.yaml` that can't be used; names the key."""


@dataclass(frozen=True)
class ModelSettings:
    """The content of a `model.yaml`; None for what it leaves out. Keys: the module's docstring."""

    files: dict[str, Path] = field(default_factory=dict)
    attention_heads: int | None = None
    text_attention_heads: int | None = None
    taps: tuple[int, ...] | None = None
    input_size: tuple[int, int] | None = None
    classes: ClassList | None = None
    depth_range_m: tuple[float, float] | None = None
    depth_relu_after_project: bool | None = None
    focal_ratio: float | None = None
    depth_stddev: DeviationModel | None = None
    temperature: float | None = None
    trained: bool = True
    knows: str | None = None


def read_settings(directory: Path) -> ModelSettings:
    """The settings of a directory; empty ones without a `model.yaml`.

    Raises:
        ModelSettingsError: not YAML, an unknown key, or a value of the wrong kind.
    """
    file = directory / SETTINGS_FILE
    if not file.is_file():
        return ModelSettings()
    try:
        stored = load_yaml(file.read_text(encoding="utf-8")) or {}
    except ValueError as error:
        raise ModelSettingsError(f"{file}: not YAML ({' '.join(str(error).split())})") from error
    if not isinstance(stored, dict):
        raise ModelSettingsError(f"{file}: must be a list of `key: value` lines")
    known = {f.name for f in fields(ModelSettings)} - {"files"} | set(_FILE_KEYS)
    if unknown := sorted(str(key) for key in stored if key not in known):
        raise ModelSettingsError(
            f"{file}: unknown key {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    values: dict[str, Any] = {"files": {}}
    for key, value in stored.items():
        try:
            if key in _FILE_KEYS:
                values["files"][key] = _inside(directory, value)
            else:
                values[key] = _READERS[key](value, directory)
        except (ValueError, TypeError, OSError, OverflowError) as error:
            shown = reprlib.repr(value)[:80]
            raise ModelSettingsError(f"{file}: {key}: {shown}: {error}") from error
    return ModelSettings(**values)


def with_deviation(text: str, model: DeviationModel) -> str:
    """The text of a `model.yaml` with this deviation model; all else, comments too, stays."""
    kept: list[str] = []
    inside = False
    for line in text.splitlines():
        # What belongs to a key is indented, or closes a bracket.
        inside = line.startswith(f"{_DEVIATION}:") or (inside and line[:1] in (" ", "\t", "}", ""))
        if not inside:
            kept.append(line)
    new = yaml.safe_dump({_DEVIATION: model.as_dict()}, sort_keys=False, allow_unicode=True)
    return "\n".join([*kept, new])


def _inside(directory: Path, name: object) -> Path:
    if not isinstance(name, str) or Path(name).name != name or name in ("", ".."):
        raise ValueError("must be the name of a file in this directory")
    return directory / name


def _count(value: object, _: Path) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("must be a whole number above 0")
    return value


def _positive(value: object, _: Path) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise ValueError("must be a number above 0")
    if not 0 < float(value) < math.inf:
        raise ValueError("must be a number above 0")
    return float(value)


def _flag(value: object, _: Path) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _line(value: object, _: Path) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError("must be one line of text")
    return value.strip()


def _taps(value: object, _: Path) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) != 4 or any(type(v) is not int for v in value):
        raise ValueError("must be four block numbers, as in [2, 5, 8, 11]")
    return tuple(value)


def _pair(value: object, _: Path) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("must be [height, width]")
    return _count(value[0], _), _count(value[1], _)


def _range_m(value: object, _: Path) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("must be [nearest, farthest]")
    low, high = _positive(value[0], _), _positive(value[1], _)
    if low >= high:
        raise ValueError("the first must be below the second")
    return low, high


def _classes(value: object, directory: Path) -> ClassList:
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return class_list(value)
    if isinstance(value, dict):
        if not value or not all(isinstance(name, str) for name in value.values()):
            raise ValueError("must name each id, as in {0: wall, 3: floor}")
        return class_list(value.values(), value)
    return load_class_list(_inside(directory, value))


_READERS: dict[str, Callable[[object, Path], Any]] = {
    "attention_heads": _count,
    "text_attention_heads": _count,
    "taps": _taps,
    "input_size": _pair,
    "classes": _classes,
    "depth_range_m": _range_m,
    "depth_relu_after_project": _flag,
    "focal_ratio": _positive,
    "depth_stddev": lambda value, _: deviation_model(value),
    "temperature": _positive,
    "trained": _flag,
    "knows": _line,
}
