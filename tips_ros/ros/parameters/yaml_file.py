# SPDX-License-Identifier: Apache-2.0
"""All parameters at their defaults, as a file for ROS.

`python -m tips_ros.ros.parameters.yaml_file config/tips.yaml` writes it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby

from tips_ros.ros.parameters.declaration import Declared
from tips_ros.ros.parameters.docs import write
from tips_ros.ros.parameters.table import PARAMETERS

HEAD = """\
# SPDX-License-Identifier: Apache-2.0
# Parameters of the node `tips`: all of them, at their defaults. Copy this file, keep what you
# change, and start with `ros2 launch tips_ros tips.launch.py params_file:=<your copy>`.
# Written by `python -m tips_ros.ros.parameters.yaml_file config/tips.yaml`.
#
# Under each description: [unit], range or choices, default, and when a change takes effect:
#   at once       the next frame: `ros2 param set /tips points.stride 2`
#   at configure  set it, then `ros2 lifecycle set /tips` deactivate, cleanup, configure, activate
#   at start      only here or in the launch

/**:  # Any node that is given this file, whatever its name and namespace.
  ros__parameters:
"""

TAIL = """\
    # Quality of service of a topic. Its name is the one after remapping, as `ros2 node info /tips`
    # shows it; history, depth, reliability and durability can be set. The inputs are best effort
    # with depth 5, which every camera driver matches. The outputs are reliable with depth 5. At
    # start.
    #
    # qos_overrides:
    #   /camera/color/image_raw:
    #     subscription:
    #       reliability: reliable
    #       depth: 2
    #   /tips/points:
    #     publisher:
    #       reliability: best_effort
"""
_WIDTH = 100


def document() -> str:
    """The whole file."""
    return HEAD + "\n".join(_blocks()) + "\n" + TAIL


def _blocks() -> Iterator[str]:
    """Parameters whose names begin alike stand below one key."""
    for group, members in groupby(PARAMETERS, lambda p: p.name.rpartition(".")[0]):
        if not group:
            yield from (_entry(declared, 4) for declared in members)
        else:
            yield f"    {group}:\n" + "\n".join(_entry(declared, 6) for declared in members)


def _entry(declared: Declared, indent: int) -> str:
    comment = " " * indent + "# "
    lines = [
        line
        for part in (declared.description, _summary(declared))
        for line in textwrap.wrap(
            part,
            _WIDTH,
            initial_indent=comment,
            subsequent_indent=comment,
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]
    lines.append(f"{' ' * indent}{declared.name.rpartition('.')[2]}: {declared.default_text}")
    return "\n".join(lines) + "\n"


def _summary(declared: Declared) -> str:
    what = ""
    if declared.choices:
        *most, last = declared.choices
        what = f"{', '.join(map(str, most))} or {last}. "
    elif isinstance(declared.default, bool):
        what = "true or false. "
    elif declared.range_text:
        what = f"{declared.range_text}. "
    unit = f"[{declared.unit}] " if declared.unit else ""
    return f"{unit}{what}Default {declared.default_text}. {declared.applies.capitalize()}."


if __name__ == "__main__":
    write(document(), __doc__)
