# SPDX-License-Identifier: Apache-2.0
"""The released demo model sees: no later change may quietly lose what it can do.

It is measured on rooms that were rendered for nobody before, and its limits have a margin to what
it reached when it was released (training/README.md has these numbers for 200 scenes).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import NamedTuple

import pytest

from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.evaluation import evaluate
from tips_ros.evaluation.results import EvaluationResults
from tips_ros.evaluation.sample import Sample
from tips_ros.perception.language.prompts import parse_prompts
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.loading.prompt_encoder import PromptEncoder
from tips_ros.perception.semantic.prompted_label_space import label_space_of
from training.network.architecture import CLASSES
from training.render_held_out import kept_back_prompts, samples
from training.scenes.seeds import HELD_OUT

SCENES = 30


class Rooms(NamedTuple):
    """Held-out scenes as a dataset."""

    frames: list[Sample]
    name: str = "held-out rooms"
    class_names: Mapping[int, str] = CLASSES
    depth_protocol: DepthProtocol = DepthProtocol()

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[Sample]:  # type: ignore[override]
        return iter(self.frames)


@pytest.fixture(scope="module")
def rooms() -> Rooms:
    seeds = range(HELD_OUT.start, HELD_OUT.start + SCENES)
    return Rooms([sample for seed in seeds for sample in samples(seed)])


@pytest.fixture(scope="module")
def results(rooms: Rooms) -> EvaluationResults:
    predictor = load_predictor("demo")
    description = predictor.description
    return evaluate(predictor.predict, rooms, description, description.classes.by_id(), worst=0)


def test_depth_is_metric_on_cameras_of_any_focal_length(results: EvaluationResults):
    assert results.depth_with_focal is not None
    assert results.depth_with_focal.errors.abs_rel < 0.17
    assert results.depth_with_focal.errors.delta1 > 0.79


def test_normals_point_where_surfaces_face(results: EvaluationResults):
    assert results.normals is not None
    assert results.normals.mean_deg < 13


def test_classes_are_found(results: EvaluationResults):
    assert results.segmentation is not None
    assert results.segmentation.mean_iou > 0.65


def test_words_that_training_never_showed_find_their_class(rooms: Rooms):
    predictor = load_predictor("demo")
    prompts = parse_prompts(kept_back_prompts().splitlines())
    label_space = label_space_of(prompts, PromptEncoder("demo"), predictor.description.classes)
    predict = partial(predictor.predict, outputs=("semantic",), label_space=label_space)
    names = label_space.classes.by_id()
    found = evaluate(predict, rooms, predictor.description, names, worst=0)
    assert found.segmentation is not None
    assert found.segmentation.mean_iou > 0.56
