# SPDX-License-Identifier: Apache-2.0
"""Checks that a model gives the numbers published for it, and finds its depth activation.

Google's own releases disagree: after the depth decoder's `project` the Hub's code applies a ReLU
and the reference repository does not. Published numbers tell which one a file was trained with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.doctor.findings import Finding, Status
from tips_ros.model.tips import HEAD_NAMES, Tips
from tips_ros.perception.preprocess import network_input

TOLERANCE = 0.01  # of the largest number; resizing an image differs that much between libraries
IMAGE = "COCO val2017 image 39769 (two cats on a sofa; 000000039769.jpg)"


@dataclass(frozen=True)
class GoldenNumbers:
    """The first numbers of each map at the head's own resolution: row 0, channel 0.

    Attributes:
        size: (h, w) the network sees.
        depth: metres.
        normals: x, not normalised.
        segmentation: logits of class 0.
    """

    size: tuple[int, int]
    depth: tuple[float, ...]
    normals: tuple[float, ...]
    segmentation: tuple[float, ...]


# TIPSv2 B/14 with DPT heads on IMAGE, from the test suite of transformers.
PUBLISHED = GoldenNumbers(
    (448, 448),
    depth=(1.49565, 1.45554, 1.42735),
    normals=(0.04218, 0.06954, 0.07597),
    segmentation=(2.76751, 4.06145, 4.27854),
)


@torch.inference_mode()
def compare_with_golden(
    model: Tips, rgb: NDArray[np.uint8], configured_relu: bool, oracle: GoldenNumbers = PUBLISHED
) -> list[Finding]:
    """One backbone pass on the CPU; a finding per head, and one on the depth activation.

    Args:
        model: with three heads, fp32 on the CPU.
        rgb: (H, W, 3) uint8, the image the numbers are of.
        configured_relu: the activation that the model is used with.
        oracle: the numbers.
    """
    absent = [name for name in HEAD_NAMES if name not in model.head_names]
    if absent:
        return [Finding("oracle", f"not asked: no {', '.join(absent)} head", Status.ABSENT)]
    x = network_input(rgb, oracle.size, torch.device("cpu"), torch.float32)
    maps, features = model.forward_features(x, ("normals", "segmentation"))
    assert maps.normals is not None and maps.segmentation is not None and model.depth is not None
    findings = [
        _compare("normals x", maps.normals, oracle.normals),
        _compare("class 0 logits", maps.segmentation, oracle.segmentation),
    ]
    head, own = model.depth, model.depth.bins
    off_by = {}
    try:
        for relu in (True, False):
            head.bins = replace(own, relu_after_project=relu)
            depth = head(features.layers)
            name = f"depth, ReLU {'on' if relu else 'off'}"
            findings.append(_compare(name, depth, oracle.depth, Status.ABSENT))
            off_by[relu] = _difference(depth, oracle.depth)
    finally:
        head.bins = own
    return [*findings, _verdict(off_by, configured_relu)]


def _verdict(off_by: dict[bool, float], configured: bool) -> Finding:
    best = min(off_by, key=off_by.__getitem__)
    topic = "depth activation"
    if off_by[best] > TOLERANCE:
        fix = "use the image the numbers are of, and the files of that model"
        return Finding(topic, "neither gives the published numbers", Status.BROKEN, fix)
    if off_by[not best] <= TOLERANCE:
        return Finding(topic, "with and without the ReLU give the published numbers")
    found = f"{'with' if best else 'without'} the ReLU the numbers are the published ones"
    if best is configured:
        return Finding(topic, f"{found}, and so the model is used")
    fix = f"put `depth_relu_after_project: {str(best).lower()}` into its model.yaml"
    return Finding(topic, f"{found}, but the model is used the other way", Status.BROKEN, fix)


def _compare(
    name: str, found: Tensor, expected: tuple[float, ...], if_off: Status = Status.BROKEN
) -> Finding:
    numbers = " ".join(f"{value:.5f}" for value in _first_values(found, len(expected)))
    wanted = " ".join(f"{value:.5f}" for value in expected)
    off = _difference(found, expected)
    value = f"{numbers}, published {wanted}, off by {off:.2%}"
    if off <= TOLERANCE:
        return Finding(name, value)
    fix = "" if if_off is Status.ABSENT else "use the image the numbers are of, and its model"
    return Finding(name, value, if_off, fix)


def _difference(found: Tensor, expected: tuple[float, ...]) -> float:
    """Largest difference, as a fraction of the largest number."""
    wanted = np.array(expected)
    return float(np.abs(_first_values(found, len(expected)) - wanted).max() / np.abs(wanted).max())


def _first_values(found: Tensor, count: int) -> NDArray[np.float64]:
    return found[0, 0, 0, :count].double().numpy()
