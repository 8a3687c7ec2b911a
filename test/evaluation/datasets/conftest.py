# SPDX-License-Identifier: Apache-2.0
"""Frames with made-up truth, and the picture files of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tips_ros.evaluation.datasets.errors import DatasetError
from tips_ros.evaluation.evaluation import evaluate
from tips_ros.evaluation.results import EvaluationResults
from tips_ros.evaluation.sample import Dataset, Sample
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.prediction import Prediction


@pytest.fixture
def frame() -> Callable[..., Sample]:
    """frame(number): everything is known of it, but for a corner."""

    def make(number: int = 0, height: int = 12, width: int = 16) -> Sample:
        random = np.random.default_rng(number)
        depth_m = random.uniform(0.3, 9.0, (height, width)).astype(np.float32)
        normals = random.normal(size=(height, width, 3)).astype(np.float32)
        normals[..., 2] = -np.abs(normals[..., 2])
        normals /= np.linalg.norm(normals, axis=2, keepdims=True)
        labels = random.integers(0, 3, (height, width)).astype(np.uint8)
        depth_m[:2, :2], normals[:2, :2], labels[:2, :2] = np.nan, np.nan, 255
        pose = np.eye(4)
        pose[:3, 3] = 0.1 * number, 0.0, 1.0
        return Sample(
            f"{number:06d}",
            random.integers(0, 256, (height, width, 3)).astype(np.uint8),
            depth_m,
            normals,
            labels,
            Intrinsics(14.0, 13.0, width / 2, height / 2, width, height),
            "drive",
            0.1 * number,
            pose,
        )

    return make


@pytest.fixture
def picture() -> Callable[..., Path]:
    """picture(path, pixels): writes RGB or grey pixels, and the folders above."""

    def write(path: Path, pixels: np.ndarray) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)
        return path

    return write


@pytest.fixture
def refusal() -> Callable[..., str]:
    """refusal(what): the one line with which it refuses."""

    def refused(what: Callable[[], object]) -> str:
        with pytest.raises(DatasetError) as error:
            what()
        assert "\n" not in str(error.value)
        return str(error.value)

    return refused


@pytest.fixture
def perfect(description: ModelDescription) -> Callable[[Dataset], EvaluationResults]:
    """perfect(dataset): the results of a predictor that says exactly the truth."""

    def measure(dataset: Dataset) -> EvaluationResults:
        truths: Iterator[Sample] = iter(dataset)

        def predict(rgb: np.ndarray) -> Prediction:
            truth = next(truths)
            assert (truth.rgb == rgb).all()
            return Prediction(truth.depth_m, truth.normals, truth.labels)

        return evaluate(predict, dataset, description, dataset.class_names)

    return measure
