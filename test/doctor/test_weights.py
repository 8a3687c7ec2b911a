# SPDX-License-Identifier: Apache-2.0
"""The models that doctor looks at, and those it holds against the published numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tips_ros.doctor import weights as module
from tips_ros.doctor.findings import Section, Status
from tips_ros.doctor.golden_check import PUBLISHED, GoldenNumbers
from tips_ros.doctor.weights import weights


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models' home without a model, and no Hub cache."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("TIPS_ROS_MODELS", str(home))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no hub"))
    return home


def broken(sections: list[Section]) -> list[str]:
    return [f.topic for s in sections for f in s.findings if f.status is Status.BROKEN]


def test_no_model_is_absent_and_how_to_get_one_is_said(home: Path):
    [section] = weights(None, None)
    [finding] = section.findings
    assert finding.status is Status.ABSENT and "tips_ros download" in finding.advice


def test_a_model_that_was_asked_for_must_be_here(home: Path):
    [section] = weights("tipsv2-b14", None)
    assert broken([section]) == ["files"]
    assert "tips_ros download tipsv2-b14" in section.findings[0].advice
    assert broken(weights("no/such/model", None)) == ["files"]


def test_the_demo_model_is_always_here(home: Path):
    assert not broken(weights("demo", None))


def test_a_model_is_told_once(home: Path, whole_model: Path):
    moved = whole_model.rename(home / "mine")
    assert len(weights(str(moved), None)) == len(weights(None, None)) == 1


class TestThePublishedNumbers:
    @pytest.fixture
    def b14(self, home: Path, whole_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The small model, taken for a B/14."""
        monkeypatch.setattr(module, "_is_b14", lambda report: report.has_all_heads)
        return whole_model

    @pytest.fixture
    def numbers(self, golden: Any) -> tuple[np.ndarray, GoldenNumbers]:
        """An image, and the reference's numbers with the ReLU."""
        arrays = golden("dpt/expected.npz")
        image = arrays["case0/image"]
        rgb = (image[0].transpose(1, 2, 0) * 255).round().astype(np.uint8)

        def first(name: str) -> tuple[float, ...]:
            return tuple(arrays[f"case0/{name}/native"][0, 0, 0, :3].tolist())

        return rgb, GoldenNumbers(
            image.shape[2:], first("depth_relu"), first("normals"), first("segmentation")
        )

    def test_need_the_image_and_say_which(self, b14: Path):
        section = weights(str(b14), None)[-1]
        assert section.findings[0].status is Status.ABSENT
        assert "--oracle-image" in section.findings[0].advice
        assert "39769" in section.findings[0].advice

    def test_need_the_weights_and_say_which(self, home: Path):
        section = weights("demo", np.zeros((4, 4, 3), np.uint8))[-1]
        assert "tips_ros download tipsv2-b14" in section.findings[0].advice

    @pytest.mark.slow
    def test_tell_when_the_model_is_used_with_the_wrong_activation(self, b14: Path, numbers: Any):
        rgb, oracle = numbers
        sections = weights(str(b14), rgb, oracle=oracle)
        assert broken(sections) == ["depth activation"]
        settings = b14 / "model.yaml"
        settings.write_text(settings.read_text() + "depth_relu_after_project: true\n")
        assert not broken(weights(str(b14), rgb, oracle=oracle))

    def test_a_model_that_can_t_be_loaded_is_told(self, b14: Path, numbers: Any):
        (b14 / "model.yaml").write_text("taps: [0, 1, 2, 3]\n")
        assert broken(weights(str(b14), numbers[0])) == ["loading"]

    def test_are_those_of_the_transformers_test_suite(self):
        assert PUBLISHED.depth == (1.49565, 1.45554, 1.42735) and PUBLISHED.size == (448, 448)
