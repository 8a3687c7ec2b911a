# SPDX-License-Identifier: Apache-2.0
"""Calls of a node's parameter services, as the command line makes them."""

from __future__ import annotations

from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.srv import GetParameterTypes, SetParameters
from rclpy.parameter import get_parameter_value


def load(graph, values: dict) -> dict:
    """Sets values in one call, as `ros2 param load` does; refusals by name."""
    messages = [
        ParameterMessage(name=name, value=get_parameter_value(str(value)))
        for name, value in values.items()
    ]
    request = SetParameters.Request(parameters=messages)
    results = graph.call(SetParameters, "/tips/set_parameters", request).results
    assert len(results) == len(values)
    pairs = zip(values, results, strict=True)
    return {name: result.reason for name, result in pairs if not result.successful}


def type_of(graph, name: str) -> int:
    request = GetParameterTypes.Request(names=[name])
    return graph.call(GetParameterTypes, "/tips/get_parameter_types", request).types[0]
