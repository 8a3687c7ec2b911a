# SPDX-License-Identifier: Apache-2.0
"""Cues that one pass has anyway and that give a wrong depth away, pixel by pixel.

    constant      1
    depth         ln z, of the network's own metres
    activation    ln Σ p: the head was trained on its mean alone, and is silent where it is lost
    entropy       −ln Σ (p / Σ p)²: how many bins share in it
    spread        ln (σ of the bins around their mean / z)
    slope         √|∇ ln z|, the mean over 5×5 pixels: at edges depth is a mixture
    depth_depth, depth_activation, depth_entropy, activation_entropy, depth_spread, spread_spread
                  products: far away, silence means something else than near
    class_doubt   ln (1.01 − p) of the likeliest class
    disagreement  ln (1.01 − cos) of the angle between predicted normals and those of the depth
    facing        cos of the angle between normal and line of sight, at least 0
    grazing       ln (facing + 0.05)

They are told at every second pixel of the heads along each axis: half as far apart they say nothing
more, and take four times as long.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.model.fast.gpu.labels import largest_share
from tips_ros.model.tips import DenseMaps
from tips_ros.perception.deviation.model import PRODUCTS

_NEVER = 1e-6  # below every depth, activation and length


class Focal(NamedTuple):
    """Focal lengths as fractions of the image's width and height; its middle is on the axis."""

    x: float
    y: float

    @classmethod
    def of_picture(cls, focal_ratio: float, size: tuple[int, int]) -> Focal:
        """The training camera's, with square pixels, for pictures of (H, W)."""
        height, width = size
        return cls(focal_ratio, focal_ratio * width / height)


def thin(x: Any) -> Any:
    """Every second pixel of (…, h, w), the first among them: where cues are told."""
    return x[..., ::2, ::2]


def cues_of(maps: DenseMaps, focal: Focal) -> dict[str, Tensor]:
    """The cues that these maps tell, by name, each as `thin`: (B, 1, ⌈h/2⌉, ⌈w/2⌉) fp32.

    Args:
        maps: with depth and its evidence.
        focal: of the camera as the network takes it.

    Raises:
        ValueError: no depth, or no evidence.
    """
    if maps.depth is None or maps.depth_evidence is None:
        raise ValueError("deviation needs depth and its evidence; see the image with it")
    log_depth = maps.depth.clamp(min=_NEVER).log_()
    total, crowding, spread = thin(maps.depth_evidence).clamp(min=_NEVER).log_().split(1, dim=1)
    across, down = _gradient(log_depth)
    slope = F.avg_pool2d(torch.hypot(across, down), 5, 2, 2, count_include_pad=False)
    log_depth = thin(log_depth)
    cues = {
        "constant": torch.ones_like(log_depth),
        "depth": log_depth,
        "activation": total,
        "entropy": -crowding,
        "spread": spread,
        "slope": slope.sqrt_(),
    }
    cues |= {f"{one}_{other}": cues[one] * cues[other] for one, other in PRODUCTS}
    if maps.segmentation is not None and maps.normals is not None:
        likeliest = _largest_share(maps.segmentation)
        cues["class_doubt"] = likeliest.neg_().add_(1.01).log_()
        agreement, facing = _of_normals(maps.normals, across, down, focal)
        cues["disagreement"] = (1.01 - agreement).log_()
        cues["facing"] = facing
        cues["grazing"] = (facing + 0.05).log_()
    return cues


def _largest_share(logits: Tensor) -> Tensor:
    """(B, K, h, w) → the likeliest class's share of the softmax, `thin`, (B, 1, …) fp32."""
    few = thin(logits)
    made = largest_share(few)
    if made is not None:
        return made
    return class_planes(logits).softmax(1).amax(1).view(len(few), 1, *few.shape[2:])


def class_planes(logits: Tensor) -> Tensor:
    """A plane of fp32 for each class of (B, K, h, w) logits, `thin`.

    The heads leave a pixel's classes side by side. On the CPU OpenCV turns them about three times
    as fast as torch, which does it while it reads every second pixel.

    Returns:
        (B, K, ⌈h/2⌉, ⌈w/2⌉), or (1, K, B·⌈h/2⌉·⌈w/2⌉) of the same pixels in the same order.
    """
    if logits.device.type != "cpu":
        return dense_class_planes(logits)
    rows = logits.detach()[:, :, ::2].permute(0, 2, 3, 1).float()
    pixels = rows[:, :, ::2].reshape(-1, logits.shape[1]).numpy()
    return torch.from_numpy(cv2.transpose(pixels))[None]


def dense_class_planes(logits: Tensor) -> Tensor:
    """A plane of fp32 for each class, (B, K, ⌈h/2⌉, ⌈w/2⌉), by torch: a GPU can record it."""
    return thin(logits).float()


def _gradient(x: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of (B, 1, h, w), to the right and down, by pixel; at the border half of it."""
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    across = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    return across.mul_(0.5), down.mul_(0.5)


def _of_normals(
    normals: Tensor, across: Tensor, down: Tensor, focal: Focal
) -> tuple[Tensor, Tensor]:
    """Agreement of the normals with depth's (−1 to 1), and how much they face the camera (0 to 1).

    Of normals and gradients of all pixels, thinned.

    A surface z(u, v) has the normal (−f ∂ ln z / ∂u, −f ∂ ln z / ∂v, 1 − x n_x − y n_y), away from
    the camera, for the ray (x, y, 1).
    """
    h, w = normals.shape[-2:]
    few = thin(normals)  # each of the three in a piece: what follows reads them ten times
    n_x, n_y, n_z = torch.empty(few.shape, device=few.device).copy_(few).split(1, dim=1)
    columns, rows = (
        torch.arange(0, n, 2, device=normals.device, dtype=torch.float32) for n in (w, h)
    )
    x = ((columns + 0.5) / w - 0.5) / focal.x
    y = (((rows + 0.5) / h - 0.5) / focal.y)[:, None]
    d_x, d_y = thin(across) * (-focal.x * w), thin(down) * (-focal.y * h)
    d_z = 1.0 - (x * d_x + y * d_y)
    length = (n_x.square() + n_y.square() + n_z.square()).clamp_(min=_NEVER).sqrt_()
    of_depth = (d_x.square() + d_y.square() + d_z.square()).sqrt_()
    agreement = (n_x * d_x + n_y * d_y + n_z * d_z) / (length * of_depth)
    facing = (n_x * x + n_y * y + n_z) / (length * (x.square() + y.square() + 1.0).sqrt())
    return agreement.clamp(-1.0, 1.0), facing.clamp(0.0, 1.0)
