# SPDX-License-Identifier: Apache-2.0
"""Command lines in the form in which the user can type them: as this process was started.

`./run exec` and `./run demo` start programs that are on nobody's PATH outside, and say so in an
environment variable.
"""

from __future__ import annotations

import os

_CALLED_AS = "TIPS_ROS_CALLED_AS"  # what goes before a program's name, as "./run exec"


def as_typed(command: str) -> str:
    """Returns the command line of one of our programs as it is to be typed here.

    Args:
        command: as in a shell that finds our programs, such as `tips_ros doctor`.
    """
    called_as = os.environ.get(_CALLED_AS, "")
    return f"{called_as} {command}" if called_as else command


def command_name() -> str:
    """Returns what `tips_ros` itself is typed as."""
    return as_typed("tips_ros")
