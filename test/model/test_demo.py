# SPDX-License-Identifier: Apache-2.0
"""The untrained demo model: the architecture at a small size, the same each time."""

from __future__ import annotations

import torch

from tips_ros.model.demo import untrained_demo


def test_the_weights_are_the_same_each_time():
    first, second = untrained_demo().state_dict(), untrained_demo().state_dict()
    assert all(torch.equal(tensor, second[name]) for name, tensor in first.items())


def test_making_it_leaves_the_caller_s_random_numbers_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    untrained_demo()
    assert torch.equal(torch.rand(3), expected)


def test_it_has_all_heads_and_as_many_classes_as_asked():
    model = untrained_demo(classes=7)
    assert model.head_names == ("depth", "normals", "segmentation")
    with torch.inference_mode():
        maps = model(torch.rand(1, 3, 56, 56), ["segmentation"])
    assert maps.segmentation is not None and maps.segmentation.shape[1] == 7
