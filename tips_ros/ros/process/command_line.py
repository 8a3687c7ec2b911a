# SPDX-License-Identifier: Apache-2.0
"""The command line of `tips_node`, and the parameters files that it names: what is wrong there.

ROS ends in a traceback, or says nothing, where a user has mistyped something. Here it is one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from tips_ros.advice import as_typed
from tips_ros.ros.process.parameter_files import check_layout
from tips_ros.ros.process.remappings import check_remappings

_HELP = """\
usage: {tips_node} [--help] [--ros-args ARGUMENT ...]

The node `tips`: images in; metric depth, normals, semantic mask and labelled cloud out.

  -h, --help                            show this and exit
  --ros-args                            what follows is for ROS:
    -r image:=/camera/color/image_raw     the camera's topic; camera_info is another
    -p model:=demo                        a parameter
    --params-file FILE                    a YAML file with parameters; copy config/tips.yaml
    -r __ns:=/robot1                      the namespace
    --log-level tips:=debug               the least severe messages of the node

example: {tips_node} --ros-args -r image:=/camera/color/image_raw \\
             -r camera_info:=/camera/color/camera_info -p "prompts:=['door', 'cup']"
"""
_INT, _FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"
_PLACE_IN_SOURCES = re.compile(r",? at /\S+?\.c(pp)?:\d+")


def help_text() -> str:
    """The text that `--help` prints."""
    return _HELP.replace("{tips_node}", as_typed("tips_node"))


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether a command line, without the program's name, asks for `help_text`."""
    return any(argument in ("-h", "--help") for argument in _program_arguments(arguments))


def check(arguments: Sequence[str]) -> None:
    """Looks at a command line, without the program's name, before ROS does.

    Raises:
        ValueError: something that ROS would ignore, or name without the fix.
    """
    if unknown := _program_arguments(arguments):
        raise ValueError(
            f"unknown argument {unknown[0]}: parameters and remappings come after --ros-args, as "
            f"in `{as_typed('tips_node --ros-args -p model:=demo')}`; "
            f"see {as_typed('tips_node --help')}"
        )
    check_remappings(arguments)
    for file in parameter_files(arguments):
        _check_file(Path(file))
    for option, value in zip(arguments, arguments[1:], strict=False):
        if option in ("-p", "--param"):
            name, _, text = value.partition(":=")
            if not name or not text:
                raise ValueError(f"{option} {value}: write NAME:=VALUE, as in -p model:=demo")
            _check_lists(f"-p {value}", _compose_nodes(text, f"-p {value}"), name)


def parameter_files(arguments: Sequence[str]) -> list[str]:
    """The files that a command line names."""
    pairs = zip(arguments, arguments[1:], strict=False)
    return [value for option, value in pairs if option == "--params-file"]


def shorten_complaint(error: BaseException) -> str:
    """Shortens ROS's complaint of a command line to one line without its sources."""
    said = _PLACE_IN_SOURCES.sub("", " ".join(str(error).split()))
    said = said.removeprefix("failed to initialize rcl: ")
    if type(error).__name__ == "UnknownROSArgsError":
        said = said.strip("[]")
        return f"unknown argument after --ros-args: {said}; see {as_typed('tips_node --help')}"
    return said


def _program_arguments(arguments: Sequence[str]) -> list[str]:
    """Returns the arguments before --ros-args or after the -- that ends them.

    Without remappings in the old way, `image:=/x`. rclpy's own function for this raises on what is
    wrong among those for ROS.
    """
    found, for_ros = [], False
    for argument in arguments:
        if argument == ("--" if for_ros else "--ros-args"):
            for_ros = not for_ros
        elif not for_ros and ":=" not in argument:
            found.append(argument)
    return found


def _check_file(path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ValueError(f"--params-file: there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a text in UTF-8"
        raise ValueError(f"--params-file: {path} can't be read: {reason}") from None
    root = _compose_nodes(text, str(path))
    check_layout(text, root, str(path))
    _check_lists(str(path), root)


def _compose_nodes(text: str, source: str) -> Any:
    """The nodes of a YAML text; None for an empty one."""
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error)
        raise ValueError(f"{source}{line}: not YAML: {problem}") from None
    except RecursionError:
        raise ValueError(f"{source}: not YAML: it is nested too deeply") from None


def _check_lists(source: str, root: Any, name: str = "") -> None:
    """ROS takes no list that has integers and doubles in it."""
    for parameter, listed in _lists(root, name):
        tags = {item.tag for item in listed.value}
        if {_INT, _FLOAT} <= tags:
            items = [f"{i.value}.0" if i.tag == _INT else i.value for i in listed.value]
            where = f", line {listed.start_mark.line + 1}" if not name else ""
            raise ValueError(
                f"{source}{where}: {parameter} has whole numbers beside others, which ROS can't "
                f"read; write [{', '.join(items)}]"
            )


def _lists(node: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Each list below a node, with the name of its parameter."""
    if isinstance(node, yaml.SequenceNode):
        yield name, node
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            # What comes before names the node that the parameters are for.
            below = "" if key.value == "ros__parameters" else f"{name}.{key.value}".strip(".")
            yield from _lists(value, below)
