# SPDX-License-Identifier: Apache-2.0
"""Remappings of a command line: what ROS refuses in words of its own, or takes for nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence

_LEVEL = r"[A-Za-z_]\w*"
_NAME = re.compile(rf"~?/?{_LEVEL}(?:/{_LEVEL})*|~", re.ASCII)
_NAMESPACE = re.compile(rf"/|(?:/{_LEVEL})+", re.ASCII)
_LEVELS = "its levels are letters, digits and single underscores, and begin with a letter"


def check_remappings(arguments: Sequence[str]) -> None:
    """Looks at `-r FROM:=TO` before ROS does.

    Raises:
        ValueError: not of that form, or a name that ROS would refuse.
    """
    for option, value in _remappings(arguments):
        left, sign, to = value.partition(":=")
        if not left or not sign or not to:
            raise ValueError(
                f"{option} {value}: write FROM:=TO, as in -r image:=/camera/color/image_raw"
            )
        said = f"{option} {value}"
        source = left.rpartition(":")[2]  # what is before it is the node that is meant
        if source == "__ns":
            if not _NAMESPACE.fullmatch(to) or "__" in to:
                raise ValueError(f"{said}: {_of_namespace(to)}")
        elif source in ("__node", "__name"):
            if not re.fullmatch(_LEVEL, to, re.ASCII):
                raise ValueError(f"{said}: a node's name has letters, digits and underscores only")
        elif "{" not in to and not (_NAME.fullmatch(to) and "__" not in to):
            raise ValueError(f"{said}: {to!r} is no name of a topic: {_LEVELS}")


def _of_namespace(wrong: str) -> str:
    right = "/" + "/".join(filter(None, wrong.split("/")))
    if _NAMESPACE.fullmatch(right) and "__" not in right:
        return f"a namespace begins with / and does not end with it; write __ns:={right}"
    return f"a namespace begins with /, {_LEVELS}, as in __ns:=/robot1"


def find_misspelt(arguments: Sequence[str], known: Collection[str]) -> list[str]:
    """The remappings of what is almost a topic, each with the one it may be, in words.

    ROS takes a remapping of any name, and never says that nothing is called so.

    Args:
        known: the topics by their names before remapping.
    """
    found = []
    for option, value in _remappings(arguments):
        source = value.partition(":=")[0].rpartition(":")[2].removeprefix("/")
        if source in known or source.startswith("__"):
            continue
        if near := difflib.get_close_matches(source, known, n=1, cutoff=0.75):
            found.append(f"{option} {value}: there is no topic {source}; {near[0]} perhaps")
        elif any(name.endswith(f"/{source}") for name in known):
            those = " or ".join(sorted(n for n in known if n.endswith(f"/{source}")))
            found.append(f"{option} {value}: there is no topic {source}; {those} perhaps")
    return found


def _remappings(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Options and values between --ros-args and the -- that ends them."""
    for_ros = False
    for argument, value in zip(arguments, [*arguments[1:], ""], strict=False):
        if argument == ("--" if for_ros else "--ros-args"):
            for_ros = not for_ros
        elif for_ros and argument in ("-r", "--remap"):
            yield argument, value
