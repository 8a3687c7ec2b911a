# SPDX-License-Identifier: Apache-2.0
"""Our own layout: a folder of frames about which everything is known, and their index.

    scene.json
    NAME_rgb.png or .jpg
    NAME_depth.png      16-bit grey, units of 0.25 mm (up to 16.38 m), 0 = invalid
    NAME_normals.png    16-bit RGB, see `truth_png`
    NAME_labels.png     8-bit grey, ids of the index; 255 = nobody's

`scene.json` holds `format`, `name`, `classes` (id → name) and `frames`, in order. A frame has
`name`, `rgb`, and where they are known `depth`, `normals`, `labels` (file names beside the index),
`intrinsics` (fx fy cx cy width height, pixels), `world_from_camera` (4x4, row by row), `sequence`
and `stamp_s`. Frames of one sequence stand together, in the order of time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from tips_ros.evaluation.datasets import truth_png
from tips_ros.evaluation.datasets.errors import DatasetError
from tips_ros.evaluation.datasets.files import Value, read, read_rgb, validate
from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.sample import Sample
from tips_ros.perception.camera.camera_info import Intrinsics

PARTS = "scene.json"
UNIT_M = truth_png.QUARTER_MILLIMETRE
_FORMAT = "tips_ros frames 1"
_JPEG_QUALITY = 95

Entry = dict[str, Any]


def find(path: Path) -> Path | None:
    """The folder with the index."""
    return path if (path / PARTS).is_file() else None


class Rendered:
    """The frames of a folder that `write_frame` and `write_index` wrote."""

    def __init__(self, root: Path) -> None:
        """Read the index.

        Raises:
            DatasetError: no index, or not one of ours.
        """
        index = read(root / PARTS, _parse)
        self._root = root
        self.name: str = index["name"]
        self.depth_protocol = DepthProtocol()
        self.class_names: Mapping[int, str] = index["classes"]
        self._frames: list[Entry] = index["frames"]
        if not self._frames:
            raise DatasetError(f"{root / PARTS} lists no frames; write it again")

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[Sample]:
        for entry in self._frames:
            try:
                sample = self._sample(entry)
            except DatasetError:
                raise
            except (KeyError, TypeError, ValueError) as error:
                raise DatasetError(
                    f"{self._root / PARTS}: frame {entry.get('name')!r} is not whole ({error}); "
                    "write it again"
                ) from error
            yield validate(sample, self._root / entry["rgb"])

    def _sample(self, entry: Entry) -> Sample:
        pose = entry.get("world_from_camera")
        return Sample(
            name=entry["name"],
            rgb=read_rgb(self._root / entry["rgb"]),
            depth_m=self._truth(entry, "depth", partial(truth_png.decode_depth_png, unit_m=UNIT_M)),
            normals=self._truth(entry, "normals", truth_png.decode_normals),
            labels=self._truth(entry, "labels", truth_png.decode_labels),
            intrinsics=Intrinsics(**entry["intrinsics"]) if "intrinsics" in entry else None,
            sequence=entry.get("sequence"),
            stamp_s=entry.get("stamp_s"),
            world_from_camera=None if pose is None else np.array(pose, np.float64).reshape(4, 4),
        )

    def _truth(self, entry: Entry, kind: str, decode: Callable[[bytes], Value]) -> Value | None:
        return read(self._root / entry[kind], decode) if kind in entry else None


def write_frame(folder: Path, sample: Sample, picture: Literal["jpg", "png"] = "png") -> Entry:
    """Writes the files of one frame; several processes may write to one folder.

    Args:
        folder: is there already.
        sample: its name becomes part of the files' names.
        picture: PNG keeps every pixel; JPEG takes a tenth of the room.

    Returns:
        What `write_index` says of the frame.
    """
    entry: Entry = {"name": sample.name, "rgb": f"{sample.name}_rgb.{picture}"}
    bgr = cv2.cvtColor(sample.rgb, cv2.COLOR_RGB2BGR)
    settings = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY] if picture == "jpg" else []
    written, data = cv2.imencode(f".{picture}", bgr, settings)
    assert written
    (folder / entry["rgb"]).write_bytes(bytes(data))
    encoded = {
        "depth": None if sample.depth_m is None else truth_png.encode_depth(sample.depth_m, UNIT_M),
        "normals": None if sample.normals is None else truth_png.encode_normals(sample.normals),
        "labels": None if sample.labels is None else truth_png.encode_labels(sample.labels),
    }
    for kind, png in encoded.items():
        if png is not None:
            entry[kind] = f"{sample.name}_{kind}.png"
            (folder / entry[kind]).write_bytes(png)
    if sample.intrinsics is not None:
        entry["intrinsics"] = asdict(sample.intrinsics)
    if sample.world_from_camera is not None:
        entry["world_from_camera"] = np.asarray(sample.world_from_camera).tolist()
    if sample.sequence is not None:
        entry["sequence"] = sample.sequence
    if sample.stamp_s is not None:
        entry["stamp_s"] = sample.stamp_s
    return entry


def write_index(
    folder: Path, name: str, class_names: Mapping[int, str], entries: Iterable[Entry]
) -> None:
    """Writes scene.json, last of all: a folder with an index is whole.

    Args:
        folder: where the frames are.
        name: of the whole, for people.
        class_names: id in the labels → name.
        entries: see `write_frame`, in order.
    """
    classes = {str(i): class_name for i, class_name in class_names.items()}
    index = {"format": _FORMAT, "name": name, "classes": classes, "frames": list(entries)}
    part = folder / f"{PARTS}.part"
    part.write_text(json.dumps(index, indent=1) + "\n")
    part.rename(folder / PARTS)


def _parse(data: bytes) -> dict[str, Any]:
    index = json.loads(data)
    if not isinstance(index, dict) or index.get("format") != _FORMAT:
        raise ValueError(f"not an index of frames: `format` must be {_FORMAT!r}")
    for key, kind in (("name", str), ("classes", dict), ("frames", list)):
        if not isinstance(index.get(key), kind):
            raise ValueError(f"not a whole index: `{key}` is missing; write it again")
    index["classes"] = {int(i): str(name) for i, name in index["classes"].items()}
    return index
