# SPDX-License-Identifier: Apache-2.0
"""The executable `tips_node`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.signals import SignalHandlerOptions

from tips_ros.process.freed_memory import keep_freed_memory
from tips_ros.ros.node import TipsNode
from tips_ros.ros.process import command_line
from tips_ros.ros.process.executor import NodeExecutor
from tips_ros.ros.process.log_folder import ensure_log_folder
from tips_ros.ros.process.middleware import use_asynchronous_publishing
from tips_ros.ros.process.native_logs import silence_picture_library
from tips_ros.ros.process.parameter_files import for_others
from tips_ros.ros.process.remappings import find_misspelt
from tips_ros.ros.process.signals import EndOnSignal, end_now
from tips_ros.ros.topics.names import INPUTS, input_topic

# Of the time that a signal leaves: for callbacks, and for the frames at hand.
_CALLBACKS_S, _FRAMES_S = 0.7, 0.6


def main(args: Sequence[str] | None = None) -> int:
    """Spins the node until it is interrupted; 0 after SIGINT or SIGTERM, 1 for a bad parameter or
    argument.
    """
    given = list(sys.argv[1:] if args is None else args[1:])
    if command_line.asks_for_help(given):
        print(command_line.help_text(), end="")
        return 0
    use_asynchronous_publishing()
    keep_freed_memory()
    silence_picture_library()
    ensure_log_folder()
    # Our own handlers: rclpy's end the context at once, and the frame at hand could not be
    # published.
    try:
        command_line.check(given)
        rclpy.init(args=["tips_node", *given], signal_handler_options=SignalHandlerOptions.NO)
    except (ValueError, RuntimeError) as error:
        print(f"tips_node: {command_line.shorten_complaint(error)}", file=sys.stderr)
        return 1
    executor = NodeExecutor()
    nodes: list[TipsNode] = []  # none until it is made

    def end() -> None:
        for node in nodes:
            node.prepare_to_end()
        executor.stop()

    with EndOnSignal(end, may_take_longer=lambda: any(node.loading for node in nodes)):
        try:
            nodes.append(TipsNode())
        except (ValueError, RuntimeError, ParameterException) as error:
            print(f"tips_node: {command_line.shorten_complaint(error)}", file=sys.stderr)
            executor.shutdown()
            rclpy.try_shutdown()
            return 1
        (node,) = nodes
        _tell_of_nothing(node, given)
        executor.add_node(node)
        executor.spin()
        _end(executor, node)
    return 0


def run(args: Sequence[str] | None = None) -> NoReturn:
    """Ends the process with the status of `main`.

    Python would take seconds more, longer than all else at the end, to take its modules apart.
    """
    status = main(args)
    end_now(status)


def _tell_of_nothing(node: TipsNode, given: Sequence[str]) -> None:
    """Warns of what a command line names in vain: ROS says nothing of it."""
    whose, logger = node.get_fully_qualified_name(), node.get_logger()
    if files := for_others(command_line.parameter_files(given), whose):
        # rclpy's own logger fills in nothing.
        logger.warning(f"nothing for {whose} or /** in {', '.join(files)}")  # noqa: G004
    inputs = [input_topic(camera, name) for camera in node.cameras for name in INPUTS]
    for said in find_misspelt(given, inputs):
        logger.warning(said)


def _end(executor: NodeExecutor, node: TipsNode) -> None:
    """Ends callbacks and frames, as far as they end soon; a load is waited for."""
    in_order = executor.finish(_CALLBACKS_S)
    while node.loading and not in_order:
        in_order = executor.finish(_CALLBACKS_S)
    in_order &= node.stop(_FRAMES_S)
    node.destroy_node()
    if in_order:
        executor.shutdown()
    rclpy.try_shutdown()
    if not in_order:
        end_now(0)  # a thread is still at work, and Python would wait for it


if __name__ == "__main__":
    run()
