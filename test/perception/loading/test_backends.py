# SPDX-License-Identifier: Apache-2.0
"""A predictor by another backend answers as torch's, and tells who computes it."""

from __future__ import annotations

import logging
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tips_ros import progress
from tips_ros.model.engines import EngineUnavailable, openvino_engine
from tips_ros.perception.loading import load as models
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.predictor import Predictor

SIZE = (56, 56)
needs_openvino = pytest.mark.skipif(find_spec("openvino") is None, reason="no openvino here")


@pytest.fixture
def room() -> np.ndarray:
    ramp = np.linspace(0, 255, 80, dtype=np.uint8)
    return np.stack(np.broadcast_arrays(ramp[None], ramp[:60, None], ramp[None, ::-1]), axis=-1)


def by(folder: Path, backend: str) -> Predictor:
    how = {"device": "cpu", "precision": "fp32", "input_size": SIZE, "backend": backend}
    return load_predictor(str(folder), **how)  # type: ignore[arg-type]


@pytest.mark.slow
@needs_openvino
def test_a_predictor_by_openvino_answers_as_torch_s(tiny_directory: Path, room: np.ndarray):
    torch_s, openvino_s = by(tiny_directory, "torch"), by(tiny_directory, "openvino")
    assert (torch_s.backend, torch_s.backend_note) == ("torch", "")
    assert (openvino_s.backend, openvino_s.backend_note) == ("openvino", "")
    expected, found = torch_s.predict(room), openvino_s.predict(room)
    np.testing.assert_allclose(found.depth_m, expected.depth_m, rtol=1e-3)
    np.testing.assert_allclose(found.normals, expected.normals, atol=1e-3)
    assert (found.labels == expected.labels).mean() > 0.99


@pytest.mark.slow
@needs_openvino
def test_an_engine_that_is_being_built_tells_how_far_it_is(
    tiny_directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(progress, "FIRST_S", 0.0)
    monkeypatch.setattr(progress, "EVERY_S", (0.0, 0.0))
    monkeypatch.setattr(progress, "_TICK_S", 0.001)
    with caplog.at_level(logging.INFO):
        by(tiny_directory, "openvino")
    told = [line for line in caplog.messages if line.startswith("building engines (openvino, ")]
    assert any(" of 6 parts, depth, " in line for line in told), told


@pytest.mark.slow
@needs_openvino
def test_a_refused_engine_is_told_and_torch_answers(
    tiny_directory: Path,
    room: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def fail(_: object) -> None:
        raise RuntimeError("no such operation")

    monkeypatch.setattr(openvino_engine, "openvino_graph", fail)
    with caplog.at_level(logging.WARNING):
        predictor = by(tiny_directory, "openvino")
    assert predictor.backend == "torch" and "no such operation" in predictor.backend_note
    assert predictor.backend_note in caplog.text
    expected = by(tiny_directory, "torch").predict(room)
    assert np.array_equal(predictor.predict(room).depth_m, expected.depth_m)


def test_a_backend_that_is_not_installed_is_an_error_with_the_command(
    tiny_directory: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(EngineUnavailable, match="pip install"):
        by(tiny_directory, "onnxruntime")


def test_a_backend_that_there_is_none_of_is_told(tiny_directory: Path):
    assert models.BACKENDS == ("auto", "torch", "graphs", "compiled", "openvino", "onnxruntime")
    with pytest.raises(ValueError, match="choose one of auto, torch, graphs, compiled, openvino"):
        by(tiny_directory, "tensorflow")
