# SPDX-License-Identifier: Apache-2.0
"""Frames of a drive as the truth has them, a little spoilt, or as a model sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.objects.drives import Shown
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.depth.depth_scale import DepthScale, prediction_in_metres
from tips_ros.perception.depth.scale_choice import focal_scale
from tips_ros.perception.image_request import ImageRequest, Output
from tips_ros.perception.posed_frame import PosedFrame
from training.scenes.things import NAMES

CLASSES = ClassList(tuple(NAMES.values()), tuple(NAMES))
_NOISE = 0.03
_POSE_M, _POSE_DEG = 0.02, 1.0


class NoWords:
    """No text encoder: things are asked for by name."""

    available, temperature = False, None

    def embeddings(self, words: object) -> Tensor:
        """There are none."""
        raise NotImplementedError


View = Callable[[Shown], tuple[PosedFrame, ClassList]]


def by_truth(mode: str) -> View:
    """Frames of true masks and noisy depth."""
    rng = np.random.default_rng(0)

    def seen(shown: Shown) -> tuple[PosedFrame, ClassList]:
        grain = 1 + _NOISE * rng.standard_normal(shown.depth_m.shape, np.float32)
        scale = 1 + _NOISE * float(rng.standard_normal())
        depth = shown.depth_m * grain * np.float32(scale)
        frame = PosedFrame(
            round(shown.stamp_s * 1e9),
            depth_m=depth,
            stddev_m=_NOISE * depth,
            labels=shown.labels,
            lens=Lens(shown.camera),
        )
        if mode == "no poses":
            return frame, CLASSES
        pose = shown.world_from_camera
        if mode == "noisy poses":
            pose = _shake(pose, rng)
        return replace(frame, world_from_camera=pose, world_id="odom"), CLASSES

    return seen


def by_model(name: str) -> View:
    """Frames as a model sees them."""
    from tips_ros.perception.loading.load import load_predictor

    predictor = load_predictor(name)
    description, label_space = predictor.description, predictor.model_label_space

    def seen(shown: Shown) -> tuple[PosedFrame, ClassList]:
        assert shown.rgb is not None
        outputs: tuple[Output, ...] = ("depth", "stddev")
        request = ImageRequest(shown.rgb, outputs, label_spaces=[label_space], features=True)
        (looked,) = predictor.encode_batch([request])
        scale = DepthScale(focal_scale(shown.camera, description.focal_ratio), "focal")
        found = predictor.decode(looked, label_space)
        found = prediction_in_metres(found, scale, description.max_depth_m)
        frame = PosedFrame(
            round(shown.stamp_s * 1e9),
            depth_m=found.depth_m,
            stddev_m=found.stddev_m,
            labels=found.labels,
            confidence=found.confidence,
            value_features=predictor.value_features(looked),
            lens=Lens(shown.camera),
            world_from_camera=shown.world_from_camera,
            world_id="odom",
        )
        return frame, label_space.classes

    return seen


def _shake(pose: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    shaken = pose.copy()
    shaken[:3, :3] = cv2.Rodrigues(np.radians(_POSE_DEG) * rng.standard_normal(3))[0] @ pose[:3, :3]
    shaken[:3, 3] += _POSE_M * rng.standard_normal(3)
    return shaken
