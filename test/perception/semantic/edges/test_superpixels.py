# SPDX-License-Identifier: Apache-2.0
"""A fine pixel's shares among the nine patches around it."""

from __future__ import annotations

import torch

from tips_ros.perception.semantic.edges.guide import Guide, as_cells, as_map, guide_cells
from tips_ros.perception.semantic.edges.neighbours import log_there, nine_of, scatter_to_nine
from tips_ros.perception.semantic.edges.superpixels import superpixels


def test_cells_and_back_is_the_same_map():
    x = torch.rand(2, 3, 32, 40)
    torch.testing.assert_close(as_map(as_cells(x), (4, 5)), x)


def test_the_nine_are_the_neighbours_row_by_row_and_the_border_repeats():
    patches = torch.arange(6.0).view(1, 6, 1)
    nine = nine_of(patches, (2, 3))[0, :, :, 0]
    assert nine[1].tolist() == [0, 1, 2, 0, 1, 2, 3, 4, 5]
    assert nine[0].tolist() == [0, 0, 1, 0, 0, 1, 3, 3, 4]


def test_what_is_given_arrives_unless_it_leaves_the_image():
    gifts = torch.zeros(1, 6, 9, 1)
    gifts[0, 0, 5] = 2.0  # to the right
    gifts[0, 0, 0] = 7.0  # up and left: nobody there
    assert scatter_to_nine(gifts, (2, 3))[0, :, 0].tolist() == [0, 2, 0, 0, 0, 0]


def test_neighbours_beyond_the_image_have_no_weight():
    there = log_there((2, 2), torch.device("cpu"))
    assert (there[0] == 0).tolist() == [False, False, False, False, True, True, False, True, True]


def test_shares_add_up_to_one_and_stay_in_the_image():
    cells = guide_cells(Guide(torch.rand(2, 3, 42, 56)), (3, 4))
    shares, centres = superpixels(cells, (3, 4))
    torch.testing.assert_close(shares.sum(dim=-1), torch.ones(2, 12, 64))
    assert centres.shape == (2, 12, 3)
    assert shares[:, 0, :, [0, 1, 2, 3, 6]].max() < 1e-3


def test_a_pixel_belongs_to_the_patch_that_looks_like_it():
    images = torch.zeros(1, 3, 42, 42)
    images[..., 24:] = 1.0  # the last column of patches, and 4/14 of the middle one
    shares, _ = superpixels(guide_cells(Guide(images), (3, 3)), (3, 3))
    middle = shares[0, 4].view(8, 8, 9)
    assert middle[:, -1, [2, 5, 8]].sum(dim=-1).min() > 0.9
    assert middle[:, 0, [2, 5, 8]].sum(dim=-1).max() < 0.1
