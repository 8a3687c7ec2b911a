# SPDX-License-Identifier: Apache-2.0
"""Scores of patches follow the edges of the image, of depth and of normals; nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from tips_ros.evaluation.metrics.boundary import boundary_score
from tips_ros.perception.semantic.edges import Guide, sharpen
from tips_ros.perception.semantic.segmentation import label_map_at

PATCH = 14


def random(*shape: int, seed: int = 5) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def disc(side: int = 448, radius: float = 120.0) -> np.ndarray:
    """(side, side) uint8, 1 inside a circle that no patch's border follows."""
    y, x = np.mgrid[:side, :side]
    return (np.hypot(y - 0.47 * side, x - 0.53 * side) < radius).astype(np.uint8)


def patch_means(labels: np.ndarray, classes: int, noise: float = 0.0) -> Tensor:
    """(1, K, h, w): labels averaged over patches."""
    one_hot = F.one_hot(torch.from_numpy(labels).long(), classes).permute(2, 0, 1)[None]
    scores = F.avg_pool2d(one_hot.float(), PATCH)
    return scores + noise * torch.randn(scores.shape, generator=torch.Generator().manual_seed(1))


def painted(labels: np.ndarray) -> Tensor:
    """(1, 3, H, W): a colour per label."""
    colours = torch.tensor([[0.2, 0.5, 0.3], [0.7, 0.3, 0.6], [0.4, 0.8, 0.9]])
    return colours[torch.from_numpy(labels).long()].permute(2, 0, 1)[None].contiguous()


def labels_at(scores: Tensor, side: int = 448) -> np.ndarray:
    return label_map_at(20 * scores, (side, side)).labels[0].numpy()


@pytest.mark.parametrize("guide", ["flat", "noise", "all"])
def test_a_constant_stays_a_constant(guide: str):
    images = torch.full((1, 3, 84, 112), 0.5) if guide == "flat" else random(1, 3, 84, 112)
    everything = guide == "all"
    fine = sharpen(
        torch.full((1, 4, 6, 8), 0.3),
        Guide(
            images,
            random(1, 1, 48, 64) if everything else None,
            random(1, 3, 48, 64) - 0.5 if everything else None,
        ),
    )
    assert fine.shape == (1, 4, 48, 64)
    torch.testing.assert_close(fine, torch.full_like(fine, 0.3))


def test_classes_that_add_up_to_one_still_do():
    scores = random(2, 5, 7, 9).softmax(dim=1)
    fine = sharpen(scores, Guide(random(2, 3, 98, 126)))
    torch.testing.assert_close(fine.sum(dim=1), torch.ones(2, 56, 72))


def test_noisy_scores_stay_in_their_range():
    scores = random(1, 6, 16, 16)
    fine = sharpen(scores, Guide(random(1, 3, 224, 224)))
    assert scores.min() <= fine.min() and fine.max() <= scores.max()


def test_scale_and_offset_of_scores_don_t_matter():
    scores, guide = random(1, 4, 8, 8), Guide(random(1, 3, 112, 112))
    scaled = sharpen(50 * scores - 7, guide)
    torch.testing.assert_close(scaled, 50 * sharpen(scores, guide) - 7, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("cue", ["images", "depth", "normals"])
def test_an_edge_inside_a_patch_is_found_by_each_cue_alone(cue: str):
    labels = np.zeros((112, 112), np.uint8)
    labels[:, 60:] = 1  # 4 px into the fifth column of patches
    side = torch.from_numpy(labels).float()[None, None]
    grey = torch.full((1, 3, 112, 112), 0.5)
    guide = {
        "images": Guide(painted(labels)),
        "depth": Guide(grey, depth=1.0 + side),
        "normals": Guide(grey, normals=torch.cat([side, 0 * side, 1 - side], dim=1)),
    }[cue]
    found = labels_at(sharpen(patch_means(labels, 2), guide), 112)
    wrong = (found != labels).any(axis=0).nonzero()[0]
    assert len(wrong) <= 1, wrong  # half a fine pixel is 0.9 px
    blunt = labels_at(F.interpolate(patch_means(labels, 2), size=(8, 8)), 112)
    assert (blunt != labels).any(axis=0).sum() >= len(wrong)


@pytest.mark.parametrize("noise", [0.0, 0.15])
def test_a_round_thing_is_outlined_better_than_by_bilinear_scores(noise: float):
    truth = disc()
    scores = patch_means(truth, 3, noise)
    found, blunt = labels_at(sharpen(scores, Guide(painted(truth)))), labels_at(scores)
    ours, bilinear = boundary_score(found, truth, 2.0), boundary_score(blunt, truth, 2.0)
    assert ours is not None and bilinear is not None
    assert ours.f > 0.95 and ours.f >= bilinear.f
    assert (found != truth).sum() < (blunt != truth).sum()


def test_without_an_edge_in_the_guide_nothing_is_lost_against_bilinear():
    truth = disc()
    scores = patch_means(truth, 3, 0.15)
    flat = Guide(torch.full((1, 3, 448, 448), 0.5))
    wrong = (labels_at(sharpen(scores, flat)) != truth).mean()
    assert wrong <= (labels_at(scores) != truth).mean()


def test_lone_patches_that_look_like_their_neighbours_give_way():
    scores = torch.zeros(1, 3, 12, 12)
    scores[:, 0] = 0.05
    scores += 0.2 * random(1, 3, 12, 12)  # each class is best somewhere, the first in most patches
    flat = Guide(torch.full((1, 3, 168, 168), 0.5))
    assert (sharpen(scores, flat).argmax(1) == 0).float().mean() > (
        scores.argmax(1) == 0
    ).float().mean()


def test_images_of_a_batch_don_t_influence_each_other():
    scores = random(3, 5, 8, 8)
    guide = Guide(random(3, 3, 112, 112), random(3, 1, 64, 64), random(3, 3, 64, 64))
    together = sharpen(scores, guide)
    for i in range(3):
        alone = sharpen(scores[i : i + 1], Guide(*(x[i : i + 1] for x in guide)))
        torch.testing.assert_close(together[i : i + 1], alone)


@pytest.mark.parametrize("grid", [(1, 1), (1, 5), (2, 2), (9, 3)])
@pytest.mark.parametrize("classes", [1, 2])
def test_flat_guides_and_small_grids_give_numbers(grid: tuple[int, int], classes: int):
    h, w = grid
    guide = Guide(
        torch.zeros(1, 3, h * PATCH, w * PATCH),
        torch.zeros(1, 1, 8 * h, 8 * w),
        torch.zeros(1, 3, 8 * h, 8 * w),
    )
    fine = sharpen(random(1, classes, h, w), guide)
    assert fine.shape == (1, classes, 8 * h, 8 * w)
    assert fine.isfinite().all()


def test_half_precision_pictures_guide_as_well():
    scores, images = random(1, 3, 8, 8), random(1, 3, 112, 112)
    half = sharpen(scores, Guide(images.bfloat16()))
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, sharpen(scores, Guide(images.bfloat16().float())))


def test_a_guide_of_other_images_is_told():
    with pytest.raises(ValueError, match="depth of 1 images guide scores of 2"):
        sharpen(random(2, 3, 4, 4), Guide(random(2, 3, 56, 56), random(1, 1, 32, 32)))


class LargestTensor(TorchDispatchMode):
    """Notes the largest tensor that any operation makes."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, (tuple, list)) else (made,):
            if isinstance(tensor, Tensor) and 0 not in tensor.stride():
                self.elements = max(self.elements, tensor.numel())
        return made


def test_no_tensor_is_larger_than_the_result():
    scores, guide = random(1, 150, 16, 16), Guide(random(1, 3, 224, 224))
    with LargestTensor() as largest:
        fine = sharpen(scores, guide)
    assert largest.elements <= fine.numel()
    assert fine.permute(0, 2, 3, 1).is_contiguous()
