# SPDX-License-Identifier: Apache-2.0
"""Means about a place are of what is known there: a cell without a ray spoils none of them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tips_ros.perception.ground.fit.patches import _Smooth

SIZE = (40, 60)
PLANE = np.array([0.0, 1.0, 0.5])  # its inverse depth at a ray


def smooth(without_ray: list[tuple[int, int]]) -> _Smooth:
    down, across = np.meshgrid(*(np.linspace(-0.4, 0.4, n) for n in SIZE), indexing="ij")
    rays = np.stack([across, down], axis=-1).astype(np.float32)
    inverse = (1.1 * np.maximum(rays[..., 1] + 0.5, 0.02)).astype(np.float32)
    possible = np.ones(SIZE, np.bool_)
    for place in without_ray:
        rays[place], inverse[place], possible[place] = np.nan, np.nan, False
    cells = SimpleNamespace(shape=SIZE, rays=rays, inverse_depth=inverse)
    found = SimpleNamespace(possible=possible, at=np.flatnonzero(possible))
    return _Smooth(cells, found)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "without_ray",
    [
        [],
        [(20, 30)],
        [(0, 0)],
        [(39, 59), (0, 59)],
        [(i, i) for i in range(40)],
        [(i, j) for i in range(10, 20) for j in range(60 - i, 60)],
    ],
    ids=["none", "one", "corner", "two", "diagonal", "border"],
)
def test_a_cell_without_a_ray_spoils_no_mean(without_ray: list[tuple[int, int]]):
    whole, departs = smooth([]).above(PLANE), smooth(without_ray).above(PLANE)
    assert np.isfinite(departs).all()
    far = np.ones(departs.shape, np.bool_)
    for row, column in without_ray:
        far[max(0, row // 2 - 1) : row // 2 + 2, max(0, column // 2 - 1) : column // 2 + 2] = False
    np.testing.assert_allclose(departs[far], whole[far], atol=1e-5)
