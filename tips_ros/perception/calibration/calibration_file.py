# SPDX-License-Identifier: Apache-2.0
"""Calibration files as tools write them: which camera of the file, and the lens of a picture.

`camera_calibration` and `camera_info_manager` (YAML with the keys of today and of ten years ago,
and ``ost.txt``), OpenCV (YAML, XML), Kalibr's ``camchain.yaml``, camodocal, ZED's ``.conf``, JSON
of Open3D and RealSense, and the output of ``ros2 topic echo``.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from pathlib import Path

from tips_ros.perception.calibration.calibration import Calibration
from tips_ros.perception.calibration.file_keys import cameras_in
from tips_ros.perception.calibration.file_text import parse_calibration_text
from tips_ros.perception.calibration.file_values import EXPECTED, calibration_of
from tips_ros.perception.camera.camera_info import UncalibratedCamera
from tips_ros.perception.camera.lens import Lens

# What ZED's .conf means by LEFT_CAM_HD; its sections don't say the size.
_ZED_SIZES = {
    "4K": (3840, 2160),
    "2K": (2208, 1242),
    "FHD": (1920, 1080),
    "FHD1200": (1920, 1200),
    "HD": (1280, 720),
    "HD1200": (1920, 1200),
    "SVGA": (960, 600),
    "VGA": (672, 376),
}


def load_calibration(path: str | Path, size: tuple[int, int] | None = None) -> Calibration:
    """Reads one camera's calibration.

    Args:
        path: of the file; ``FILE#NAME`` for one camera of several.
        size: (width, height) of the picture, which chooses among several.

    Raises:
        OSError: the file cannot be read.
        UncalibratedCamera: not such a file; the message says what is missing.
    """
    path, wanted = _split_camera_name(Path(path))
    try:
        cameras = _cameras(_text(path.read_bytes()))
        if not cameras:
            raise ValueError(f"not a camera calibration; {EXPECTED}")
        if wanted and wanted not in cameras:
            raise ValueError(f"there is no camera {wanted!r}; name one of {', '.join(cameras)}")
        if wanted:
            return calibration_of(cameras[wanted], path)
        found = {name: calibration_of(camera, path) for name, camera in cameras.items()}
        return found[_choose_camera(found, size, path)]
    except ValueError as error:
        raise UncalibratedCamera(f"{path}: {error}", "file") from error


def lens_at(calibration: Calibration, width: int, height: int, rectified: bool = False) -> Lens:
    """The lens of an image of this size that shows the calibrated camera's whole view.

    Raises:
        UncalibratedCamera: impossible numbers, or an image of another shape: it was cropped, and
            nobody knows where.
    """
    try:
        return Lens.from_camera_info(calibration, rectified, (height, width))
    except UncalibratedCamera as error:
        if error.fault != "size":
            raise
    lens = Lens.from_camera_info(calibration, rectified)
    full = lens.intrinsics
    if not _same_shape((full.width, full.height), (width, height)):
        raise UncalibratedCamera(
            f"the calibration is for {full.width}x{full.height} images and this one is "
            f"{width}x{height}, which is another shape; give the camera's own images",
            "size",
        )
    return lens.scaled_to(width, height)


def _split_camera_name(path: Path) -> tuple[Path, str]:
    """A path and, behind #, the name of a camera in the file."""
    base, _, name = path.name.rpartition("#")
    return (path.with_name(base), name) if base and not path.exists() else (path, "")


def _text(data: bytes) -> str:
    """Raises ValueError where it is none."""
    utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # of PowerShell
    try:
        return data.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        if b"\0" not in data:
            return data.decode("latin-1")  # a comment in another encoding
        raise ValueError(
            f"not a text file ({error.reason}); of an archive, give the .yaml or ost.txt inside"
        ) from error


def _cameras(text: str) -> dict[str, Mapping[str, object]]:
    """Each camera of the file by its name; the fullest where documents repeat one."""
    found: dict[str, Mapping[str, object]] = {}
    for document in parse_calibration_text(text):
        shared = document.get("image")  # of ost.txt: the size, for all its cameras
        size = dict(shared) if isinstance(shared, dict) and "width" in shared else {}
        rest = {key: value for key, value in document.items() if not (size and key == "image")}
        for name, camera in cameras_in(rest):
            if name not in found or len(camera) > len(found[name]):
                found[name] = {**size, **_zed_size(name), **camera}
    return found


def _zed_size(name: str) -> dict[str, int]:
    side, _, resolution = name.upper().partition("_CAM_")
    if side not in ("LEFT", "RIGHT") or resolution not in _ZED_SIZES:
        return {}
    width, height = _ZED_SIZES[resolution]
    return {"width": width, "height": height}


def _choose_camera(
    found: Mapping[str, Calibration], size: tuple[int, int] | None, path: Path
) -> str:
    """The name of the only camera, or of the only one for a picture of this size."""
    names = list(found)
    if size is not None:
        of = {name: (found[name].width, found[name].height) for name in names}
        exact = [name for name in names if of[name] == size]
        names = exact or [name for name in names if _same_shape(of[name], size)] or names
    if len(names) > 1:
        raise ValueError(
            f"holds {len(names)} cameras that may be this one: {', '.join(names)}; name one, as "
            f"{path.name}#{names[0]}"
        )
    return names[0]


def _same_shape(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether one can be the other resized: whole pixels agree to within one."""
    return abs(other[0] * size[1] - other[1] * size[0]) <= max(size)
