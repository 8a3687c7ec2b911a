# SPDX-License-Identifier: Apache-2.0
"""The cloud of a large image, made strip by strip: whole, one of 48 megapixels takes 1.5 GB."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.cloud.point_cloud import Cloud, organised_cloud

_STRIP_POINTS = 1 << 20  # in memory at a time: 32 MB


@dataclass(frozen=True)
class CloudStrips:
    """The arrays that a cloud is made of, all at one size (H, W).

    Attributes:
        depth_m: (H, W) metres along z.
        lens: of the image of that size.
        rgb: (H, W, 3) uint8.
        labels: (H, W) uint8 class ids, or None.
        normals: (H, W, 3) unit vectors in the optical frame, or None.
    """

    depth_m: NDArray[np.float32]
    lens: Lens
    rgb: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None = None
    normals: NDArray[np.float32] | None = None

    def __iter__(self) -> Iterator[Cloud]:
        """Organised clouds of some rows each, from the top; as of `organised_cloud`."""
        height, width = self.depth_m.shape
        rows = max(1, _STRIP_POINTS // width)
        for start in range(0, height, rows):
            k = self.lens.intrinsics
            these = slice(start, min(start + rows, height))
            strip = replace(k, cy=k.cy - start, height=these.stop - start)
            yield organised_cloud(
                self.depth_m[these],
                strip,
                self.rgb[these],
                None if self.labels is None else self.labels[these],
                None if self.normals is None else self.normals[these],
                rays=replace(self.lens, intrinsics=strip).distorted_rays,
            )

    def to_cloud(self) -> Cloud:
        """The organised (H, W) cloud."""
        return np.concatenate(list(self))

    def thin(self, most: int) -> Cloud:
        """An organised cloud of every n-th pixel of both axes, of about `most` points or fewer."""
        stride = math.ceil(math.sqrt(self.depth_m.size / most))
        return np.concatenate(
            [
                strip[-start % stride :: stride, ::stride].copy()  # the rest of the strip goes
                for start, strip in self._with_first_rows()
            ]
        )

    def _with_first_rows(self) -> Iterator[tuple[int, Cloud]]:
        start = 0
        for strip in self:
            yield start, strip
            start += len(strip)
