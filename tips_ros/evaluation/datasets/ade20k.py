# SPDX-License-Identifier: Apache-2.0
"""ADE20K scene parsing (ADEChallengeData2016): photos and masks of 150 classes.

Layout, as the archive of the MIT Scene Parsing Benchmark unpacks:

    images/validation/ADE_val_00000001.jpg
    annotations/validation/ADE_val_00000001.png   8-bit grey: 0 = other, 1..150 = the classes

The benchmark leaves pixels of `other` out; the classes keep its order, so that id 0 is wall.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.datasets.errors import DatasetError
from tips_ros.evaluation.datasets.files import pictures_in, read, read_rgb, validate
from tips_ros.evaluation.datasets.truth_png import decode_labels
from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.sample import IGNORED, Sample
from tips_ros.perception.classes.class_files import ade20k

PARTS = "images/validation/*.jpg and annotations/validation/*.png"


def find(path: Path) -> Path | None:
    """The folder with `images` and `annotations`: `path`, or the archive's own folder in it."""
    for root in (path, path / "ADEChallengeData2016"):
        if (root / "images/validation").is_dir() and (root / "annotations/validation").is_dir():
            return root
    return None


class Ade20k:
    """The validation split."""

    def __init__(self, root: Path) -> None:
        """List the files.

        Raises:
            DatasetError: no photos, or one without its mask.
        """
        self.name = f"ADE20K validation ({root.name})"
        self.depth_protocol = DepthProtocol()
        self.class_names: Mapping[int, str] = dict(enumerate(ade20k().names))
        masks = root / "annotations/validation"
        self._pairs = [
            (photo, masks / f"{photo.stem}.png")
            for photo in pictures_in(root / "images/validation")
        ]
        if not self._pairs:
            raise DatasetError(f"{root / 'images/validation'} holds no photos; unpack the archive")
        if missing := [mask for _, mask in self._pairs if not mask.is_file()]:
            raise DatasetError(
                f"{missing[0]} is missing ({len(missing)} in all); complete the data"
            )

    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[Sample]:
        for photo, mask in self._pairs:
            labels = read(mask, _scene_parsing_labels)
            yield validate(Sample(photo.stem, read_rgb(photo, labels), labels=labels), photo)


def _scene_parsing_labels(png: bytes) -> NDArray[np.uint8]:
    """0 → 255 (ignored), 1..150 → 0..149."""
    numbers = decode_labels(png)
    if numbers.max() > 150:
        raise ValueError(f"class {numbers.max()}: a scene parsing mask has 0 to 150")
    return np.where(numbers == 0, IGNORED, numbers - 1).astype(np.uint8)
