# SPDX-License-Identifier: Apache-2.0
"""launch/tips.launch.py as it is read, and its processes as it starts them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import psutil
import yaml

SOURCE = Path(__file__).resolve().parents[2]


PROFILE = SOURCE / "config" / "fastdds.xml"


FILE = SOURCE / "launch" / "tips.launch.py"


TREE = ast.parse(FILE.read_text(encoding="utf-8"))


NO_LAUNCH = "needs launch_ros and ros2launch, which a ROS installation brings"


def plain_part() -> dict[str, Any]:
    """The file's names that need no `launch`: its literal constants."""
    kept = []
    for node in TREE.body:
        if isinstance(node, ast.Assign):
            try:
                ast.literal_eval(node.value)
            except ValueError:
                continue
            kept.append(node)
    names: dict[str, Any] = {}
    exec(compile(ast.Module(kept, type_ignores=[]), str(FILE), "exec"), names)
    return names


PLAIN = plain_part()


def arguments() -> dict[str, dict[str, Any]]:
    """The keywords of each DeclareLaunchArgument by its name; None for what is no constant."""
    found = {}
    for node in ast.walk(TREE):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "DeclareLaunchArgument":
            keywords = {}
            for keyword in node.keywords:
                try:
                    keywords[keyword.arg] = eval(ast.unparse(keyword.value), dict(PLAIN))
                except NameError:
                    keywords[keyword.arg] = None
            found[ast.literal_eval(node.args[0])] = keywords
    return found


ARGUMENTS = arguments()


def started(**given: str) -> list[list[str]]:
    """The command lines of the processes that the launch file starts; they are ended at once."""
    return [command for command, _ in processes(**given)]


def parameters_of(node: list[str]) -> dict[str, Any]:
    """Content of the last parameter file on a node's command line."""
    last = node[len(node) - 1 - node[::-1].index("--params-file") + 1]
    (values,) = yaml.safe_load(Path(last).read_text(encoding="utf-8")).values()
    parameters: dict[str, Any] = values["ros__parameters"]
    return parameters


def remappings_of(node: list[str]) -> list[str]:
    """Remappings of a command line besides the node's own name."""
    return [to for r, to in zip(node, node[1:], strict=False) if r == "-r" and to[:2] != "__"]


def processes(*before: Any, **given: str) -> list[tuple[list[str], dict[str, str]]]:
    """Works as `started`, with the environment of each process.

    Args:
        before: what an including launch file does before.
        given: the arguments.
    """
    from launch import LaunchDescription, LaunchService
    from launch.actions import EmitEvent, IncludeLaunchDescription, RegisterEventHandler
    from launch.event_handlers import OnProcessStart
    from launch.events import Shutdown
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    found: list[tuple[list[str], dict[str, str]]] = []

    def on_start(event: Any, context: Any) -> Any:
        found.append((event.cmd, psutil.Process(event.pid).environ()))
        # The node comes last.
        return EmitEvent(event=Shutdown()) if "tips_node" in event.cmd[0] else None

    include = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(FILE)), launch_arguments=given.items()
    )
    service = LaunchService(noninteractive=True)
    service.include_launch_description(
        LaunchDescription(
            [RegisterEventHandler(OnProcessStart(on_start=on_start)), *before, include]
        )
    )
    service.run()
    return found
