# SPDX-License-Identifier: Apache-2.0
"""The YAML file that `camera_calibration` writes and `camera_info_manager` reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tips_ros.perception.camera.camera_info import UncalibratedCamera
from tips_ros.perception.camera.lens import Lens


@dataclass(frozen=True)
class _Region:
    """No region of interest: a calibration file describes the full sensor."""

    x_offset: int = 0
    y_offset: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Calibration:
    """A calibration file's content, under the names of `sensor_msgs/CameraInfo`."""

    width: int
    height: int
    distortion_model: str
    d: list[float]
    k: list[float]  # 9, row by row
    r: list[float]  # 9
    p: list[float]  # 12
    binning_x: int = 0
    binning_y: int = 0
    roi: Any = field(default_factory=_Region)


def load_calibration(path: str | Path) -> Calibration:
    """Reads a calibration file.

    Raises:
        OSError: the file cannot be read.
        UncalibratedCamera: not such a file; the message says what is missing.
    """
    path = Path(path)
    try:
        # OpenCV's own calibration files begin like this; the rest of theirs is another layout.
        content = yaml.safe_load(path.read_text(encoding="utf-8").replace("%YAML:1.0", "", 1))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise UncalibratedCamera(f"{path}: not a YAML file ({reason})") from error
    if not isinstance(content, dict):
        raise UncalibratedCamera(f"{path}: not a camera calibration; {_EXPECTED}")
    return Calibration(
        width=_side(content, "image_width", path),
        height=_side(content, "image_height", path),
        distortion_model=str(content.get("distortion_model", "")),
        d=_numbers(content, "distortion_coefficients", path, required=False),
        k=_numbers(content, "camera_matrix", path, 9),
        r=_numbers(content, "rectification_matrix", path, 9, required=False) or [0.0] * 9,
        p=_numbers(content, "projection_matrix", path, 12, required=False) or [0.0] * 12,
    )


def lens_at(calibration: Calibration, width: int, height: int, rectified: bool = False) -> Lens:
    """The lens of an image of this size that shows the calibrated camera's whole view.

    Raises:
        UncalibratedCamera: impossible numbers, or an image of another shape: it was cropped, and
            nobody knows where.
    """
    lens = Lens.from_camera_info(calibration, rectified)
    full = lens.intrinsics
    # A resized side was rounded to whole pixels, so the shapes agree to within one of them.
    if abs(width * full.height - height * full.width) > max(full.width, full.height):
        raise UncalibratedCamera(
            f"the calibration is for {full.width}x{full.height} images and this one is "
            f"{width}x{height}, which is another shape; give the camera's own images"
        )
    return lens.scaled_to(width, height)


_EXPECTED = "expected image_width, image_height and camera_matrix as camera_calibration writes them"


def _side(content: dict[str, Any], name: str, path: Path) -> int:
    side = content.get(name)
    if not isinstance(side, int) or isinstance(side, bool) or side < 1:
        raise UncalibratedCamera(f"{path}: {name} is {side!r}; {_EXPECTED}")
    return side


def _numbers(
    content: dict[str, Any], name: str, path: Path, count: int | None = None, required: bool = True
) -> list[float]:
    matrix = content.get(name)
    if matrix is None and not required:
        return []
    data = matrix.get("data") if isinstance(matrix, dict) else None
    try:
        numbers = [float(number) for number in data]  # type: ignore[union-attr]
    except (TypeError, ValueError):
        raise UncalibratedCamera(f"{path}: {name}.data is not a list of numbers") from None
    if count is not None and len(numbers) != count:
        raise UncalibratedCamera(f"{path}: {name}.data holds {len(numbers)} numbers, not {count}")
    return numbers
