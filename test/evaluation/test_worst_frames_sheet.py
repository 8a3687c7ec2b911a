# SPDX-License-Identifier: Apache-2.0
"""The sheet of the worst frames shows those frames, in that order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tips_ros.evaluation.class_matching import OTHER
from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.error_pictures import label_error_picture
from tips_ros.evaluation.results import EvaluationResults
from tips_ros.evaluation.sample import Sample
from tips_ros.evaluation.worst_frames import ScoredFrame
from tips_ros.evaluation.worst_frames_sheet import label_palette, worst_frames_sheet
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.map_pictures import depth_picture, normals_picture
from tips_ros.perception.prediction import Prediction

WIDTH, GAP, ACCENT = 816, 16, (255, 186, 51)
PANEL = (WIDTH - 5 * GAP) // 4  # 184 px; the frames below have that size already
NAMES = {3: "wall", 200: "ball"}


def scored(number: int) -> ScoredFrame:
    """A frame whose image is one flat colour that nothing else on the sheet has."""
    size = (140, PANEL)
    rng = np.random.default_rng(number)
    normals = np.broadcast_to(np.float32([0, 0.6, -0.8]), (*size, 3)).copy()
    sample = Sample(
        f"frame {number}",
        np.full((*size, 3), (201, 17, 100 + number), np.uint8),
        np.full(size, 2.0, np.float32),
        normals,
        rng.choice(np.array([3, 200, 255], np.uint8), size),
    )
    said = rng.choice(np.array([3, 200, OTHER], np.uint8), size)
    return ScoredFrame(
        1 / (1 + number), sample, Prediction(np.full(size, 2.5, np.float32), -normals, said)
    )


@pytest.fixture
def results() -> EvaluationResults:
    return EvaluationResults(
        "mine",
        9,
        DepthProtocol(),
        NAMES,
        worst={
            "depth": (scored(0), scored(1)),
            "normals": (scored(2),),
            "semantic": (scored(3), scored(4)),
        },
    )


def rows_of_image(sheet: np.ndarray, number: int) -> np.ndarray:
    """Rows in which the first panel is this frame's image."""
    panel = sheet[:, GAP : GAP + PANEL]
    return np.flatnonzero((panel == (201, 17, 100 + number)).all(axis=(1, 2)))


def test_there_is_one_row_a_frame_worst_first_task_by_task(results: EvaluationResults):
    sheet = worst_frames_sheet(results, ["Worst frames", "of mine"], width=WIDTH)
    assert sheet is not None and sheet.shape[1:] == (WIDTH, 3) and sheet.dtype == np.uint8
    rows = [rows_of_image(sheet, number) for number in range(5)]
    assert [len(r) for r in rows] == [140] * 5
    tops = [int(r[0]) for r in rows]
    assert tops == sorted(tops)


def test_a_row_is_image_prediction_truth_and_error(results: EvaluationResults):
    sheet = worst_frames_sheet(results, width=WIDTH)
    assert sheet is not None

    def panel(number: int, column: int) -> np.ndarray:
        x = GAP + column * (PANEL + GAP)
        return sheet[rows_of_image(sheet, number), x : x + PANEL]

    depth, normals, labels = (results.worst[t][0] for t in ("depth", "normals", "semantic"))
    np.testing.assert_array_equal(panel(0, 1), depth_picture(depth.prediction.depth_m, 2.0))
    np.testing.assert_array_equal(panel(0, 2), depth_picture(depth.sample.depth_m, 2.0))
    np.testing.assert_array_equal(panel(2, 1), normals_picture(normals.prediction.normals))
    np.testing.assert_array_equal(panel(2, 2), normals_picture(normals.sample.normals))
    error = label_error_picture(labels.prediction.labels, labels.sample.labels)
    np.testing.assert_array_equal(panel(3, 3), error)
    # Ignored truth shows the image alone, and a class that the truth does not name is greyish.
    ignored = labels.sample.labels == 255
    assert (panel(3, 2)[ignored] == (201, 17, 103)).all()
    other = panel(3, 1)[labels.prediction.labels == OTHER].astype(int)
    assert (np.abs(other - (120 * 0.75 + np.array([201, 17, 103]) / 4)) < 1).all()


def test_a_class_has_the_colour_that_it_has_everywhere(results: EvaluationResults):
    palette = label_palette(results)
    own = ClassList(("wall", "ball"), (3, 200)).palette()
    assert (palette[[3, 200]] == own[[3, 200]]).all() and palette[OTHER].tolist() == [120] * 3
    assert (label_palette(replace(results, class_names={}))[[3, 200]] == 0).all()


def test_an_untrained_model_is_named_in_a_banner(results: EvaluationResults):
    def banner(**options: bool) -> int:
        sheet = worst_frames_sheet(results, width=WIDTH, **options)
        assert sheet is not None
        return int((sheet == ACCENT).all(axis=2).sum())

    assert banner() == 0 and banner(trained=False) > 20 * WIDTH


def test_frames_of_any_shape_fit(results: EvaluationResults):
    tall = scored(7)
    rgb = np.zeros((300, 20, 3), np.uint8)
    sample = Sample("tall", rgb, np.ones((300, 20), np.float32))
    tall = ScoredFrame(0.1, sample, Prediction(np.ones((300, 20), np.float32)))
    sheet = worst_frames_sheet(replace(results, worst={"depth": (tall,)}), width=600)
    assert sheet is not None and sheet.shape[1] == 600


def test_without_a_frame_there_is_no_sheet(results: EvaluationResults):
    assert worst_frames_sheet(replace(results, worst={})) is None
