# SPDX-License-Identifier: Apache-2.0
"""The parameters that name the classes: whoever sets them, the same check and the same change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from tips_ros.ros.parameters import values as parameters

PROMPTS, BACKGROUND = "prompts", "prompt_background"
THRESHOLDS, SLIDING_WINDOW = "prompt_thresholds", "prompt_sliding_window"
_NAMES = (PROMPTS, BACKGROUND, THRESHOLDS, SLIDING_WINDOW)


class PromptSettings(NamedTuple):
    """The four prompt parameters; without prompts: the model's own classes."""

    prompts: list[str]
    background: list[str]
    thresholds: list[float]
    sliding_window: bool


class PromptParameters:
    """Hands a change to whoever puts it in force, and refuses what can't be.

    Asked after every check of `ParameterNode`, so that what it has put in force nobody refuses any
    more.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        # Puts in force what is asked for; a ValueError, OSError or RuntimeError refuses it. None
        # while there is no model: configuring it then looks at the parameters.
        self.apply: Callable[[PromptSettings], object] | None = None
        node.add_on_set_parameters_callback(self._on_set)

    def read(self) -> PromptSettings:
        """Reads the settings from the parameters."""
        return self._settings_after([])

    def _settings_after(self, changes: Sequence[Parameter]) -> PromptSettings:
        new = {parameter.name: parameter.value for parameter in changes}
        asked = parameters.snapshot(self._node).with_values(new)
        return PromptSettings(*(asked.value(name) for name in _NAMES))

    def _on_set(self, changes: list[Parameter]) -> SetParametersResult:
        if self.apply is not None and any(change.name in _NAMES for change in changes):
            try:
                self.apply(self._settings_after(changes))
            except (ValueError, OSError, RuntimeError) as error:
                return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)


def requested_settings(
    node: Node, prompts: Sequence[str], background: Sequence[str], thresholds: Sequence[float]
) -> PromptSettings:
    """Reads the settings of a request; ValueError for an empty name."""
    if any(not prompt.strip() for prompt in prompts):
        # As a parameter `['']` is an empty list.
        raise ValueError("a prompt has an empty name; write `name`, or `name: word | word`")
    sliding: bool = parameters.value(node, SLIDING_WINDOW)
    return PromptSettings(list(prompts), list(background), _shortest_floats(thresholds), sliding)


def set_prompts(
    node: Node, prompts: Sequence[str], background: Sequence[str], thresholds: Sequence[float]
) -> SetParametersResult:
    """Sets the parameters together: all of them, or none and the reason."""
    kind = Parameter.Type
    return node.set_parameters_atomically(
        [
            Parameter(PROMPTS, kind.STRING_ARRAY, list(prompts)),
            Parameter(BACKGROUND, kind.STRING_ARRAY, list(background)),
            Parameter(THRESHOLDS, kind.DOUBLE_ARRAY, _shortest_floats(thresholds)),
        ]
    )


def _shortest_floats(thresholds: Sequence[float]) -> list[float]:
    """A float32 of a message as the number that was typed: 0.3, not 0.30000001192."""
    return [round(float(threshold), 6) for threshold in thresholds]
