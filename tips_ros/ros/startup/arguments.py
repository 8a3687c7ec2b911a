# SPDX-License-Identifier: Apache-2.0
"""Launch arguments as people type them → lists, numbers, topics and files.

Errors name the argument, what is wrong, and what to write, in one line.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from tips_ros.perception.language.prompt_syntax import PromptError, split_entries
from tips_ros.ros.transport_profile import transport_environment

_TOPIC = re.compile(r"(~/|/)?[A-Za-z_{}][A-Za-z0-9_{}]*(/[A-Za-z_{}][A-Za-z0-9_{}]*)*")


class ArgumentError(ValueError):
    """A launch argument that can't be used; says which one, why, and what to write instead."""

    def __init__(self, argument: str, text: str, problem: str) -> None:
        super().__init__(f"{argument}:={text!r}: {problem}")


def items(argument: str, text: str) -> list[str]:
    """The items of a list: `door; cup` or `door, cup` → ["door", "cup"].

    Raises:
        ArgumentError: both separators are there, so that either may be meant.
    """
    try:
        return [item for item in split_entries(text) if item]
    except PromptError as error:
        raise ArgumentError(argument, text, str(error)) from None


def fractions(argument: str, text: str) -> list[float]:
    """The numbers from 0 to 1 of a list.

    Raises:
        ArgumentError: an item is none.
    """
    numbers = []
    for item in items(argument, text):
        try:
            number = float(item)
        except ValueError:
            number = float("nan")
        if not 0.0 <= number <= 1.0:
            raise ArgumentError(
                argument, text, f"{item!r} is no number from 0 to 1; write '0.2' or '0.2; 0.5'"
            )
        numbers.append(number)
    return numbers


def check_topic(argument: str, text: str, name: str | None = None) -> str:
    """The name of a topic, which is an argument's whole text unless given.

    Raises:
        ArgumentError: ROS would refuse it.
    """
    name = text if name is None else name
    if not _TOPIC.fullmatch(name):
        raise ArgumentError(
            argument,
            text,
            f"{name!r} can't name a topic: letters, digits, '_' and '/', no part beginning with a "
            "digit, such as /camera/color/image_raw",
        )
    return name


def bag_to_play(argument: str, text: str) -> str:
    """A bag that `ros2 bag play` can open.

    Raises:
        ArgumentError: nothing is there, or a folder without metadata.yaml.
    """
    path = Path(text).expanduser()
    if not path.exists():
        raise ArgumentError(argument, text, "there is no such file or folder")
    if path.is_dir() and not (path / "metadata.yaml").is_file():
        storages = {file.suffix for file in path.iterdir()} & {".mcap", ".db3"}
        if not storages:
            raise ArgumentError(argument, text, "the folder holds no bag")
        storage = "mcap" if ".mcap" in storages else "sqlite3"
        raise ArgumentError(
            argument,
            text,
            "the folder has no metadata.yaml, without which ROS can't open it; write it with "
            f"`ros2 bag reindex {shlex.quote(str(path))} -s {storage}`",
        )
    return str(path)


def profile_environment(
    argument: str, profile: str, environment: Mapping[str, str]
) -> dict[str, str]:
    """The variables that make processes use a profile of Fast DDS; none for an empty name.

    Raises:
        ArgumentError: there is no such file, or it is none of that kind.
    """
    if not profile:
        return {}
    try:
        return transport_environment(Path(profile), environment=environment)
    except FileNotFoundError:
        problem = f"there is no such file; {argument}:='' goes without"
        raise ArgumentError(argument, profile, problem) from None
    except (OSError, ValueError) as error:
        raise ArgumentError(argument, profile, str(error)) from None
