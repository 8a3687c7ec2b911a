# SPDX-License-Identifier: Apache-2.0
"""Which frames are for what."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.finetune.frames import split_frames, thin_out
from tips_ros.perception.depth.registration import Registration
from tips_ros.perception.depth.registration_fit import lay_onto_picture


@pytest.mark.parametrize(("count", "sizes"), [(90, (53, 7, 30)), (45, (26, 4, 15)), (3, (1, 1, 1))])
def test_the_end_is_kept_apart_and_the_piece_before_it_watched(count, sizes):
    split = split_frames(count, 1 / 3)
    assert tuple(map(len, split)) == sizes
    assert [*split.learn, *split.watch, *split.held_out] == list(range(count))


def test_thinned_frames_are_spread_over_the_whole():
    assert thin_out(range(100), 4) == [0, 33, 66, 99]
    assert thin_out(range(3), 4) == [0, 1, 2]


def test_depth_that_lies_beside_is_laid_onto_the_picture():
    depth = np.full((48, 64), 4.0, np.float32)
    depth[10:20, 30:40] = 1.0
    moved = lay_onto_picture(depth, Registration(False, zoom=1.0, shift=(4 / 64, -2 / 64)))
    assert np.all(moved[8:18, 34:44] == 1.0) and np.count_nonzero(moved == 1.0) == 100
    assert np.isnan(moved[:, :4]).all() and np.isnan(moved[-2:]).all()


@pytest.mark.parametrize("registered", [True, None])
def test_depth_that_lies_on_it_or_may_do_so_stays_as_it_is(registered):
    depth = np.arange(12, dtype=np.float32).reshape(3, 4)
    verdict = Registration(registered, zoom=1.1, shift=(0.1, 0.1))
    assert np.array_equal(lay_onto_picture(depth, verdict), depth)
