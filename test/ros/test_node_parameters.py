# SPDX-License-Identifier: Apache-2.0
"""Parameters of the running node: set as a whole, read as one, taken as they are meant."""

from __future__ import annotations

import math
import sys
import threading
import time

import pytest
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterType, ParameterValue
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.parameter import Parameter, get_parameter_value

from tips_ros.ros.parameters import values as parameters
from tips_ros.ros.parameters.table import PARAMETERS

from .live_graph import PATIENCE_S
from .parameter_calls import load, type_of

DOUBLES, TEXTS = ParameterType.PARAMETER_DOUBLE_ARRAY, ParameterType.PARAMETER_STRING_ARRAY
MIN, MAX = "points.min_range_m", "points.max_range_m"


@pytest.fixture
def idle(graph_with):
    """A node that is not configured."""
    return graph_with(autostart=False)


class TestAtOnce:
    @pytest.fixture
    def interrupted(self):
        """Threads take turns in the midst of everything."""
        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        yield
        sys.setswitchinterval(before)

    @pytest.mark.parametrize("_round", range(6))
    def test_what_is_set_together_is_read_together_whoever_sets(self, idle, interrupted, _round):
        """Four threads set pairs and a camera's options are read as fast as it goes."""
        node, stop, torn, seen = idle.node, threading.Event(), [], set()

        def pair(k: float) -> list[Parameter]:
            names = (MIN, MAX, "points.edge_jump")
            return [Parameter(n, value=v) for n, v in zip(names, (k, k + 1, k / 1000), strict=True)]

        def storm(first: int) -> None:
            k = first
            while not stop.is_set():
                assert node.set_parameters_atomically(pair(float(k % 900 + 1))).successful
                k += 7

        assert node.set_parameters_atomically(pair(1.0)).successful
        threads = [threading.Thread(target=storm, args=(200 * i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        enough = time.monotonic() + 0.6
        late = enough + PATIENCE_S  # of a machine that does something else for a while
        while time.monotonic() < (enough if len(seen) > 3 else late):
            options = parameters.output_options(node)
            k = options.points_min_range_m
            seen.add(k)
            if (options.points_max_range_m, options.points_edge_jump) != (k + 1, k / 1000):
                torn.append(options)
            now = parameters.snapshot(node)
            if now.value(MAX) != now.value(MIN) + 1:
                torn.append(now)
        stop.set()
        for thread in threads:
            thread.join()
        assert len(seen) > 3
        assert not torn
        last = node.get_parameter(MIN).value
        assert node.get_parameter(MAX).value == last + 1
        assert parameters.value(node, MIN) == last

    def test_a_client_that_reads_several_reads_them_of_one_moment(self, idle, interrupted):
        stop = threading.Event()

        def storm() -> None:
            k = 1.0
            while not stop.is_set():
                pair = [Parameter(MIN, value=k), Parameter(MAX, value=k + 1)]
                assert idle.node.set_parameters_atomically(pair).successful
                k = k % 900 + 1

        pair = [Parameter(MIN, value=1.0), Parameter(MAX, value=2.0)]
        assert idle.node.set_parameters_atomically(pair).successful
        thread = threading.Thread(target=storm)
        thread.start()
        request = GetParameters.Request(names=[MIN, MAX])
        read = [idle.call(GetParameters, "/tips/get_parameters", request) for _ in range(30)]
        stop.set()
        thread.join()
        pairs = [[value.double_value for value in answer.values] for answer in read]
        assert len({nearest for nearest, _ in pairs}) > 3
        assert all(farthest == nearest + 1 for nearest, farthest in pairs)

    def test_a_snapshot_stays_what_it_was(self, idle):
        before = parameters.snapshot(idle.node)
        assert idle.set_parameter("points.stride", 3).successful
        assert (before.value("points.stride"), before.output_options().points_stride) == (1, 1)
        assert parameters.value(idle.node, "points.stride") == 3
        parameters.value(idle.node, "points.exclude").append("door")
        assert parameters.value(idle.node, "points.exclude") == []

    def test_of_several_that_are_set_atomically_one_that_is_refused_leaves_all(self, idle):
        messages = [
            Parameter("points.stride", value=5).to_parameter_msg(),
            Parameter("output_scale", value=7.0).to_parameter_msg(),
        ]
        request = SetParametersAtomically.Request(parameters=messages)
        answer = idle.call(SetParametersAtomically, "/tips/set_parameters_atomically", request)
        assert "output_scale" in answer.result.reason
        assert not answer.result.successful
        assert idle.parameter("points.stride") == 1
        assert parameters.value(idle.node, "points.stride") == 1


class TestOrder:
    @pytest.mark.parametrize("names", [(MIN, MAX), (MAX, MIN)])
    def test_two_files_that_are_each_consistent_are_loaded_one_after_the_other(self, idle, names):
        for low, high in ((0.5, 5), (6, 10), (0.1, 0.4), (20, 0)):
            wanted = {MIN: low, MAX: high}
            assert load(idle, {name: wanted[name] for name in names}) == {}
            assert (idle.parameter(MIN), idle.parameter(MAX)) == (low, high)

    def test_what_is_refused_in_a_file_does_not_hold_up_the_rest(self, idle):
        load(idle, {MIN: 1, MAX: 5})
        refused = load(
            idle,
            {"autostart": False, MIN: 6, "output_scale": 9, MAX: 10, "points.stride": 2, "no": 1},
        )
        assert set(refused) == {"autostart", "output_scale", "no"}
        assert (idle.parameter(MIN), idle.parameter(MAX)) == (6.0, 10.0)
        assert idle.parameter("points.stride") == 2

    def test_an_inconsistent_pair_is_refused_whatever_its_order(self, idle):
        assert MIN in load(idle, {MAX: 3, MIN: 7})[MIN]
        assert not load(idle, {MIN: 1, MAX: 3})
        assert MAX in load(idle, {MIN: 3})[MIN]
        assert (idle.parameter(MIN), idle.parameter(MAX)) == (1.0, 3.0)

    def test_prompts_with_a_threshold_each_replace_others_of_another_number(self, graph):
        """Neither would fit what the other was before."""
        for words, numbers in ((["a", "b"], [0.1, 0.2]), (["c", "d", "e"], [0.3, 0.1, 0.2])):
            wanted = {"prompt_thresholds": numbers, "prompts": words, "autostart": True}
            assert set(load(graph, wanted)) == {"autostart"}
            assert graph.parameter("prompts") == words
            assert list(graph.vocabulary.classes.values()) == words


class TestWhatIsMeant:
    @pytest.mark.parametrize(
        ("name", "text", "value", "type_"),
        [
            ("max_age_s", "5", 5.0, ParameterType.PARAMETER_DOUBLE),
            ("rotation_deg", "90.0", 90, ParameterType.PARAMETER_INTEGER),
            ("points.roi", "[0, 0, 1, 1]", [0.0, 0.0, 1.0, 1.0], DOUBLES),
            ("extrinsics.xyz", "[0.1, 0, 1]", [0.1, 0.0, 1.0], DOUBLES),
            ("points.exclude", "[]", [], TEXTS),
            ("points.exclude", "['']", [], TEXTS),
            ("prompt_thresholds", "[]", [], DOUBLES),
            ("prompt_thresholds", "[1]", [1.0], DOUBLES),
        ],
    )
    def test_as_the_command_line_sends_it(self, idle, name, text, value, type_):
        message = ParameterMessage(name=name, value=get_parameter_value(text))
        for service, request in (
            (SetParameters, SetParameters.Request(parameters=[message])),
            (SetParametersAtomically, SetParametersAtomically.Request(parameters=[message])),
        ):
            path = "/tips/set_parameters" + "_atomically" * (service is SetParametersAtomically)
            answer = idle.call(service, path, request)
            result = answer.result if hasattr(answer, "result") else answer.results[0]
            assert result.successful, result.reason
        assert idle.parameter(name) == value
        assert type_of(idle, name) == type_
        request = DescribeParameters.Request(names=[name])
        answer = idle.call(DescribeParameters, "/tips/describe_parameters", request)
        (described,) = answer.descriptors
        assert (described.type, described.dynamic_typing) == (type_, False)

    def test_each_begins_with_its_declared_type(self, idle):
        names = [declared.name for declared in PARAMETERS]
        request = GetParameterTypes.Request(names=names)
        types = idle.call(GetParameterTypes, "/tips/get_parameter_types", request).types
        assert list(types) == [declared.type_id for declared in PARAMETERS]

    @pytest.mark.parametrize("value", [True, "5", math.nan, -math.inf, [5.0], None])
    def test_what_no_double_is_stays_refused(self, idle, value):
        result = idle.set_parameter("max_age_s", value)
        assert not result.successful
        assert "max_age_s must be" in result.reason

    def test_a_misspelt_name_is_answered_with_the_right_one(self, idle):
        result = idle.set_parameter("points.max_range", 5.0)
        assert not result.successful
        assert "points.max_range_m perhaps" in result.reason

    @pytest.mark.parametrize("type_", [10, 77, 255])
    def test_a_type_that_ros_does_not_have_is_answered_and_the_node_goes_on(self, idle, type_):
        message = ParameterMessage(name="max_age_s", value=ParameterValue(type=type_))
        request = SetParameters.Request(parameters=[message])
        (result,) = idle.call(SetParameters, "/tips/set_parameters", request).results
        assert not result.successful
        request = SetParametersAtomically.Request(parameters=[message])
        assert not idle.call(
            SetParametersAtomically, "/tips/set_parameters_atomically", request
        ).result.successful
        assert idle.set_parameter("max_age_s", 1).successful

    def test_an_unforeseen_error_in_a_check_is_the_answer_and_not_the_end(self, idle):
        def broken(_: list) -> None:
            raise KeyError("oops")

        idle.node.add_on_set_parameters_callback(broken)
        result = idle.set_parameter("max_age_s", 1)
        assert not result.successful
        assert "oops" in result.reason
        assert idle.parameter("max_age_s") == 0.0

    def test_what_takes_effect_later_says_so_to_whoever_sets_it(self, idle):
        result = idle.set_parameter("device", "cpu")
        assert result.successful
        assert "device: after deactivate, cleanup, configure and activate" in result.reason
        assert idle.set_parameter("device", "cpu").reason == ""


def test_names_are_listed_while_topics_and_their_parameters_come_and_go(idle):
    stop = threading.Event()

    def churn() -> None:
        k = 0
        while not stop.is_set():
            idle.node.declare_parameter(f"x{k % 50}", k)
            idle.node.undeclare_parameter(f"x{k % 50}")
            k += 1

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(30):
            answer = idle.call(ListParameters, "/tips/list_parameters", ListParameters.Request())
            assert {p.name for p in PARAMETERS} <= set(answer.result.names)
    finally:
        stop.set()
        thread.join()
