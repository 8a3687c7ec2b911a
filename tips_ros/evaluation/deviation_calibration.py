# SPDX-License-Identifier: Apache-2.0
"""The deviation model of a predictor, fitted to a dataset with measured depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.sample import Dataset, Sample
from tips_ros.perception.depth.scale_choice import focal_scale
from tips_ros.perception.deviation.cues import cues_of, thin
from tips_ros.perception.deviation.fitting import DeviationFit
from tips_ros.perception.deviation.model import DeviationModel
from tips_ros.perception.predictor import Predictor

_PIXELS, _PER_IMAGE = 1_000_000, 4096  # of all images, and of one, at most


def calibrate_deviation(
    predictor: Predictor,
    dataset: Dataset,
    fitted_on: str,
    progress: Callable[[], object] = lambda: None,
) -> DeviationModel:
    """Looks at each sample once, with all heads; memory does not grow with the dataset.

    Depth is brought to metres by the camera's focal length, where the sample tells it: what is
    fitted is then the deviation of that.

    Args:
        predictor: with a depth head.
        dataset: samples without measured depth are passed over.
        fitted_on: the data, in a few words, for the model's description.
        progress: called after each sample.

    Raises:
        TooLittle: of measured depth.
        ValueError: the model has no depth head.
    """
    fit = DeviationFit(min(_PER_IMAGE, max(1, _PIXELS // max(1, len(dataset)))))
    for sample in dataset:
        if sample.depth_m is not None:
            _add(fit, predictor, sample, dataset)
        progress()
    return fit.fit(fitted_on)


def _add(fit: DeviationFit, predictor: Predictor, sample: Sample, dataset: Dataset) -> None:
    outputs = predictor.outputs
    label_spaces = [predictor.model_label_space] if "semantic" in outputs else []
    encoded = predictor.encode(sample.rgb, outputs, label_spaces=label_spaces, maps=True)
    found = cues_of(encoded.maps, predictor.focal_of(encoded))
    assert encoded.maps.depth is not None and sample.depth_m is not None
    depth_m = encoded.maps.depth[0, 0].cpu().numpy()
    if sample.intrinsics is not None:
        ratio = predictor.description.focal_ratio
        depth_m = depth_m * np.float32(focal_scale(sample.intrinsics, ratio))
    protocol = dataset.depth_protocol
    counts, truth_m = protocol.mask(sample.depth_m), sample.depth_m
    fit.add(
        {name: cue[0, 0].cpu().numpy() for name, cue in found.items()},
        thin(depth_m),
        thin(_nearest(truth_m, depth_m.shape)),
        thin(_nearest(counts, depth_m.shape)),
    )


def _nearest(array: NDArray[Any], size: tuple[int, ...]) -> NDArray[Any]:
    """(H, W) → (h, w): what stands at the middle of each pixel; nothing is averaged at edges."""
    rows, columns = (
        np.minimum(((np.arange(n) + 0.5) * side / n).astype(int), side - 1)
        for n, side in zip(size, array.shape, strict=True)
    )
    return array[np.ix_(rows, columns)]
