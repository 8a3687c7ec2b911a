# SPDX-License-Identifier: Apache-2.0
"""Values as people and tools write them become what the parameter is, or are refused by name."""

from __future__ import annotations

import array
import math

import pytest
from rclpy.parameter import Parameter

from tips_ros.ros.parameters.checks import check_value
from tips_ros.ros.parameters.table import PARAMETERS, entry_of
from tips_ros.ros.parameters.types import as_declared

TYPE = Parameter.Type


def taken(name: str, value):
    parameter = as_declared(entry_of(name), name, value)
    check_value(entry_of(name), name, parameter.value)
    return parameter


@pytest.mark.parametrize(
    ("name", "value", "meant", "type_"),
    [
        ("max_age_s", 5, 5.0, TYPE.DOUBLE),
        ("temporal.mode", False, "off", TYPE.STRING),  # YAML's reading of the word
        ("front.temporal.mode", "off", "off", TYPE.STRING),
        ("max_age_s", 2**31 - 1 >> 2, 536870911.0, TYPE.DOUBLE),
        ("front.depth.fixed_scale", 2, 2.0, TYPE.DOUBLE),
        ("rotation_deg", 90.0, 90, TYPE.INTEGER),
        ("points.roi", [0, 0, 1, 1], [0.0, 0.0, 1.0, 1.0], TYPE.DOUBLE_ARRAY),
        ("points.roi", array.array("q", [0, 0, 1, 1]), [0.0, 0.0, 1.0, 1.0], TYPE.DOUBLE_ARRAY),
        ("extrinsics.xyz", [0.15, 0, 0.42], [0.15, 0.0, 0.42], TYPE.DOUBLE_ARRAY),
        # As `ros2 param set` sends a list of both.
        ("extrinsics.xyz", "[0.15, 0, 0.42]", [0.15, 0.0, 0.42], TYPE.DOUBLE_ARRAY),
        # As SetParameter of launch_ros does.
        ("extrinsics.xyz", "(0.15, 0, 0.42)", [0.15, 0.0, 0.42], TYPE.DOUBLE_ARRAY),
        ("prompts", "('door', 'cup | mug')", ["door", "cup | mug"], TYPE.STRING_ARRAY),
        ("prompts", "('door',)", ["door"], TYPE.STRING_ARRAY),
        ("prompts", "()", [], TYPE.STRING_ARRAY),
        ("prompts", "['door']", ["door"], TYPE.STRING_ARRAY),
        ("extrinsics.xyz", [], [], TYPE.DOUBLE_ARRAY),
        ("extrinsics.xyz", None, [], TYPE.DOUBLE_ARRAY),
        ("points.exclude", [""], [], TYPE.STRING_ARRAY),
        ("points.exclude", None, [], TYPE.STRING_ARRAY),
        ("points.exclude", ["5"], ["5"], TYPE.STRING_ARRAY),
    ],
)
def test_a_value_of_another_type_that_says_the_same_is_taken(name, value, meant, type_):
    parameter = taken(name, value)
    assert parameter.value == meant
    assert parameter.type_ == type_


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("max_age_s", True, "a number"),
        ("max_age_s", "5", "a number, not the text '5'"),
        ("max_age_s", math.nan, "0.0 or more"),
        ("max_age_s", math.inf, "0 is no limit"),
        ("max_age_s", 2**62, "0.0 or more"),
        ("output_scale", -math.inf, "0.01 to 1.0"),
        ("rotation_deg", 90.5, "a whole number"),
        ("rotation_deg", True, "a whole number"),
        ("rotation_deg", math.nan, "a whole number"),
        ("points.stride", math.inf, "a whole number"),
        ("points.stride", 1e300, "a whole number"),
        ("points.stride", 2**40, "1 to 64"),
        ("autostart", "true", "not the text 'true'"),
        ("autostart", 1, "true or false"),
        ("model", 7, "a text"),
        ("model", None, "not nothing"),
        ("precision", "fp8", "choose one of"),
        ("prompts", "door", "a list of texts, as in ['door', 'cup'], not the text 'door'"),
        ("prompts", [True], "a list of texts"),
        ("prompts", ["door", 3], "a list of texts"),
        ("prompts", [b"x"], "a list of texts"),
        ("prompts", "(door, cup)", "a list of texts"),
        ("prompts", "('door')", "a list of texts"),
        ("prompts", "[door, 3]", "a list of texts"),
        ("prompts", "a: b: c", "a list of texts"),
        ("points.roi", [True, False], "a list of numbers"),
        ("points.roi", "door", "a list of numbers"),
        ("points.roi", "[0.1, door]", "a list of numbers"),
        ("points.roi", "[0.1, ", "a list of numbers"),
        ("points.roi", [0.0, 0.0, math.nan, 1.0], "fractions of the picture"),
        ("extrinsics.xyz", [0.0, math.inf, 0.0], "three finite numbers"),
    ],
)
def test_what_it_can_t_stand_for_is_refused_by_name_and_with_what_to_write(name, value, reason):
    with pytest.raises(ValueError, match=name) as refused:
        taken(name, value)
    assert reason in str(refused.value)


def test_a_limit_that_went_through_a_float32_is_still_within():
    assert taken("output_scale", 0.009999999776482582).value < 0.01


@pytest.mark.parametrize("declared", PARAMETERS, ids=lambda p: p.name)
def test_each_number_has_a_range_or_choices_so_that_nan_and_the_infinite_are_refused(declared):
    if type(declared.default) in (int, float):
        assert declared.choices or None not in (declared.low, declared.high)


@pytest.mark.parametrize("declared", PARAMETERS, ids=lambda p: p.name)
def test_each_description_ends_with_when_a_change_takes_effect(declared):
    ends = (
        "Takes effect at once.",
        "Takes effect at the next configure.",
        "Can be set at start only.",
    )
    assert declared.descriptor().description.endswith(ends)
