# SPDX-License-Identifier: Apache-2.0
"""The precision is the one named, or the one that the hardware has."""

from __future__ import annotations

import importlib
from inspect import signature
from typing import Any

import pytest
import torch

from tips_ros.model.engines.parity import Parity
from tips_ros.perception.loading import precisions
from tips_ros.perception.loading.load import load_predictor, load_with_text
from tips_ros.perception.loading.precisions import (
    PRECISIONS,
    choose_precision,
    precision_name,
)

# The package has a function of the same name.
SERVED = importlib.import_module("tips_ros.model.engines.select_backend")


@pytest.mark.parametrize(
    ("capability", "precision"),
    [((6, 1), "fp32"), ((7, 2), "fp16"), ((7, 5), "fp16"), ((8, 7), "bf16"), ((11, 0), "bf16")],
)
def test_auto_is_what_the_gpu_has_matrix_units_for(
    capability: tuple[int, int], precision: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert choose_precision("auto", "cuda:1") == precision


@pytest.mark.parametrize("name", PRECISIONS)
def test_a_named_one_stays_what_it_is_whatever_the_device(name: str):
    assert choose_precision(name, "cuda:0") == choose_precision(name, "cpu") == name
    assert precision_name(PRECISIONS[name]) == name


@pytest.mark.parametrize(("has", "precision"), [(True, "bf16"), (False, "fp32")])
def test_auto_on_a_cpu_is_bf16_where_it_has_instructions_for_it(
    has: bool, precision: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(precisions, "bf16_is_fast", lambda: has)
    assert choose_precision("auto", "cpu") == precision
    assert choose_precision("auto", "cpu", "openvino") == precision
    assert choose_precision("auto", "cpu", "onnxruntime") == "fp32"  # it would refuse another
    assert choose_precision("bf16", "cpu", "onnxruntime") == "bf16"  # as it was asked for


@pytest.mark.slow
def test_auto_loads_a_model():
    predictor = load_predictor("demo", device="cpu", precision="auto")
    assert predictor.precision == PRECISIONS[choose_precision("auto", "cpu")]


@pytest.mark.parametrize("load", [load_predictor, load_with_text])
def test_auto_is_the_default(load: Any):
    assert signature(load).parameters["precision"].default == "auto"


@pytest.mark.slow
def test_a_precision_that_the_model_does_not_bear_is_no_fault_where_auto_chose_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(precisions, "bf16_is_fast", lambda: True)
    refused = Parity(False, "it says something else")
    monkeypatch.setattr(SERVED, "check_parity", lambda *args: refused)
    chosen = load_predictor("demo", device="cpu")
    assert (chosen.precision, chosen.backend_note) == (torch.float32, "")
    assert "bf16 refused, fp32 serves instead (it says something else)" in caplog.messages
    named = load_predictor("demo", device="cpu", precision="bf16")
    assert named.precision == torch.float32 and "bf16 refused" in named.backend_note
