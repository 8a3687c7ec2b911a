# SPDX-License-Identifier: Apache-2.0
"""A fit finds the numbers that the errors were made with, and covers them as it says."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.deviation.fitting import DeviationFit, TooLittle
from tips_ros.perception.deviation.model import ALONE, TOGETHER, deviation_model

SIZE = (100, 200)


def cues(names: tuple[str, ...], seed: int = 2) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    found = {name: rng.standard_normal(SIZE).astype(np.float32) for name in names}
    return found | {"constant": np.ones(SIZE, np.float32)}


def fit_to(truth: dict[str, float], names: tuple[str, ...], images: int = 4) -> DeviationFit:
    """Of depths whose ln is off by a Laplace error with such a scale."""
    fit = DeviationFit(20_000)
    for seed in range(images):
        seen, rng = cues(names, seed), np.random.default_rng(100 + seed)
        scale = np.exp(sum(value * seen[name] for name, value in truth.items()))
        predicted = np.full(SIZE, 2.0, np.float32)
        measured = (2.0 * np.exp(rng.laplace(0, scale))).astype(np.float32)
        fit.add(seen, predicted, measured, np.ones(SIZE, np.bool_))
    return fit


def test_the_coefficients_are_those_that_the_errors_were_made_with():
    true = {"constant": -2.5, "activation": -0.4, "slope": 0.8, "facing": 0.3}
    model = fit_to(true, TOGETHER).fit("made")
    for name in TOGETHER[1:]:
        assert model.together[name] == pytest.approx(true.get(name, 0.0), abs=0.02), name
    assert model.is_calibrated and set(model.alone) == set(ALONE)


def test_a_head_whose_spread_is_its_error_is_believed():
    true = {"constant": -2.5, "spread": 1.0, "spread_spread": 0.1}
    for names in (ALONE, TOGETHER):
        model = fit_to(true, names).fit("made")
        for found in (model.alone, model.together):
            assert found["spread"] == pytest.approx(1.0, abs=0.02)
            assert found["spread_spread"] == pytest.approx(0.1, abs=0.02)


def test_descriptions_of_before_there_was_a_spread_are_read_as_they_were():
    before = tuple(name for name in TOGETHER if "spread" not in name)
    numbers = dict.fromkeys(before, 0.5)
    written = {"fitted_on": "rooms", "alone": {"constant": -2.0}, "together": numbers}
    assert deviation_model(written).as_dict() == written


def test_a_deviation_covers_about_as_much_as_it_says():
    model = fit_to({"constant": -2.0}, ALONE).fit("made")
    rng = np.random.default_rng(5)
    off = np.abs(np.exp(rng.laplace(0, np.exp(-2.0), 100_000)) - 1.0)
    sigma = np.exp(model.alone["constant"])
    assert np.mean(off < sigma) == pytest.approx(0.70, abs=0.04)
    assert np.mean(off < 2 * sigma) == pytest.approx(0.92, abs=0.04)


def test_without_other_heads_both_sets_are_the_depth_heads():
    model = fit_to({"constant": -2.0, "slope": 0.5}, ALONE).fit("made")
    assert model.together == model.alone


def test_too_few_pixels_are_told_of():
    fit = DeviationFit()
    with pytest.raises(TooLittle, match="0 pixels"):
        fit.fit("nothing")
    few = np.zeros(SIZE, np.bool_)
    few[0, :30] = True
    fit.add(cues(ALONE), np.ones(SIZE, np.float32), np.ones(SIZE, np.float32), few)
    with pytest.raises(TooLittle, match="30 pixels"):
        fit.fit("little")


def test_what_is_written_is_what_is_read():
    model = fit_to({"constant": -2.0}, TOGETHER).fit("made of numbers")
    again = deviation_model(model.as_dict())
    assert again.fitted_on == "made of numbers"
    assert again.together == pytest.approx(dict(model.together), abs=1e-5)


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"fitted_on": "", "alone": {}, "together": {}},
        {"fitted_on": "x", "alone": {"facing": 1.0}, "together": {}},  # no cue of the depth head
        {"fitted_on": "x", "alone": {"depth": "far"}, "together": {}},
        {"fitted_on": "x", "alone": {"depth": True}, "together": {}},
        {"fitted_on": "x", "alone": {"depth": float("nan")}, "together": {}},
        {"fitted_on": "x\ny", "alone": {}, "together": {}},
    ],
)
def test_what_is_no_deviation_model_is_refused(value: object):
    with pytest.raises(ValueError):
        deviation_model(value)
