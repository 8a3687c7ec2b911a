# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from training.curves import curves


def test_every_loss_has_a_panel_with_both_of_its_curves():
    names = ("depth", "normals", "classes", "words")
    notes = [{"step": step, **{n: 2 / step for n in names}} for step in range(1, 50)]
    notes += [{"step": step, **{f"checked_{n}": 3 / step for n in names}} for step in (10, 20, 40)]
    picture = curves(notes)
    both = picture.reshape(-1, 3)
    assert picture.shape == (600, 1120, 3)
    for colour in ((190, 150, 90), (40, 60, 200)):
        assert (np.abs(both.astype(int) - colour).max(axis=1) < 30).sum() > 100


def test_a_training_that_has_just_begun_is_drawn_too():
    assert curves([]).shape == curves([{"step": 50, "depth": 0.5}]).shape
