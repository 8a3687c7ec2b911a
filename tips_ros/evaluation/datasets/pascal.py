# SPDX-License-Identifier: Apache-2.0
"""PASCAL VOC 2012 segmentation: photos and masks of 20 kinds of object and the background.

Layout, as the archive unpacks (VOCdevkit/VOC2012):

    ImageSets/Segmentation/val.txt      the names of the 1449 images, one in a line
    JPEGImages/NAME.jpg
    SegmentationClass/NAME.png          palette, or 8-bit grey: 0 = background, 1..20, 255 = void

Everett et al., "The PASCAL Visual Object Classes Challenge", IJCV 2010; void doesn't count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.datasets.errors import DatasetError
from tips_ros.evaluation.datasets.files import read, read_rgb, validate
from tips_ros.evaluation.datasets.truth_png import decode_colours
from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.sample import IGNORED, Sample

PARTS = "JPEGImages/*.jpg, SegmentationClass/*.png and ImageSets/Segmentation/val.txt"
CLASSES = (
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat"),
    *("chair", "cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant"),
    *("sheep", "sofa", "train", "tvmonitor"),
)
_LIST = Path("ImageSets/Segmentation/val.txt")


def find(path: Path) -> Path | None:
    """The folder with `JPEGImages`: `path`, or the archive's own folder in it."""
    for root in (path, path / "VOC2012", path / "VOCdevkit/VOC2012"):
        if (root / "JPEGImages").is_dir() and (root / "SegmentationClass").is_dir():
            return root
    return None


class Pascal:
    """The images that val.txt names."""

    def __init__(self, root: Path) -> None:
        """Read the list.

        Raises:
            DatasetError: no list, or an empty one.
        """
        self.name = f"PASCAL VOC 2012 val ({root.name})"
        self.depth_protocol = DepthProtocol()
        self.class_names: Mapping[int, str] = dict(enumerate(CLASSES))
        self._root = root
        self._names = read(root / _LIST, bytes.decode).split()
        if not self._names:
            raise DatasetError(f"{root / _LIST} names no images; complete the data")

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Sample]:
        for name in self._names:
            photo = self._root / "JPEGImages" / f"{name}.jpg"
            labels = read(self._root / "SegmentationClass" / f"{name}.png", _voc_labels)
            yield validate(Sample(name, read_rgb(photo, labels), labels=labels), photo)


def palette() -> NDArray[np.uint8]:
    """(256, 3) RGB of the VOC devkit's colour map: the bits of an id, spread over R, G and B."""
    ids = np.arange(256)
    colours = np.zeros((256, 3), np.uint8)
    for step in range(3):  # ids have eight bits: the third step of B is always 0
        for channel in range(3):
            bit = (ids >> (3 * step + channel)) & 1
            colours[:, channel] |= (bit << (7 - step)).astype(np.uint8)
    return colours


def _voc_labels(png: bytes) -> NDArray[np.uint8]:
    """(H, W) ids of a grey mask, or of one in the devkit's colours."""
    picture = decode_colours(png)
    labels = picture if picture.ndim == 2 else _ids_of(picture)
    known = (labels < len(CLASSES)) | (labels == IGNORED)
    if not known.all():
        raise ValueError(f"class {labels[~known][0]}: a VOC mask has 0 to 20, and 255")
    return labels


def _ids_of(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    packed = _pack(rgb)
    order = np.argsort(_pack(palette()))
    colours = _pack(palette())[order]
    at = np.searchsorted(colours, packed).clip(max=255)
    if (strange := colours[at] != packed).any():
        colour = tuple(rgb[strange][0].tolist())
        raise ValueError(f"the colour {colour} is none of the VOC devkit's; use its own masks")
    return order[at].astype(np.uint8)


def _pack(rgb: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(…, 3) → (…) one number for each colour."""
    r, g, b = np.moveaxis(rgb.astype(np.int64), -1, 0)
    return (r << 16) | (g << 8) | b
