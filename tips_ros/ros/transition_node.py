# SPDX-License-Identifier: Apache-2.0
"""A node whose transitions fail in one line, and that begins nothing once it is about to end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from tips_ros.ros.parameters.node import ParameterNode
from tips_ros.ros.topics.guarded_node import describe

logger = logging.getLogger(__name__)

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
# What configuring and activating may raise on bad input; anything else is told with its traceback.
_FORESEEN = (ValueError, OSError, RuntimeError)


class TransitionNode(ParameterNode):
    """Takes the steps of its transitions one by one.

    Attributes:
        failure: reason of the last transition that failed; empty after one that did not.
        ending: whether a signal has come, after which nothing is activated any more.
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        self.failure = ""
        self.ending = False
        super().__init__(name, **kwargs)

    def take_step(
        self,
        done: str,
        do: Callable[[], None],
        then: Callable[[LifecycleState], TransitionCallbackReturn],
        state: LifecycleState,
    ) -> TransitionCallbackReturn:
        """Takes a step of a transition; FAILURE, told in log and diagnostics, where it raises.

        Args:
            done: the step in one word, as it is told.
            do: the step.
            then: what ends the transition, after the step.
            state: that the node is in.
        """
        try:
            if self.ending:
                raise RuntimeError("the node is shutting down")
            do()
        except Exception as error:
            foreseen = isinstance(error, _FORESEEN)
            self.failure = str(error) if foreseen else describe(error)
            logger.error("not %s: %s", done, self.failure, exc_info=None if foreseen else error)
            return FAILURE
        self.failure = ""
        return then(state)
