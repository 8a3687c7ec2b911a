# SPDX-License-Identifier: Apache-2.0
"""Random materials: possible colours, repeatable, varied, without seams."""

import inspect

import numpy as np
import pytest

from training.scenes.surfaces import materials
from training.scenes.surfaces.material import Material


def draw(name: str, seed: int) -> Material:
    make, rng = getattr(materials, name), np.random.default_rng(seed)
    material = make(rng, (1.2, 0.8)) if len(inspect.signature(make).parameters) == 2 else make(rng)
    assert isinstance(material, Material)
    return material


@pytest.mark.parametrize("name", materials.__all__)
def test_a_material_reflects_no_more_than_all_and_no_less_than_nothing(name: str) -> None:
    for seed in range(12):
        albedo = draw(name, seed).albedo
        assert albedo.shape[2] == 3 and max(albedo.shape) <= 256
        assert np.isfinite(albedo).all() and albedo.min() >= 0 and albedo.max() <= 1


@pytest.mark.parametrize("name", materials.__all__)
def test_the_same_generator_draws_the_same_and_another_draws_another(name: str) -> None:
    assert np.array_equal(draw(name, 3).albedo, draw(name, 3).albedo)
    colours = np.array([draw(name, seed).mean for seed in range(8)])
    assert len(np.unique(colours.round(5), axis=0)) > 4


@pytest.mark.parametrize("name", ["view_outside", "lamp_panel"])
def test_windows_and_lamps_glow(name: str) -> None:
    assert draw(name, 1).glow > 0


def test_a_picture_covers_the_size_that_was_asked_for() -> None:
    for name in ("poster", "rug_weave", "view_outside"):
        assert draw(name, 5).tile == (1.2, 0.8)


def test_a_wall_has_no_seam_where_its_picture_repeats() -> None:
    for seed in range(6):
        albedo = draw("leather", seed).albedo
        inside = abs(np.diff(albedo, axis=1)).mean()
        assert abs(albedo[:, 0] - albedo[:, -1]).mean() <= 3 * inside


@pytest.mark.quick
def test_most_colours_of_plastic_are_not_neon() -> None:
    colours = np.array([draw("plastic", seed).mean for seed in range(200)])
    strong = (colours.max(axis=1) > 0.5) & (colours.min(axis=1) < 0.05)
    assert strong.mean() < 0.25
