# SPDX-License-Identifier: Apache-2.0
"""Ours and transformers' compute the same from the same weights, and ratios are of their rounds."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from tips_ros.bench.against import OURS, Opponents, compare
from tips_ros.bench.cases import Case
from tips_ros.bench.models import predictor_of
from tips_ros.bench.reporting.report import comparison_text
from tips_ros.bench.stages import Rounds
from tips_ros.bench.transformers_model import (
    TransformersModel,
    import_transformers,
    transformers_module,
)
from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.tips import Tips

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
ROUNDS = Rounds(count=3, warm_up=0)


@pytest.fixture(scope="module", autouse=True)
def library():
    """Offline, and only where it is installed."""
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
    pytest.importorskip("transformers", minversion="5.23")
    return import_transformers()


@pytest.fixture
def comparison(small_model, small_case, picture):
    module = transformers_module(small_model.tips)
    predictor = predictor_of(small_model, small_case, CPU)
    opponents = Opponents(precisions=("fp32", "bf16"))
    return compare(small_case, predictor, module, picture, ROUNDS, opponents)


def test_the_numbers_agree(comparison):
    ours = comparison.differences[OURS]
    assert max(ours.depth_largest, ours.normals_largest, ours.logits_largest) < 1e-4
    assert ours.normals_p95_deg < 0.01 and ours.labels_equal > 0.999


def test_theirs_in_half_precision_is_compared_with_theirs_in_full(comparison):
    assert comparison.differences["transformers fp32"].depth_largest == 0
    assert 1e-5 < comparison.differences["transformers bf16"].logits_largest < 0.2


def test_ratios_are_of_the_recorded_rounds(comparison):
    data = comparison.as_data()
    for scope in ("model", "image"):
        rounds = comparison.rounds_ms[scope]
        assert {len(times) for times in rounds.values()} == {3}
        theirs, ours = (np.array(rounds[name]) for name in ("transformers bf16", OURS))
        told = data["times_as_long_as_ours"][scope]["transformers bf16"]
        assert told["of_medians"] == pytest.approx(np.median(theirs) / np.median(ours))
        assert told["median_of_rounds"] == pytest.approx(np.median(theirs / ours))
        assert OURS not in data["times_as_long_as_ours"][scope]


def test_the_text_names_everyone_and_the_random_weights(comparison):
    text = comparison_text(comparison)
    for name in (OURS, "transformers fp32", "transformers bf16", "random weights"):
        assert name in text


def test_a_depth_head_without_relu_is_theirs_without_relu(small_model, picture):
    small_model.tips.depth.bins = DepthBins(relu_after_project=False)
    module = transformers_module(small_model.tips)
    case = Case("random-small", (40, 30))
    predictor = predictor_of(small_model, case, CPU)
    result = compare(case, predictor, module, picture, Rounds(1, 0), Opponents())
    assert result.differences[OURS].depth_largest < 1e-4


def test_cameras_go_in_one_batch(small_model, small_case, picture):
    module = transformers_module(small_model.tips)
    case = replace(small_case, cameras=2)
    predictor = predictor_of(small_model, case, CPU)
    result = compare(case, predictor, module, picture, Rounds(1, 0), Opponents())
    assert set(result.rounds_ms["model"]) == {OURS, "transformers fp32"}


def test_one_that_cannot_be_compiled_is_named_and_left_out(
    small_model, small_case, picture, monkeypatch, caplog
):
    def fails(self, mode: str) -> None:
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(TransformersModel, "compile", fails)
    module = transformers_module(small_model.tips)
    predictor = predictor_of(small_model, small_case, CPU)
    opponents = Opponents(compile="default")
    result = compare(small_case, predictor, module, picture, Rounds(1, 0), opponents)
    assert list(result.rounds_ms["model"]) == [OURS, "transformers fp32"]
    assert "no C++ compiler" in caplog.text


def test_a_model_without_a_head_cannot_be_compared(small_model):
    tips = small_model.tips
    less = Tips(tips.backbone, tips.taps, depth=tips.depth, normals=tips.normals)
    with pytest.raises(ValueError, match="no segmentation head"):
        transformers_module(less)


def test_where_it_is_missing_one_line_tells_the_fix(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ValueError, match="pip install 'transformers>=5.23'"):
        import_transformers()
