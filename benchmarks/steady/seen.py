# SPDX-License-Identifier: Apache-2.0
"""Frames of a drive as a model saw them once, and held still in each mode."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tips_ros.evaluation.datasets.rendered import Rendered
from tips_ros.evaluation.sample import Sample
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.depth.scale_choice import focal_scale
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.temporal.stream import Holding, PlacedImage, SteadyStream


class Seen(NamedTuple):
    """A frame with its truth, at half of its size, and what the model says of it in metres."""

    sample: Sample
    prediction: Prediction


def seen_by(model: str, folder: Path, sequence: str = "") -> list[Seen]:
    """Looks at each frame of rendered sequences, once; or of one that is named."""
    predictor = load_predictor(model)
    frames = []
    for sample in Rendered(folder):
        if sequence and sample.sequence != sequence:
            continue
        assert sample.intrinsics is not None
        factor = np.float32(focal_scale(sample.intrinsics, predictor.description.focal_ratio))
        said = predictor.predict(sample.rgb)
        assert said.depth_m is not None and said.stddev_m is not None
        said = said._replace(depth_m=said.depth_m * factor, stddev_m=said.stddev_m * factor)
        frames.append(Seen(_half(sample), Prediction(*(_thin(array) for array in said))))
    return frames


def _thin(array: np.ndarray | None) -> np.ndarray | None:
    return None if array is None else np.ascontiguousarray(array[::2, ::2])


def _half(sample: Sample) -> Sample:
    k = sample.intrinsics
    assert k is not None
    return sample._replace(
        rgb=_thin(sample.rgb),
        depth_m=_thin(sample.depth_m),
        normals=None,
        labels=_thin(sample.labels),
        intrinsics=replace(
            k, fx=k.fx / 2, fy=k.fy / 2, cx=k.cx / 2, cy=k.cy / 2,
            width=-(-k.width // 2), height=-(-k.height // 2),
        ),  # fmt: skip
    )


def held(frames: list[Seen], holding: Holding, posed: bool) -> Iterator[tuple[Prediction, float]]:
    """Each frame's prediction held still, and the milliseconds of this thread that it took."""
    stream, sequence = SteadyStream(), None
    for sample, prediction in frames:
        if sample.sequence != sequence:
            sequence = sample.sequence
            stream.reset()
        assert sample.intrinsics is not None and sample.stamp_s is not None
        image = PlacedImage(
            sample.rgb,
            round(sample.stamp_s * 1e9),
            Lens(sample.intrinsics),
            sample.world_from_camera if posed else None,
            str(sequence) if posed else "",
        )
        began = time.thread_time()
        steady = stream.update(prediction, image, holding)
        yield steady, 1e3 * (time.thread_time() - began)
