# SPDX-License-Identifier: Apache-2.0
"""Training that is soon over."""

from __future__ import annotations

import pytest

from training.network.architecture import SIZES, Sizes

# As deep as there are taps, and no wider than it takes to learn a wall and a floor.
SMALL = Sizes(width=48, depth=4, heads=3, hidden=96, channels=8, taps=(0, 1, 2, 3))


@pytest.fixture(autouse=True)
def small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the demo model's sizes is a small one, a little different from the others."""
    for more, name in enumerate(SIZES):
        monkeypatch.setitem(SIZES, name, SMALL._replace(hidden=SMALL.hidden + 16 * more))
