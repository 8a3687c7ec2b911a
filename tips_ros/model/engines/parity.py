# SPDX-License-Identifier: Apache-2.0
"""Comparison of two models' outputs on the same picture, before one may replace the other.

Bounds. fp32: no value is further off than 1e-4 of the largest one. Lower precision: depth within
2 %, what its deviation is made of within 10 %, normals within 2°, features within an angle of 8°,
each for 95 % of the pixels or tokens; and in 98 % of the pixels the class that wins is, to torch,
as likely as the likeliest or nearly so. int8: four fifths of these, and on a second picture, too,
because what it rounds away differs more from picture to picture. Whatever the precision, depth that
is sure of a bin is at that bin's centre, see `bin_check`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.model.engines.bin_check import BIN_SHARE, off_centers
from tips_ros.model.tips import Tips, TipsOutput

EXACT = 1e-4  # of the largest value
DEPTH, NORMALS_DEG, FEATURES_DEG, LABELS = 0.02, 2.0, 8.0, 0.02
AS_LIKELY = 0.1  # difference of logits: at 0.1 a class is 0.9 times as likely
INT8_SHARE = 0.8  # of the bounds
_EVIDENCE = ("depth's activations", "depth's crowding of bins", "depth's spread of bins")
# Of what depth's deviation is made of nobody misses a tenth.
_BOUND_OF = {"depth": DEPTH, **dict.fromkeys(_EVIDENCE, 0.1)}
_SHARE = 0.95  # of the pixels that must be within
_TINY = 1e-9
_MOST = 1_000_000  # values of which a quantile is taken


class Parity(NamedTuple):
    """Result of a comparison with the reference."""

    passed: bool
    reason: str  # the worst that was seen, with its bound


class _Finding(NamedTuple):
    """One output: how far off, in units of its bound."""

    of_bound: float
    told: str


@torch.inference_mode()
def check_parity(
    candidate: Tips, reference: Tips, input_size: tuple[int, int], precision: torch.dtype
) -> Parity:
    """Compares all outputs of two models.

    Args:
        candidate: what wants to serve.
        reference: the same model in torch and fp32.
        input_size: (h, w) at which it will serve.
        precision: by whose bounds.
    """
    picture, int8 = parity_image(input_size), precision == torch.int8
    there = next(reference.parameters())
    # Engines have no parameters, and take fp32.
    likes = next(candidate.parameters(), there), there
    findings: list[_Finding] = []
    # The other: its negative in a mirror.
    for shown in [picture, 1 - picture.flip(-1)] if int8 else [picture]:
        found, true = (
            _run(model, shown.to(like.device, like.dtype))
            for model, like in zip((candidate, reference), likes, strict=True)
        )
        compared = _compare_exactly if precision == torch.float32 else _compare_roughly
        findings += compared(found, true)
    if candidate.depth is not None:
        off = off_centers(candidate.depth)
        told = f"depth's bins: off their centres by {off:.0%} of a bin, bound {BIN_SHARE:.0%}"
        findings.append(_Finding(off / BIN_SHARE, told))
    for finding in findings:
        if math.isnan(finding.of_bound):
            return Parity(False, finding.told)
    worst = max(findings, key=lambda f: f.of_bound)
    if int8:
        told = f"{worst.told}, of which int8 may use {INT8_SHARE:.0%}"
        return Parity(worst.of_bound <= INT8_SHARE, told)
    return Parity(worst.of_bound <= 1.0, worst.told)


def parity_image(input_size: tuple[int, int]) -> Tensor:
    """The picture compared on, always the same (1, 3, h, w): planes and edges of a room, and noise.

    It is not what graphs are exported with, so a graph that ignores its input is found out.
    """
    h, w = input_size
    y = torch.linspace(0, 1, h)[:, None].expand(h, w)
    x = torch.linspace(0, 1, w)[None].expand(h, w)
    room = torch.stack([0.2 + 0.7 * y, 0.8 - 0.5 * x * y, 0.3 + 0.4 * (x - 0.5).abs()])
    door = torch.tensor([0.45, 0.3, 0.15])[:, None, None]
    room[:, h // 3 : h - h // 5, w // 8 : w // 3] = door
    room[:, h - h // 4 : h - h // 5, w // 2 :] = 0.95
    noisy = room[:, : h // 3, w // 2 :]
    noisy.copy_(torch.rand(noisy.shape, generator=torch.Generator().manual_seed(14)))
    return room[None]


def _run(model: Tips, image: Tensor) -> dict[str, Tensor]:
    """All a model says of a picture, by name, on the CPU in fp64."""
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        look: TipsOutput = model.forward_features(
            image, model.head_names, value_features=True, evidence=True
        )
    said: dict[str, Tensor] = {name: getattr(look.maps, name) for name in model.head_names}
    if look.maps.depth_evidence is not None:
        # Each on a scale of its own.
        said |= dict(zip(_EVIDENCE, look.maps.depth_evidence.split(1, dim=1), strict=True))
    said["CLS tokens"] = torch.stack([look.features.cls_token, look.features.second_cls_token], 1)
    said["patch tokens"] = look.features.patch_tokens
    assert look.features.value_features is not None
    said["value features"] = look.features.value_features
    return {name: tensor.cpu().double() for name, tensor in said.items()}


def _compare_exactly(found: dict[str, Tensor], true: dict[str, Tensor]) -> Iterator[_Finding]:
    for name, value in true.items():
        if (broken := _find_not_finite(name, found[name], value)) is not None:
            yield broken
            continue
        off = float((found[name] - value).abs().max() / value.abs().max().clamp(min=_TINY))
        yield _Finding(off / EXACT, f"{name}: off by {off:.1e} of the largest, bound {EXACT:.0e}")


def _compare_roughly(found: dict[str, Tensor], true: dict[str, Tensor]) -> Iterator[_Finding]:
    for name, value in true.items():
        other = found[name]
        if (broken := _find_not_finite(name, other, value)) is not None:
            yield broken
        elif name in _BOUND_OF:
            bound = _BOUND_OF[name]
            off = _quantile((other - value).abs() / value.abs().clamp(min=_TINY))
            yield _Finding(off / bound, f"{name}: off by {off:.1%}, bound {bound:.0%}")
        elif name == "segmentation":
            wrong = _wrong_labels(other, value)
            told = f"segmentation: {wrong:.1%} of the labels are others, bound {LABELS:.0%}"
            yield _Finding(wrong / LABELS, told)
        else:
            bound = NORMALS_DEG if name == "normals" else FEATURES_DEG
            angle = _quantile(_angles_deg(other, value, dim=1 if name == "normals" else -1))
            yield _Finding(angle / bound, f"{name}: off by {angle:.2f}°, bound {bound:g}°")


def _find_not_finite(name: str, found: Tensor, true: Tensor) -> _Finding | None:
    """A finding further off than anything where a value is infinite or NaN; None where none is."""
    if not true.isfinite().all():
        told = f"{name}: no finite numbers even in fp32; the weights are damaged"
        return _Finding(math.nan, told)
    if not found.isfinite().all():
        return _Finding(math.nan, f"{name}: no finite numbers, beyond the format's range")
    return None


def _wrong_labels(found: Tensor, true: Tensor) -> float:
    """The share of pixels whose label is none of the likeliest."""
    behind = true.amax(1, keepdim=True) - true.gather(1, found.argmax(1, keepdim=True))
    return float((behind > AS_LIKELY).double().mean())


def _quantile(values: Tensor) -> float:
    flat = values.flatten()
    step = -(-len(flat) // _MOST)
    return float(flat[::step].quantile(_SHARE))


def _angles_deg(a: Tensor, b: Tensor, dim: int) -> Tensor:
    """Angles of vectors of any length, by the half angle's tangent, as acos is blind near 0."""
    a, b = F.normalize(a, dim=dim), F.normalize(b, dim=dim)
    return torch.rad2deg(2 * torch.atan2((a - b).norm(dim=dim), (a + b).norm(dim=dim)))
