# SPDX-License-Identifier: Apache-2.0
"""The published numbers tell which depth activation is right; here with the reference's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tips_ros.doctor.findings import Finding, Status
from tips_ros.doctor.golden_check import GoldenNumbers, compare_with_golden
from tips_ros.model.tips import Tips


@pytest.fixture(scope="module")
def arrays(golden: Any) -> dict[str, np.ndarray]:
    return golden("dpt/expected.npz")


@pytest.fixture(scope="module")
def rgb(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The reference's image; in whole grey levels, so a little different from it."""
    image = arrays["case0/image"][0].transpose(1, 2, 0)
    return (image * 255).round().clip(0, 255).astype(np.uint8)


def oracle(arrays: dict[str, np.ndarray], depth: str) -> GoldenNumbers:
    def first(name: str) -> tuple[float, ...]:
        return tuple(arrays[f"case0/{name}/native"][0, 0, 0, :3].tolist())

    h, w = arrays["case0/image"].shape[2:]
    return GoldenNumbers((h, w), first(depth), first("normals"), first("segmentation"))


def by_topic(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.topic: finding for finding in findings}


@pytest.mark.parametrize(("depth", "relu"), [("depth_relu", True), ("depth", False)])
@pytest.mark.parametrize("configured", [True, False])
def test_the_activation_that_gives_the_numbers_is_found(
    tiny_tips: Tips, arrays: Any, rgb: Any, depth: str, relu: bool, configured: bool
):
    found = by_topic(compare_with_golden(tiny_tips, rgb, configured, oracle(arrays, depth)))
    verdict = found["depth activation"]
    assert verdict.value.startswith("with the ReLU" if relu else "without the ReLU")
    assert verdict.status is (Status.GOOD if relu is configured else Status.BROKEN)
    if relu is not configured:
        assert f"depth_relu_after_project: {str(relu).lower()}" in verdict.advice
    assert found["normals x"].status is found["class 0 logits"].status is Status.GOOD
    assert found[f"depth, ReLU {'on' if relu else 'off'}"].status is Status.GOOD
    assert found[f"depth, ReLU {'off' if relu else 'on'}"].status is Status.ABSENT


def test_the_model_is_left_as_it_was(tiny_tips: Tips, arrays: Any, rgb: Any):
    assert tiny_tips.depth is not None
    bins = tiny_tips.depth.bins
    compare_with_golden(tiny_tips, rgb, False, oracle(arrays, "depth"))
    assert tiny_tips.depth.bins is bins


def test_numbers_of_another_image_are_given_by_neither(tiny_tips: Tips, arrays: Any, rgb: Any):
    other = replace(oracle(arrays, "depth"), depth=(9.0, 9.1, 9.2), segmentation=(7.0, 8.0, 9.0))
    found = by_topic(compare_with_golden(tiny_tips, rgb, False, other))
    assert found["depth activation"].status is Status.BROKEN
    assert "the image the numbers are of" in found["depth activation"].advice
    assert found["class 0 logits"].status is Status.BROKEN
    assert found["normals x"].status is Status.GOOD


def test_a_model_without_a_head_is_not_asked(tiny_tips: Tips, arrays: Any, rgb: Any):
    tiny_tips.normals = None
    [found] = compare_with_golden(tiny_tips, rgb, False, oracle(arrays, "depth"))
    assert found.status is Status.ABSENT and "no normals head" in found.value
