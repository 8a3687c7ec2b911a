# SPDX-License-Identifier: Apache-2.0
"""A depth head that was written as the official releases are is read back as it was."""

from __future__ import annotations

import torch

from tips_ros.model.checkpoints import load_dpt_head
from tips_ros.model.checkpoints.dpt_zip import write_depth_zip


def test_a_head_is_read_back_as_it_was_and_by_the_official_names(tiny_heads, tmp_path):
    import numpy as np

    head = load_dpt_head(tiny_heads["depth"])
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.add_(torch.randn_like(parameter))
    file = tmp_path / "tips_mine_depth_dpt.zip"
    write_depth_zip(head, file)
    again = load_dpt_head(file).state_dict()
    assert again.keys() == head.state_dict().keys()
    assert all(torch.equal(again[name], tensor) for name, tensor in head.state_dict().items())
    with np.load(file) as mine, np.load(tiny_heads["depth"]) as official:
        assert set(mine.files) == set(official.files)
        assert all(mine[name].shape == official[name].shape for name in official.files)
