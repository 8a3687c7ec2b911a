# SPDX-License-Identifier: Apache-2.0
"""Just as much of `launch` as shows what a launch file asks for, where no ROS has the real one."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock


class Entity:
    """An action or substitution: its name, and what it was given."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self.given, self.named = given, named


def described(file: Path) -> list[Entity]:
    """The entities of a launch file's description; a LaunchConfiguration is one of them."""
    modules = {}
    kinds: dict[str, type[Entity]] = {}
    for module, names in {
        "launch": ("LaunchDescription",),
        "launch.actions": ("DeclareLaunchArgument", "ExecuteProcess"),
        "launch.substitutions": ("LaunchConfiguration",),
        "launch_ros": (),
        "launch_ros.actions": ("Node",),
    }.items():
        modules[module] = ModuleType(module)
        for name in names:
            kinds[name] = type(name, (Entity,), {})
            setattr(modules[module], name, kinds[name])
    with mock.patch.dict(sys.modules, modules):
        description = runpy.run_path(str(file))["generate_launch_description"]()
    (entities,) = description.given
    return list(entities)


def nodes(entities: list[Entity], package: str) -> list[dict[str, Any]]:
    """The arguments that each node of a package was given."""
    all_nodes = [e.named for e in entities if type(e).__name__ == "Node"]
    return [named for named in all_nodes if named["package"] == package]


def arguments(entities: list[Entity]) -> dict[str, Any]:
    """Launch argument → its default, None where it has to be given."""
    declared = [e for e in entities if type(e).__name__ == "DeclareLaunchArgument"]
    return {e.given[0]: e.named.get("default_value") for e in declared}


def resolved(value: Any, entities: list[Entity]) -> Any:
    """A value, or the default of the launch argument that it stands for."""
    if type(value).__name__ == "LaunchConfiguration":
        return arguments(entities)[value.given[0]]
    return value
