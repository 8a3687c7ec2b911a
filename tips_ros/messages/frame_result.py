# SPDX-License-Identifier: Apache-2.0
"""One image with all that was found out about it, which its messages are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.output_camera import OutputCamera
from tips_ros.perception.cloud.cloud_cleaning import Cleaning, select_pixels
from tips_ros.perception.cloud.kept_classes import KEEP_ALL, KeptClasses, select_classes
from tips_ros.perception.cloud.point_cloud import Cloud, organised_cloud
from tips_ros.perception.cloud.roi import roi_rectangle
from tips_ros.perception.ground.ground import GroundView
from tips_ros.perception.ground.settings import GroundSettings
from tips_ros.perception.image_request import scaled_size
from tips_ros.perception.objects.objects import ObjectsView
from tips_ros.perception.objects.settings import ObjectSettings
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.preprocess import image_at
from tips_ros.perception.semantic.label_space import LabelSpace


class OutputOptions(NamedTuple):
    """Options of the outputs that a user can choose without touching the model."""

    scale: float = 1.0  # size of the outputs as a fraction of the image's
    rectified: bool = False
    rectify: bool = False
    overlay_alpha: float = 0.5
    points_stride: int = 1
    points_min_range_m: float = 0.0
    points_max_range_m: float = float("inf")
    points_edge_jump: float = 0.0  # 0: off; see `Cleaning`
    points_max_grazing_deg: float = 0.0
    points_include: Sequence[str] = ()  # class names; empty: all
    points_exclude: Sequence[str] = ()
    points_roi: Sequence[float] = ()  # fractions; see `roi_rectangle`
    filtered_voxel_m: float = 0.05
    filtered_outlier_neighbors: int = 0
    filtered_outlier_std: float = 2.0
    filtered_target_frame: str = ""  # "" is the camera's own
    points_min_height_m: float = -float("inf")  # above the floor
    points_max_height_m: float = float("inf")
    ground: GroundSettings = GroundSettings()
    ground_labels: Sequence[str] = ()  # class names that mean floor; empty: the usual ones
    ground_ignore: Sequence[str] = ()  # classes that are never obstacles
    objects: ObjectSettings = ObjectSettings()
    objects_stuff: Sequence[str] = ()  # class names that are no things; empty: the usual ones

    @property
    def limits_heights(self) -> bool:
        """Whether points are left out by their height above the floor."""
        return self.points_min_height_m > -math.inf or self.points_max_height_m < math.inf


class CameraPose(NamedTuple):
    """The pose of a frame's camera."""

    frame_id: str  # of the frame that it is told in
    matrix: NDArray[np.float64]  # (4, 4): p_frame = matrix @ (p_optical, 1)


@dataclass
class FrameResult:
    """One image with what was predicted for it; derived pieces are made once, when first used."""

    header: Any
    rgb: NDArray[np.uint8]  # (H, W, 3), at the input's size
    prediction: Prediction
    label_space: LabelSpace
    camera: OutputCamera | None = None  # at the outputs' size
    options: OutputOptions = field(default_factory=OutputOptions)
    placed: CameraPose | None = None  # in the target frame, for the filtered cloud
    ground: GroundView | None = None  # where somebody wants the floor
    objects: ObjectsView | None = None  # where somebody wants things
    _organised: Cloud | None = field(default=None, init=False, repr=False)

    @cached_property
    def rgb_at_size(self) -> NDArray[np.uint8]:
        """The image at the outputs' size."""
        height, width = self.rgb.shape[:2]
        return image_at(self.rgb, scaled_size(height, width, self.options.scale))

    @property
    def ids(self) -> NDArray[np.uint8] | None:
        """Published class ids (H, W), 255 = unlabelled."""
        return self.prediction.labels

    @property
    def is_moved(self) -> bool:
        """Whether the filtered cloud is wanted in another frame than the camera's own."""
        return self.options.filtered_target_frame not in ("", self.header.frame_id)

    @cached_property
    def kept(self) -> KeptClasses:
        """The classes whose points stay in the cloud."""
        include, exclude = self.options.points_include, self.options.points_exclude
        if not include and not exclude:
            return KEEP_ALL
        return select_classes(self.label_space.classes, include, exclude)

    def cloud(self, out: Cloud | None = None) -> Cloud | None:
        """The organised cloud in the camera's frame, made once; None without depth or camera.

        Args:
            out: memory to make it in, see `organised_cloud`, or to copy it to.
        """
        if self._organised is None:
            self._organised = _make_cloud(self, out)
        elif out is not None:
            # As plain numbers: NumPy copies structures field by field.
            np.copyto(out.view(np.float32), self._organised.view(np.float32))
        return self._organised

    def forget_cloud(self) -> None:
        """Has the cloud made anew when it is wanted again: its memory was lent."""
        self._organised = None


def _make_cloud(frame: FrameResult, out: Cloud | None) -> Cloud | None:
    depth_m, camera, options = frame.prediction.depth_m, frame.camera, frame.options
    if depth_m is None or camera is None:
        return None
    return organised_cloud(
        depth_m,
        camera.intrinsics,
        frame.rgb_at_size,
        frame.ids,
        frame.prediction.normals,
        stride=options.points_stride,
        min_range_m=options.points_min_range_m,
        max_range_m=options.points_max_range_m,
        keep=frame.kept.keep,
        mask=_clean_pixels(depth_m, frame, camera),
        rays=camera.rays,
        out=out,
    )


def _clean_pixels(
    depth_m: NDArray[np.float32], frame: FrameResult, camera: OutputCamera
) -> NDArray[np.bool_] | None:
    """(H, W) bool of the points that stay; None for all, where nobody wants them cleaned."""
    options = frame.options
    if not (options.points_edge_jump or options.points_max_grazing_deg or options.points_roi):
        return _between_heights(frame)
    height, width = depth_m.shape
    cleaning = Cleaning(
        edge_jump=options.points_edge_jump,
        max_grazing_deg=options.points_max_grazing_deg,
        roi=roi_rectangle(options.points_roi, (height, width)),
    )
    kept = select_pixels(depth_m, cleaning, camera.lens, frame.prediction.normals)
    between = _between_heights(frame)
    return kept if between is None else kept & between


def _between_heights(frame: FrameResult) -> NDArray[np.bool_] | None:
    """(H, W) bool of the points at the heights that are wanted; None for all.

    All of them as well where nobody knows the floor: an obstacle too many is the safer mistake.
    """
    options, view = frame.options, frame.ground
    if view is None or not options.limits_heights:
        return None
    return view.between_heights(
        frame.prediction.depth_m, options.points_min_height_m, options.points_max_height_m
    )
