# SPDX-License-Identifier: Apache-2.0
"""An evaluation's report, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tips_ros.evaluation.class_matching import match_classes
from tips_ros.evaluation.depth_protocol import NYU_EIGEN
from tips_ros.evaluation.metrics.boundary import BoundaryResult
from tips_ros.evaluation.metrics.depth import DepthErrors, DepthResult
from tips_ros.evaluation.metrics.flicker import FlickerResult
from tips_ros.evaluation.metrics.normals import NormalResult
from tips_ros.evaluation.metrics.segmentation import SegmentationResult
from tips_ros.evaluation.report import text_report, write_json
from tips_ros.evaluation.results import EvaluationResults

ERRORS = DepthErrors(0.1234, 0.2, 0.55, 0.16, 0.05, 0.861, 0.97, 0.99, 0.13, 0.11)
NAMES = {0: "wall", 7: "bathtub"}


@pytest.fixture
def results() -> EvaluationResults:
    return EvaluationResults(
        "NYUv2",
        654,
        NYU_EIGEN,
        NAMES,
        match_classes({3: "wall", 4: "sea"}, NAMES),
        DepthResult(ERRORS, 654, 123_456_789),
        DepthResult(ERRORS._replace(abs_rel=0.0987), 600, 100_000_000),
        NormalResult(20.5, 12.25, 28.125, 0.2, 0.4321, 0.7, 0.8, 654, 99),
        SegmentationResult(0.4, 0.75, 0.5, {0: 0.8, 7: 0.0}, {0: 750, 7: 250}, 654, 1000),
        BoundaryResult(0.5, 0.6, 0.55, 3.0, 640),
        FlickerResult(0.0213, 0.0456, 12, 3456, 0.0333),
    )


def test_the_report_names_the_frames_the_pixels_and_the_rule(results: EvaluationResults):
    report = text_report(results, ["model demo (tiny)"])
    assert report.splitlines()[:2] == ["NYUv2: 654 frames", "model demo (tiny)"]
    assert "654 frames, 123,456,789 px" in report
    assert "0.001 to 10 m, rows 45:471 and columns 41:601 of 640x480" in report
    assert "0.0333 s apart" in report and "12 pairs" in report and "within 3 px" in report


def test_the_report_has_every_number_beside_its_name_and_direction(results: EvaluationResults):
    lines = [" ".join(line.split()) for line in text_report(results).splitlines()]
    for expected in (
        "AbsRel 0.1234 0.0987 lower is better",
        "RMSE 0.5500 0.5500 m lower is better",
        "δ < 1.25 0.8610 0.8610 higher is better",
        "median 12.25 deg lower is better",
        "below 11.25 deg 43.21% of px higher is better",
        "mean IoU 40.00% higher is better",
        "wall 80.00% 75.00%",
        "F score 0.5500 higher is better",
        "depth 0.0213 mean |change of ln| lower is better",
        "classes 4.56% of px change lower is better",
    ):
        assert expected in lines


def test_the_report_says_what_the_correction_rests_on_and_which_names_fit_nothing(
    results: EvaluationResults,
):
    report = text_report(results)
    assert "over the 600 frames whose camera is known" in report
    assert "so they are 0: bathtub" in report


def test_columns_stand_under_one_another(results: EvaluationResults):
    lines = text_report(results).splitlines()
    rows = lines[lines.index(next(line for line in lines if "AbsRel " in line)) :][:10]
    assert len({row.index(" is better") - len(row) for row in rows}) == 1
    assert len({row.rindex(".") for row in rows}) == 1


def test_a_long_list_of_classes_is_cut_at_the_smallest(results: EvaluationResults):
    ids = range(50)
    many = SegmentationResult(
        0.5, 0.5, 0.5, dict.fromkeys(ids, 0.5), {i: 1000 - i for i in ids}, 1, 1
    )
    report = text_report(replace(results, segmentation=many))
    assert "class 1 " in report and "class 30 " not in report and "and 30 smaller ones" in report


def test_what_was_not_measured_is_left_out(results: EvaluationResults):
    nothing = EvaluationResults("mine", 1, NYU_EIGEN, {})
    assert text_report(nothing).splitlines()[0] == "mine: 1 frame"
    assert "nothing was measured" in text_report(nothing)
    alone = text_report(replace(nothing, depth=results.depth))
    assert "Normals" not in alone and "focal" not in alone and "nothing" not in alone


def test_depth_can_be_told_in_one_of_its_two_ways_alone(results: EvaluationResults):
    corrected = text_report(replace(results, depth=None))
    assert "focal-corrected" in corrected and "0.0987" in corrected
    assert "as predicted" not in corrected and "600 frames, 100,000,000 px" in corrected
    plain = text_report(replace(results, depth_with_focal=None))
    assert "as predicted" in plain and "focal" not in plain


def test_the_json_file_has_the_numbers_and_what_was_measured(
    results: EvaluationResults, tmp_path: Path
):
    path = tmp_path / "results.json"
    write_json(path, results, {"model": "demo", "trained": True})
    table = json.loads(path.read_text(encoding="utf-8"))
    assert table == {"model": "demo", "trained": True, **results.as_dict()}
    assert table["depth"]["abs_rel"] == 0.1234 and table["depth"]["images"] == 654
    assert table["segmentation"]["iou_of_class"] == {"wall": 0.8, "bathtub": 0.0}
    assert table["segmentation"]["unknown_to_model"] == ["bathtub"]
    assert table["depth_protocol"]["crop"]["image_size"] == [480, 640]
    assert table["flicker"]["depth_log"] == 0.0213


def test_the_json_file_never_holds_a_number_that_json_lacks(
    results: EvaluationResults, tmp_path: Path
):
    broken = replace(results, depth=DepthResult(ERRORS._replace(rmse_m=np.nan), 1, 1))
    write_json(tmp_path / "r.json", replace(broken, flicker=None))
    table = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert table["depth"]["rmse_m"] is None and table["flicker"] is None
