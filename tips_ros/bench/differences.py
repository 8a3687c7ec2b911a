# SPDX-License-Identifier: Apache-2.0
"""Differences between two computations of the same maps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.model.tips import DenseMaps


class Differences(NamedTuple):
    """Differences of maps from a reference's, on the same image.

    `largest` is the largest difference as a share of the reference's largest value.
    """

    depth_largest: float
    depth_p95: float  # 95th percentile of |difference| / depth
    normals_largest: float
    normals_p95_deg: float  # 95th percentile of the angle
    logits_largest: float
    labels_equal: float  # share of the pixels of the image


class Outcome(NamedTuple):
    """Outputs of a contender for one image."""

    maps: DenseMaps  # of all three heads, at their own resolution
    labels: NDArray[np.integer]  # (H, W) index of the class, at the image's size


def differences(found: Outcome, reference: Outcome) -> Differences:
    """Compares `found` with the reference, both of the same model, image and sizes."""
    depth, true_depth = _pair(found.maps.depth, reference.maps.depth)
    normals, true_normals = _pair(found.maps.normals, reference.maps.normals)
    logits, true_logits = _pair(found.maps.segmentation, reference.maps.segmentation)
    relative = (depth - true_depth).abs() / true_depth.abs().clamp(min=1e-6)
    return Differences(
        depth_largest=_largest(depth, true_depth),
        depth_p95=_p95(relative),
        normals_largest=_largest(normals, true_normals),
        normals_p95_deg=_p95(_angles_deg(normals, true_normals)),
        logits_largest=_largest(logits, true_logits),
        labels_equal=float((found.labels == reference.labels).mean()),
    )


def _pair(found: Tensor | None, reference: Tensor | None) -> tuple[Tensor, Tensor]:
    """Both in fp64 on the CPU."""
    assert found is not None and reference is not None
    return found.detach().cpu().double(), reference.detach().cpu().double()


def _largest(found: Tensor, reference: Tensor) -> float:
    return float((found - reference).abs().max() / reference.abs().max())


def _angles_deg(a: Tensor, b: Tensor) -> Tensor:
    """(B, 3, h, w) of any length → (B, h, w); by atan2, because acos is blind near 0."""
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    sine = torch.linalg.cross(a, b, dim=1).norm(dim=1)
    return torch.rad2deg(torch.atan2(sine, (a * b).sum(dim=1)))


def _p95(values: Tensor) -> float:
    return float(np.percentile(values.numpy(), 95))
