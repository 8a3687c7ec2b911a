# SPDX-License-Identifier: Apache-2.0
"""From the fields of one camera in a calibration file to its `Calibration`."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Mapping
from typing import Any, Literal

from tips_ros.perception.calibration.calibration import Calibration, Region
from tips_ros.perception.calibration.file_keys import Field, fields_of
from tips_ros.perception.camera.distortion import is_lens_name, ros_model_name

logger = logging.getLogger(__name__)

EXPECTED = "expected image_width, image_height and camera_matrix as camera_calibration writes them"

# Cameras of which K alone, or K with a radial polynomial, says something else.
_OTHER_CAMERAS = ("omni", "mei", "ds", "doublesphere", "eucm", "ucm", "equirectangular")
_BROWN: tuple[Field, ...] = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")
_FISHEYE: tuple[Field, ...] = ("k1", "k2", "k3", "k4")
_FISHEYE_FROM_2: tuple[Field, ...] = ("k2", "k3", "k4", "k5")  # camodocal counts powers
_DEEPEST = 2  # a list of rows, of lists of one number

_Fields = dict[Field, Any]


def calibration_of(camera: Mapping[str, Any], path: object) -> Calibration:
    """One camera's content.

    Args:
        camera: its keys and values, as the file has them.
        path: of the file, for what is logged.

    Raises:
        ValueError: something needed is missing, misspelt or no number; the message says what.
    """
    fields = fields_of(camera, logger, path)
    for name in ("intrinsics", "k", "d"):
        fields = _unfold(fields, name, path)
    width, height = _size(fields)
    d, model = _lens(fields)
    assumed = ros_model_name(model, d)
    if not model and assumed:
        logger.warning("%s names no distortion model: assumed %s", path, assumed)
    if not width:
        logger.warning("%s says no image size: assumed that of the picture", path)
    roi = fields.get("roi")
    return Calibration(
        width,
        height,
        model,
        d,
        _camera_matrix(fields),
        _spare_matrix(fields, "r", "rectification_matrix", 9, path),
        _spare_matrix(fields, "p", "projection_matrix", 12, path),
        _integer(fields.get("binning_x", 0)),
        _integer(fields.get("binning_y", 0)),
        Region(*(_integer(roi.get(name, 0)) for name in Region.__dataclass_fields__))
        if isinstance(roi, Mapping)
        else Region(),
    )


def _unfold(fields: _Fields, name: Literal["intrinsics", "k", "d"], path: object) -> _Fields:
    """The same where a field gives each of its numbers a key: those are fields, too.

    Raises:
        ValueError: a distortion without a coefficient that is known.
    """
    nested = fields.get(name)
    if not isinstance(nested, Mapping) or "data" in nested or "rows" in nested:
        return fields
    inner = fields_of(nested, logger, path)
    if name == "d":
        if "camera_model" in inner:  # the type of a distortion is that of the lens
            inner.setdefault("model", inner.pop("camera_model"))
        if nested and not any(field in inner for field in ("d", *_BROWN)):
            raise ValueError(f"the distortion has {', '.join(map(str, nested))}, but no k1")
    return inner | {field: value for field, value in fields.items() if field != name}


def _size(fields: _Fields) -> tuple[int, int]:
    """Width and height; zeros where nothing is said of either."""
    if "size" in fields and not ("width" in fields or "height" in fields):
        size = _numbers(fields["size"], "resolution")
        if len(size) != 2:
            raise ValueError(f"resolution holds {len(size)} numbers, not width and height")
        fields = {"width": size[0], "height": size[1]}
    if not ("width" in fields or "height" in fields):
        return 0, 0
    width, height = (_side(fields.get(name), f"image_{name}") for name in ("width", "height"))
    if bool(width) != bool(height):
        raise ValueError(f"image_width is {width} and image_height is {height}; {EXPECTED}")
    return width, height


def _side(value: Any, name: str) -> int:
    side = _integer(value)
    if side < 0 or value is None:
        raise ValueError(f"{name} is {value!r}; {EXPECTED}")
    return side


def _integer(value: Any) -> int:
    """-1 for what is no whole number."""
    try:
        number = _number(value)
        return int(number) if number == int(number) else -1
    except (TypeError, ValueError, OverflowError):
        return -1


def _lens(fields: _Fields) -> tuple[list[float], str]:
    """The coefficients in OpenCV's order and the model's name, empty where the file has none."""
    camera = str(fields.get("camera_model") or "").strip()
    if "".join(filter(str.isalnum, camera)).lower() in _OTHER_CAMERAS:
        raise ValueError(
            f"camera_model {camera!r} is not known; calibrate as a pinhole with radtan, or as a "
            "fisheye with equidistant"
        )
    model = str(fields.get("model") or "").strip()
    if not model and camera.lower().startswith("distortion."):  # librealsense's name
        model = camera.partition(".")[2]
    if not model and is_lens_name(camera):
        model = camera
    if not model and _integer(fields.get("fisheye", 0)) > 0:
        model = "equidistant"
    if model.lower() == "none":
        return [], "plumb_bob"
    if "d" in fields:
        return _numbers(fields["d"], "distortion_coefficients"), model
    if ros_model_name(model, ()) == "equidistant":
        names = _FISHEYE_FROM_2 if "k5" in fields and "k1" not in fields else _FISHEYE
        return _scalars(fields, names), model
    numbers = _scalars(fields, _BROWN)
    return (numbers if any(numbers[5:]) else numbers[:5]), model


def _camera_matrix(fields: _Fields) -> list[float]:
    """K, row by row; zeros where the file has P alone."""
    if "k" in fields:
        k = _matrix(fields["k"], "camera_matrix", 9)
        # Column by column, as Open3D and MATLAB write it.
        transposed = k[2] == k[5] == 0 and k[6] != 0 and k[7] != 0
        return [k[i] for i in (0, 3, 6, 1, 4, 7, 2, 5, 8)] if transposed else k
    if "intrinsics" in fields:
        numbers = _numbers(fields["intrinsics"], "intrinsics")
        if len(numbers) == 9:
            return numbers
        if len(numbers) != 4:
            raise ValueError(f"intrinsics holds {len(numbers)} numbers, not fx fy cx cy")
        fx, fy, cx, cy = numbers
    elif "fx" in fields:
        missing = [name for name in ("fy", "cx", "cy") if name not in fields]
        if missing:
            raise ValueError(f"fx is there, and {', '.join(missing)} is not")
        fx, fy, cx, cy = _scalars(fields, ("fx", "fy", "cx", "cy"))
    elif "p" in fields:
        return [0.0] * 9
    else:
        raise ValueError(f"there is no camera_matrix; {EXPECTED}")
    return [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]


def _scalars(fields: _Fields, names: tuple[Field, ...]) -> list[float]:
    try:
        return [_number(fields.get(name, 0.0)) for name in names]
    except (TypeError, ValueError):
        raise ValueError(f"{', '.join(names)} must be numbers") from None


def _spare_matrix(
    fields: _Fields, field: Literal["r", "p"], name: str, count: int, path: object
) -> list[float]:
    """One that most pictures don't need: zeros where it is absent or broken."""
    try:
        return _matrix(fields.get(field) or [0.0] * count, name, count)
    except ValueError as error:
        logger.warning("%s: %s: taken for absent", path, error)
        return [0.0] * count


def _matrix(value: Any, name: str, count: int) -> list[float]:
    numbers = _numbers(value, name)
    if len(numbers) != count:
        raise ValueError(f"{name}.data holds {len(numbers)} numbers, not {count}")
    return numbers


def _numbers(value: Any, name: str) -> list[float]:
    """The numbers of a list, of lists in it, of a matrix's data, or of a text with spaces."""
    if isinstance(value, Mapping):
        if "data" not in value:
            near = difflib.get_close_matches("data", [str(key) for key in value], 1, 0.5)
            meant = f": {near[0]} is not known, did you mean data?" if near else ""
            raise ValueError(f"{name}.data is not a list of numbers{meant}")
        value = value["data"]
    try:
        return _flat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name}.data is not a list of numbers") from None


def _flat(value: Any, depth: int = 0) -> list[float]:
    if value is None:
        return []
    if isinstance(value, str) and depth == 0:
        value = value.replace(",", " ").split()
    if isinstance(value, (list, tuple)):
        if depth > _DEEPEST:  # also what refers to itself
            raise ValueError("lists too deep in each other for a matrix")
        return [number for part in value for number in _flat(part, depth + 1)]
    return [_number(value)]


def _number(value: Any) -> float:
    """OpenCV writes .Nan and .Inf, which are no numbers to Python."""
    if isinstance(value, bool):
        raise TypeError("a truth value is not a number")
    if isinstance(value, str):
        value = value.strip().lower().replace(".nan", "nan").replace(".inf", "inf")
    return float(value)
