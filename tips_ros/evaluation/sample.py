# SPDX-License-Identifier: Apache-2.0
"""An image with measured truth, and a collection of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.perception.camera.camera_info import Intrinsics

IGNORED = 255  # in a label map of truth: nobody said what is there, so nothing there counts


class Sample(NamedTuple):
    """One image (H, W) and what is known of it; None for what is not known.

    The truth is of the image's size, or all of one other size of the same view: then it is compared
    at that size.

    Attributes:
        name: tells it from the dataset's others.
        rgb: (H, W, 3) uint8.
        depth_m: (H, W) metres along z; NaN, infinite, zero and negative are invalid.
        normals: (H, W, 3) unit vectors in the optical frame, facing the camera; NaN is invalid.
        labels: (H, W) ids of the dataset's classes; 255 doesn't count.
        intrinsics: of `rgb`.
        sequence: frames of one name follow one another in time; None for a single picture.
        stamp_s: when it was taken, on the sequence's own clock.
        world_from_camera: (4, 4) pose of the optical frame in one world frame of the sequence.
    """

    name: str
    rgb: NDArray[np.uint8]
    depth_m: NDArray[np.float32] | None = None
    normals: NDArray[np.float32] | None = None
    labels: NDArray[np.uint8] | None = None
    intrinsics: Intrinsics | None = None
    sequence: str | None = None
    stamp_s: float | None = None
    world_from_camera: NDArray[np.float64] | None = None


class Dataset(Protocol):
    """Samples in a fixed order; those of one sequence stand together, in the order of time."""

    @property
    def name(self) -> str:
        """For people, and in the report."""
        ...

    @property
    def class_names(self) -> Mapping[int, str]:
        """Id in `Sample.labels` → name; empty where there are no labels."""
        ...

    @property
    def depth_protocol(self) -> DepthProtocol:
        """Protocol that decides which depths are compared."""
        ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Sample]: ...
