# SPDX-License-Identifier: Apache-2.0
"""A whole evaluation: what is measured, with which classes, on which camera."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tips_ros.evaluation.class_matching import OTHER
from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.evaluation import evaluate
from tips_ros.evaluation.results import EvaluationResults
from tips_ros.evaluation.sample import Sample
from tips_ros.perception.depth.scale_choice import focal_scale
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.prediction import Prediction

FAR = DepthProtocol(0.001, 100.0)  # beyond all that is true or said here
STRIPES = {0: "wall", 1: "floor", 2: "rug"}
MODEL_CLASSES = {40: "Floor", 41: "rug", 42: "sea", 43: "wall"}
MODEL_ID = np.full(256, 42, np.uint8)
MODEL_ID[:3] = 43, 40, 41


def numbered(walk: list[Sample]) -> list[Sample]:
    """The same frames, each image filled with its number, so that a prediction can look it up."""
    return [s._replace(rgb=np.full_like(s.rgb, i)) for i, s in enumerate(walk)]


def oracle(samples: list[Sample]) -> Callable[[np.ndarray], Prediction]:
    """Says the truth, in the model's own ids."""

    def predict(rgb: np.ndarray) -> Prediction:
        truth = samples[rgb[0, 0, 0]]
        labels = None if truth.labels is None else MODEL_ID[truth.labels]
        return Prediction(truth.depth_m, truth.normals, labels)

    return predict


def changed(
    predict: Callable[[np.ndarray], Prediction], **change: Callable[[Any, int], Any]
) -> Callable[[np.ndarray], Prediction]:
    """The prediction with some of its maps changed, each knowing the frame's number."""

    def predict_changed(rgb: np.ndarray) -> Prediction:
        said = predict(rgb)
        number = int(rgb[0, 0, 0])
        return said._replace(**{k: make(getattr(said, k), number) for k, make in change.items()})

    return predict_changed


@pytest.fixture
def samples(walk: list[Sample]) -> list[Sample]:
    return numbered(walk)


@pytest.fixture
def measure(
    samples: list[Sample], dataset: Any, description: ModelDescription
) -> Callable[..., EvaluationResults]:
    def run(
        predict: Callable[[np.ndarray], Prediction],
        frames: list[Sample] | None = None,
        protocol: DepthProtocol = FAR,
        **options: Any,
    ) -> EvaluationResults:
        truth = dataset(samples if frames is None else frames, STRIPES, protocol)
        return evaluate(predict, truth, description, MODEL_CLASSES, **options)

    return run


def test_an_oracle_makes_no_mistake(
    samples: list[Sample], measure: Callable[..., EvaluationResults]
):
    results = measure(oracle(samples))
    assert results.frames == 5 and results.dataset == "in memory"
    assert results.depth is not None and results.normals is not None
    assert results.depth.errors.abs_rel == 0 and results.depth.images == 5
    assert results.normals.mean_deg == pytest.approx(0, abs=1e-9)
    assert results.segmentation is not None and results.boundary is not None
    assert results.segmentation.mean_iou == 1 and results.boundary.f == 1
    assert results.flicker is not None
    assert results.flicker.depth_log == 0 and results.flicker.labels_changed == 0


def test_a_class_that_the_truth_does_not_name_is_wrong(
    samples: list[Sample], measure: Callable[..., EvaluationResults]
):
    predict = changed(
        oracle(samples), labels=lambda labels, _: np.where(labels == 41, 42, labels).astype("u1")
    )
    results = measure(predict)
    assert results.segmentation is not None and results.class_match is not None
    assert results.segmentation.iou_of_class == {0: 1.0, 1: 1.0, 2: 0.0}
    assert results.class_match.unknown_to_truth == ("sea",)
    said = results.worst["semantic"][0].prediction.labels
    assert said is not None and set(np.unique(said)) == {0, 1, OTHER}


def test_depth_is_told_with_and_without_the_camera_taken_into_account(
    samples: list[Sample], measure: Callable[..., EvaluationResults], description: ModelDescription
):
    assert samples[0].intrinsics is not None
    scale = np.float32(focal_scale(samples[0].intrinsics, description.focal_ratio))
    assert scale == pytest.approx(60 / 64)
    results = measure(changed(oracle(samples), depth_m=lambda depth, _: depth / scale))
    assert results.depth is not None and results.depth_with_focal is not None
    assert results.depth.errors.abs_rel == pytest.approx(1 / float(scale) - 1, rel=1e-5)
    assert results.depth_with_focal.errors.abs_rel == pytest.approx(0, abs=1e-6)


def test_the_corrected_depth_is_of_the_frames_whose_camera_is_known(
    samples: list[Sample], measure: Callable[..., EvaluationResults]
):
    frames = [samples[0], *(s._replace(intrinsics=None) for s in samples[1:])]
    results = measure(oracle(samples), frames)
    assert results.depth is not None and results.depth.images == 5
    assert results.depth_with_focal is not None and results.depth_with_focal.images == 1
    assert measure(oracle(samples), frames[1:]).depth_with_focal is None


def test_the_datasets_rule_says_which_depths_count(
    samples: list[Sample], measure: Callable[..., EvaluationResults]
):
    results = measure(oracle(samples), protocol=DepthProtocol(1.0, 3.0))
    truth = np.stack([s.depth_m for s in samples if s.depth_m is not None])
    assert results.depth is not None and results.depth_protocol.max_m == 3.0
    assert results.depth.pixels == np.count_nonzero((truth > 1) & (truth < 3))


@pytest.mark.parametrize("side", ["truth", "model"])
def test_only_what_both_have_is_measured(
    samples: list[Sample], measure: Callable[..., EvaluationResults], side: str
):
    missing = {"normals": None, "labels": None}
    if side == "truth":
        results = measure(oracle(samples), [s._replace(**missing) for s in samples])
    else:
        results = measure(lambda rgb: oracle(samples)(rgb)._replace(**missing))
    assert results.depth is not None
    assert results.normals is results.segmentation is results.boundary is None
    assert set(results.worst) == {"depth"}


def test_nothing_in_common_is_no_error(
    samples: list[Sample], measure: Callable[..., EvaluationResults]
):
    results = measure(lambda rgb: Prediction())
    table = results.as_dict()
    assert results.frames == 5 and results.worst == {}
    assert all(table[k] is None for k in ("depth", "normals", "segmentation", "boundary"))


def test_an_empty_dataset_is_no_error(measure: Callable[..., EvaluationResults]):
    assert measure(lambda rgb: Prediction(), []).frames == 0


def test_the_worst_frames_are_kept_of_each_task_worst_first(
    samples: list[Sample], measure: Callable[..., EvaluationResults]
):
    factors = np.array([1.1, 1.5, 1.0, 1.3, 1.2], np.float32)
    predict = changed(
        oracle(samples),
        depth_m=lambda depth, i: depth * factors[i],
        normals=lambda normals, i: normals + np.float32([0.1 * i, 0, 0]),
    )
    results = measure(predict, worst=2)
    assert [f.sample.name for f in results.worst["depth"]] == [samples[i].name for i in (1, 3)]
    assert [f.sample.name for f in results.worst["normals"]] == [samples[i].name for i in (4, 3)]
    assert results.worst["depth"][0].badness == pytest.approx(0.5, rel=1e-5)
    assert len(results.worst["semantic"]) == 2
    assert measure(predict, worst=0).worst == {}


def test_each_sample_is_looked_at_once_and_reported(
    samples: list[Sample], measure: Callable[..., EvaluationResults]
):
    seen: list[int] = []

    def predict(rgb: np.ndarray) -> Prediction:
        seen.append(int(rgb[0, 0, 0]))
        return oracle(samples)(rgb)

    steps: list[None] = []
    measure(predict, progress=lambda: steps.append(None))
    assert seen == [0, 1, 2, 3, 4] and len(steps) == 5


def test_a_map_of_another_size_is_refused_by_name(
    samples: list[Sample], measure: Callable[..., EvaluationResults]
):
    with pytest.raises(ValueError, match="walk at 0 s: predicted depth_m .*24, 32"):
        measure(changed(oracle(samples), depth_m=lambda depth, _: depth[::2, ::2]))
    smaller = [samples[0]._replace(labels=np.zeros((3, 4), np.uint8))]
    with pytest.raises(ValueError, match=r"the truths differ in size: depth .*, labels \(3, 4\)"):
        measure(oracle(samples), smaller)
    with pytest.raises(ValueError, match="intrinsics are for 32x24"):
        camera = samples[0].intrinsics
        assert camera is not None
        measure(oracle(samples), [samples[0]._replace(intrinsics=camera.scaled_to(32, 24))])


def test_a_smaller_truth_is_compared_at_its_own_size(
    samples: list[Sample], measure: Callable[..., EvaluationResults]
):
    def halved(sample: Sample) -> Sample:
        assert sample.depth_m is not None and sample.normals is not None
        assert sample.labels is not None
        height, width = sample.depth_m.shape
        fours = sample.depth_m.reshape(height // 2, 2, width // 2, 2)
        half = fours.mean((1, 3)), sample.normals[1::2, 1::2], sample.labels[1::2, 1::2]
        return sample._replace(**dict(zip(("depth_m", "normals", "labels"), half, strict=True)))

    results, whole = (
        measure(oracle(samples), [halved(s) for s in samples]),
        measure(oracle(samples)),
    )
    assert results.depth is not None and whole.depth is not None
    assert results.depth.pixels == pytest.approx(whole.depth.pixels / 4, rel=0.01)
    assert results.depth.errors.abs_rel == pytest.approx(0, abs=1e-6)
    assert results.depth_with_focal is not None and results.flicker is not None
    assert results.segmentation is not None and results.segmentation.mean_iou == 1
    assert results.normals is not None and results.normals.mean_deg == pytest.approx(0, abs=1e-9)


def test_the_numbers_survive_json(samples: list[Sample], measure: Callable[..., EvaluationResults]):
    predict = changed(oracle(samples), depth_m=lambda depth, i: depth * np.float32(1 + 0.1 * i))
    table = measure(predict).as_dict()
    assert json.loads(json.dumps(table, allow_nan=False)) == table
    assert set(table["segmentation"]["iou_of_class"]) == {"wall", "floor", "rug"}
    assert table["worst"]["depth"][0]["name"] == samples[4].name
    assert set(map(type, leaves(table))) <= {str, int, float, type(None)}


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    else:
        yield value
