# SPDX-License-Identifier: Apache-2.0
"""Parameters of one camera of several, beside those of the plain name."""

from __future__ import annotations

import pytest
from rcl_interfaces.msg import ParameterType

from tips_ros.ros.parameters import values as parameters

from .parameter_calls import load, type_of

DOUBLES = ParameterType.PARAMETER_DOUBLE_ARRAY


@pytest.fixture
def two(graph_with):
    """One for two cameras; `front` has a rotation of its own."""
    return graph_with(
        **{"cameras": ["front", "rear"], "front.rotation_deg": 90}, autostart=False
    )


class TestCameras:
    def turns(self, graph) -> list[int]:
        read = [parameters.value(graph.node, "rotation_deg", c) for c in ("front", "rear")]
        assert read == [graph.parameter(f"{c}.rotation_deg") for c in ("front", "rear")]
        return read

    def test_the_plain_name_is_for_those_that_were_given_nothing(self, two):
        assert self.turns(two) == [90, 0]
        result = two.set_parameter("rotation_deg", 180)
        assert result.successful
        assert result.reason == "front.rotation_deg stays as it was set"
        assert self.turns(two) == [90, 180]

    def test_what_was_set_for_a_camera_while_it_runs_stays_too(self, two):
        assert two.set_parameter("rear.rotation_deg", 270).successful
        result = two.set_parameter("rotation_deg", 180)
        assert self.turns(two) == [90, 270]
        assert "set front.rotation_deg, rear.rotation_deg" in result.reason

    def test_both_in_one_call_mean_what_each_says(self, two):
        assert not load(two, {"rotation_deg": 180, "front.rotation_deg": 0})
        assert self.turns(two) == [0, 180]

    def test_a_value_that_is_refused_reaches_no_camera(self, two):
        assert not two.set_parameter("rotation_deg", 45).successful
        assert self.turns(two) == [90, 0]

    def test_lists_follow_too(self, two):
        assert two.set_parameter("points.roi", [0, 0, 1, 1]).successful
        assert parameters.output_options(two.node, "rear").points_roi == [0.0, 0.0, 1.0, 1.0]
        assert type_of(two, "rear.points.roi") == DOUBLES

    @pytest.mark.parametrize("name", ["left.rotation_deg", "front.output_scale"])
    def test_a_camera_or_a_parameter_that_is_not_there_is_told(self, two, name):
        assert f"no parameter {name}" in two.set_parameter(name, 90).reason
