# SPDX-License-Identifier: Apache-2.0
"""A predictor over a dataset, measured with everything that both have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.class_matching import match_classes
from tips_ros.evaluation.metrics.boundary import TOLERANCE_PX, BoundaryMetrics
from tips_ros.evaluation.metrics.depth import DepthMetrics
from tips_ros.evaluation.metrics.deviation import DeviationMetrics
from tips_ros.evaluation.metrics.flicker import FlickerMetrics
from tips_ros.evaluation.metrics.normals import NormalMetrics
from tips_ros.evaluation.metrics.segmentation import SegmentationMetrics
from tips_ros.evaluation.results import EvaluationResults
from tips_ros.evaluation.sample import Dataset, Sample
from tips_ros.evaluation.truth_size import at_truth_size
from tips_ros.evaluation.worst_frames import ScoredFrame, WorstFrames
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.depth.scale_choice import focal_scale
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.temporal.stream import Holding, PlacedImage, SteadyStream

NOTHING_HELD = Holding()
Predict: TypeAlias = Callable[[NDArray[np.uint8]], Prediction]  # (H, W, 3) → maps of (H, W)


def evaluate(
    predict: Predict,
    dataset: Dataset,
    description: ModelDescription,
    class_names: Mapping[int, str],
    *,
    holding: Holding = NOTHING_HELD,
    worst: int = 4,
    boundary_tolerance_px: float = TOLERANCE_PX,
    progress: Callable[[], object] = lambda: None,
) -> EvaluationResults:
    """Looks at each sample once; memory does not grow with the dataset.

    Args:
        predict: one image's maps, at the image's own size; None for what it can't say.
        dataset: the truth.
        description: of the model; its focal length corrects depth on other cameras.
        class_names: what the predicted labels mean, id → name. They are the truth's where the names
            agree, case aside; a predicted class that the truth doesn't name is wrong everywhere.
        holding: whether predictions of sequences are held still, as the node does it.
        worst: frames to keep of each task.
        boundary_tolerance_px: how far a border may be off.
        progress: called after each sample.

    Raises:
        ValueError: a prediction that is not of the image's size, truths of several sizes, classes
            that can't be matched, or a depth crop for images of another size.
    """
    evaluation = _Evaluation(dataset, description, class_names, worst, boundary_tolerance_px)
    held = _HeldStill(holding, description)
    for sample in dataset:
        prediction = predict(sample.rgb)
        _check_sizes(sample, prediction)
        prediction = held.update(sample, prediction)
        evaluation.add(*at_truth_size(sample, prediction))
        progress()
    return evaluation.results()


class _HeldStill:
    """Predictions of one sequence after the other, held still."""

    def __init__(self, holding: Holding, description: ModelDescription) -> None:
        self._holding, self._description = holding, description
        self._stream = SteadyStream()
        self._sequence: str | None = None

    def update(self, sample: Sample, prediction: Prediction) -> Prediction:
        """Adds depth in the network's own metres, compared in the camera's."""
        if not self._holding.anything or sample.sequence is None or sample.stamp_s is None:
            return prediction
        if sample.sequence != self._sequence:
            self._sequence = sample.sequence
            self._stream.reset()
        camera = sample.intrinsics
        factor = 1.0 if camera is None else focal_scale(camera, self._description.focal_ratio)
        image = PlacedImage(
            sample.rgb,
            round(sample.stamp_s * 1e9),
            None if camera is None else Lens(camera),
            sample.world_from_camera,
            sample.sequence,
        )
        held = self._stream.update(_times(prediction, factor), image, self._holding)
        return _times(held, 1.0 / factor)


def _times(prediction: Prediction, factor: float) -> Prediction:
    by = np.float32(factor)
    depth_m, stddev_m = (
        None if array is None else array * by for array in (prediction.depth_m, prediction.stddev_m)
    )
    return prediction._replace(depth_m=depth_m, stddev_m=stddev_m)


class _Evaluation:
    """All metrics of one dataset."""

    def __init__(
        self,
        dataset: Dataset,
        description: ModelDescription,
        class_names: Mapping[int, str],
        worst: int,
        boundary_tolerance_px: float,
    ) -> None:
        self._dataset = dataset
        self._description = description
        self._match = match_classes(class_names, dataset.class_names)
        self._depth = DepthMetrics(dataset.depth_protocol)
        self._depth_with_focal = DepthMetrics(dataset.depth_protocol)
        calibrated = description.deviation.is_calibrated
        self._deviation = DeviationMetrics(dataset.depth_protocol, calibrated)
        self._normals = NormalMetrics()
        self._segmentation = SegmentationMetrics()
        self._boundary = BoundaryMetrics(boundary_tolerance_px)
        self._flicker = FlickerMetrics()
        self._worst = WorstFrames(worst)
        self._frames = 0

    def add(self, sample: Sample, prediction: Prediction) -> None:
        self._frames += 1
        self._flicker.add(sample, prediction)
        if prediction.labels is not None:
            prediction = prediction._replace(labels=self._match.truth_id[prediction.labels])
        self._add_depth(sample, prediction)
        self._add_normals(sample, prediction)
        self._add_labels(sample, prediction)

    def _add_depth(self, sample: Sample, prediction: Prediction) -> None:
        if prediction.depth_m is None or sample.depth_m is None:
            return
        errors = self._depth.add(prediction.depth_m, sample.depth_m)
        if errors is not None:
            self._worst.add("depth", ScoredFrame(errors.abs_rel, sample, prediction))
        scale = np.float32(1.0)
        if sample.intrinsics is not None:
            scale = np.float32(focal_scale(sample.intrinsics, self._description.focal_ratio))
            self._depth_with_focal.add(prediction.depth_m * scale, sample.depth_m)
        if prediction.stddev_m is not None:
            stddev_m = prediction.stddev_m * scale
            self._deviation.add(prediction.depth_m * scale, stddev_m, sample.depth_m)

    def _add_normals(self, sample: Sample, prediction: Prediction) -> None:
        if prediction.normals is None or sample.normals is None:
            return
        mean_deg = self._normals.add(prediction.normals, sample.normals)
        if mean_deg is not None:
            self._worst.add("normals", ScoredFrame(mean_deg, sample, prediction))

    def _add_labels(self, sample: Sample, prediction: Prediction) -> None:
        if prediction.labels is None or sample.labels is None:
            return
        mean_iou = self._segmentation.add(prediction.labels, sample.labels)
        if mean_iou is not None:
            self._worst.add("semantic", ScoredFrame(1.0 - mean_iou, sample, prediction))
            self._boundary.add(prediction.labels, sample.labels)

    def results(self) -> EvaluationResults:
        segmentation = self._segmentation.result()
        return EvaluationResults(
            dataset=self._dataset.name,
            frames=self._frames,
            depth_protocol=self._dataset.depth_protocol,
            class_names=self._dataset.class_names,
            class_match=self._match if segmentation is not None else None,
            depth=self._depth.result(),
            depth_with_focal=self._depth_with_focal.result(),
            deviation=self._deviation.result(),
            normals=self._normals.result(),
            segmentation=segmentation,
            boundary=self._boundary.result(),
            flicker=self._flicker.result(),
            worst=self._worst.result(),
        )


def _check_sizes(sample: Sample, prediction: Prediction) -> None:
    """Checks that prediction and intrinsics have the image's (H, W), and the truth one size."""
    size = sample.rgb.shape[:2]
    for name, array in prediction._asdict().items():
        if array is not None and array.shape[:2] != size:
            raise ValueError(
                f"{sample.name}: predicted {name} {array.shape[:2]} and image {size} differ in size"
            )
    truths: dict[str, NDArray[Any] | None] = {
        "depth": sample.depth_m,
        "normals": sample.normals,
        "labels": sample.labels,
    }
    sizes = {name: array.shape[:2] for name, array in truths.items() if array is not None}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(f"{sample.name}: the truths differ in size: {told}")
    camera = sample.intrinsics
    if camera is not None and (camera.height, camera.width) != size:
        raise ValueError(
            f"{sample.name}: the intrinsics are for {camera.width}x{camera.height} images, "
            f"but this one is {size[1]}x{size[0]}"
        )
