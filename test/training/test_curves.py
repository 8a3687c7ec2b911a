# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from training.curves import curves
from training.steps.objectives import Losses

NAMES = Losses._fields


def test_every_loss_has_a_panel_with_both_of_its_curves():
    notes = [{"step": step, **{n: 2 / step for n in NAMES}} for step in range(1, 50)]
    notes += [{"step": step, **{f"checked_{n}": 3 / step for n in NAMES}} for step in (10, 20, 40)]
    panels = curves(notes).axes
    assert [panel.get_title() for panel in panels] == list(NAMES)
    for panel in panels:
        learnt, checked = panel.lines
        assert len(learnt.get_xdata()) == 49 and list(checked.get_xdata()) == [10, 20, 40]


def test_a_loss_that_was_not_there_yet_has_no_panel():
    notes = [{"step": step, **{n: 2 / step for n in NAMES[:4]}} for step in range(1, 50)]
    assert [panel.get_title() for panel in curves(notes).axes] == list(NAMES[:4])


@pytest.mark.quick
def test_a_training_that_has_just_begun_is_drawn_too(tmp_path):
    for notes in ([], [{"step": 50, "depth": 0.5}]):
        curves(notes).savefig(tmp_path / "curves.png")
