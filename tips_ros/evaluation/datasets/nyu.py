# SPDX-License-Identifier: Apache-2.0
"""NYU Depth v2: 640x480 photos of rooms with depth, and normals or labels where somebody made them.

Two layouts of extracted files are read. The one in which the 654 test images go around (that of
BTS, AdaBins and their successors), here under `DIR`, `DIR/test` or `DIR/official_splits/test`:

    SCENE/rgb_00045.jpg
    SCENE/sync_depth_00045.png        16-bit grey, millimetres, 0 = invalid

and a plain one, files of one frame having one name:

    rgb/NAME.jpg or .png
    depth/NAME.png                    16-bit grey, millimetres, 0 = invalid
    normals/NAME.png                  optional; 16- or 8-bit RGB, as of `truth_png`
    labels/NAME.png and classes.txt   optional; 8-bit grey, 255 = nobody's; a name per id, from 0

`nyu_depth_v2_labeled.mat` itself is not read: docs/evaluation.md has the lines that extract it.

Depth counts inside Eigen's crop up to 10 m. The camera is the dataset's own colour camera
(Silberman et al., "Indoor Segmentation and Support Inference from RGBD Images", ECCV 2012;
`camera_params.m` of its toolbox), pixel centres taken at integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tips_ros.evaluation.datasets.errors import DatasetError
from tips_ros.evaluation.datasets.files import pictures_in, read, read_rgb, validate
from tips_ros.evaluation.datasets.truth_png import decode_depth_png, decode_labels, decode_normals
from tips_ros.evaluation.depth_protocol import NYU_EIGEN
from tips_ros.evaluation.sample import Sample
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.classes.class_files import load_class_list

PARTS = "rgb/* and depth/*.png, or SCENE/rgb_*.jpg and SCENE/sync_depth_*.png"
INTRINSICS = Intrinsics(518.8579, 519.4696, 325.5824, 253.7362, 640, 480)
_SPLITS = (".", "test", "official_splits/test")


class _Files(NamedTuple):
    """The files of one frame; None for what there is none of."""

    name: str
    rgb: Path
    depth: Path
    normals: Path | None = None
    labels: Path | None = None


def find(path: Path) -> Path | None:
    """The folder with `rgb` and `depth`, or with one folder per scene."""
    if (path / "rgb").is_dir() and (path / "depth").is_dir():
        return path
    for split in _SPLITS:
        if next((path / split).glob("*/sync_depth_*.png"), None):
            return path / split
    return None


class Nyu:
    """The frames of either layout."""

    def __init__(self, root: Path) -> None:
        """List the files.

        Raises:
            DatasetError: no photos, one without its truth, or labels without names.
        """
        self.name = f"NYU Depth v2 ({root.name})"
        self.depth_protocol = NYU_EIGEN
        self.class_names: Mapping[int, str] = {}
        if (root / "rgb").is_dir():
            self._frames = _find_files(root)
            if (root / "labels").is_dir():
                self.class_names = _class_names(root / "classes.txt")
        else:
            self._frames = _find_files_by_scene(root)
        if not self._frames:
            raise DatasetError(f"{root} holds no photos; it needs {PARTS}")
        files = (path for frame in self._frames for path in frame[1:] if isinstance(path, Path))
        if missing := [path for path in files if not path.is_file()]:
            raise DatasetError(
                f"{missing[0]} is missing ({len(missing)} in all); complete the data"
            )

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[Sample]:
        for frame in self._frames:
            rgb = read_rgb(frame.rgb)
            if rgb.shape[:2] != (480, 640):
                raise DatasetError(
                    f"{frame.rgb} is {rgb.shape[1]}x{rgb.shape[0]}; the crop and the camera are "
                    "those of NYUv2's 640x480 frames: extract them at that size"
                )
            sample = Sample(
                frame.name,
                rgb,
                read(frame.depth, decode_depth_png),
                read(frame.normals, decode_normals) if frame.normals else None,
                read(frame.labels, decode_labels) if frame.labels else None,
                INTRINSICS,
            )
            yield validate(sample, frame.rgb)


def _find_files(root: Path) -> list[_Files]:
    def beside(kind: str, photo: Path) -> Path | None:
        return root / kind / f"{photo.stem}.png" if (root / kind).is_dir() else None

    return [
        _Files(
            photo.stem,
            photo,
            root / "depth" / f"{photo.stem}.png",
            beside("normals", photo),
            beside("labels", photo),
        )
        for photo in pictures_in(root / "rgb")
    ]


def _find_files_by_scene(root: Path) -> list[_Files]:
    photos = [p for scene in sorted(root.iterdir()) for p in pictures_in(scene)]
    return [
        _Files(f"{p.parent.name}/{p.stem}", p, p.with_name(f"sync_depth_{p.stem[4:]}.png"))
        for p in photos
        if p.stem.startswith("rgb_")
    ]


def _class_names(file: Path) -> dict[int, str]:
    if not file.is_file():
        raise DatasetError(f"{file} is missing; write a class name per line, that of id 0 first")
    try:
        return dict(enumerate(load_class_list(file).names))
    except (ValueError, OSError) as error:
        raise DatasetError(str(error)) from error
