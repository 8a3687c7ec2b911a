# SPDX-License-Identifier: Apache-2.0
"""A command line held against the programs that it names: parsers, parameters, topics, types."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement

from tips_ros import cli
from tips_ros.messages.outputs import TOPICS, VISION_TOPICS
from tips_ros.ros.parameters.table import PARAMETERS
from tips_ros.ros.startup.cameras import image_topics_of

from ..launch.launch_file import ARGUMENTS
from ..test_dependencies import listed
from .pages import SOURCE, blocks

DECLARED = {declared.name: declared for declared in PARAMETERS}
INPUTS = {"image", "camera_info", "sensor/depth", "sensor/points"}
EXECUTABLES = {path.name for path in (SOURCE / "scripts").iterdir()}
# Those of other people, which are only seen to be there in name.
OTHERS = {
    *("cd", "source", "export", "git", "colcon", "rosdep", "sudo", "tegrastats", "fastdds", "hf"),
    *("docker", "uv", "for", "do", "done", "mcap", "pre-commit", "ray", "g++", "./trial"),
}
# Packages of ROS that a page may start something of.
ROS_PACKAGES = {
    *("foxglove_bridge", "image_transport", "nav2_lifecycle_manager", "octomap_server"),
    *("realsense2_camera", "rqt_robot_monitor", "tf2_tools"),
}
ROS2 = {
    "bag": {"play", "info", "convert", "reindex", "record"},
    "interface": {"show"},
    "lifecycle": {"set", "get"},
    "param": {"set", "get", "load", "dump", "describe"},
    "pkg": {"prefix"},
    "service": {"call"},
    "topic": {"echo", "hz", "info", "list"},
    "node": {"info"},
}
# What is compared with, or measured by, and in no list of ours.
MORE_FOR_PIP = {"pre-commit", "uv", "transformers", "build", "twine"}


def check(line: str) -> None:
    """Raises AssertionError where a part of the line names what is not there."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word.strip("|&;"):
            words.append(word)
            continue
        while words and re.match(r"\w+=", words[0]):
            words.pop(0)
        if words:
            _check(words)
        words = []


def _check(words: list[str]) -> None:
    first, rest = words[0], words[1:]
    if first == "./run":
        _run(rest)
    elif first == "tips_ros":
        _tips_ros(rest)
    elif first in EXECUTABLES:
        _node(rest)
    elif first == "ros2":
        _ros2(rest)
    elif first in ("pip", "pip3"):
        _pip(rest)
    elif first in ("python", "python3"):
        _python(rest)
    elif first == "pytest":
        _pytest(rest)
    else:
        assert first in OTHERS, f"{first}: unknown program; checks.py lists those of others"
        if first == "uv":
            _pip(rest[1:])


def _run(rest: list[str]) -> None:
    if not rest:
        return
    script = (SOURCE / "run").read_text(encoding="utf-8")
    label = rf"^  (?:[\w -]+ \| )*{rest[0]}(?: \|[^)]*)?\)"
    assert re.search(label, script, re.MULTILINE), f"./run has no {rest[0]}"
    if rest[0] == "demo":
        _tips_ros(rest)
    elif rest[0] == "test":
        _pytest(rest[1:])
    elif rest[0] == "exec" and rest[1:]:
        _check(rest[1:])


def _tips_ros(rest: list[str]) -> None:
    """By the real parsers. A command alone, or with flags alone, may only be spoken of."""
    if not rest or rest == ["--help"]:
        return
    assert rest[0] in cli.COMMANDS, f"tips_ros has no {rest[0]}"
    known = cli.build_parser((rest[0],))
    options = {w.partition("=")[0] for w in rest[1:] if w.startswith("--")}
    subparser = next(iter(known._subparsers._group_actions[0].choices.values()))  # type: ignore
    assert options <= {*subparser._option_string_actions}, f"{rest[0]} has no {options}"
    if len(rest) == 1 or set(rest[1:]) == options:
        return
    try:
        known.parse_args(rest)
    except SystemExit as end:
        raise AssertionError(f"tips_ros {shlex.join(rest)} is refused") from end


def _node(rest: list[str]) -> None:
    """Arguments after --ros-args: remappings of inputs, and parameters."""
    for option, value in zip(rest, rest[1:], strict=False):
        if option == "-r":
            source = value.partition(":=")[0]
            assert source in INPUTS | {"__ns", "__node"}, f"the node has no {source}"
        elif option == "-p":
            parameter(*value.split(":=", 1))


def parameter(name: str, text: str) -> None:
    """A parameter of the node, for one camera too, and a value that it can have."""
    if name.startswith("qos_overrides."):
        return
    plain = name if name in DECLARED else name.partition(".")[2]
    assert plain in DECLARED, f"no parameter {name}"
    declared = DECLARED[plain]
    assert plain == name or declared.per_camera, f"{plain} is no camera's own"
    value: Any = yaml.safe_load(text)
    kind = type(declared.default)
    assert isinstance(value, kind) or (kind is float and isinstance(value, int)), (name, value)
    assert not declared.choices or value in declared.choices, (name, value)


def _launch(assignments: list[str]) -> None:
    for assignment in assignments:
        if assignment in ("--show-args", "-s"):
            continue
        name, _, value = assignment.partition(":=")
        assert name in ARGUMENTS and value, f"the launch file has no {name}"
        assert value in (ARGUMENTS[name].get("choices") or (value,)), (name, value)
        if name == "cameras":
            assert image_topics_of(name, value)


def _example(file: Path, assignments: list[str]) -> None:
    for assignment in assignments:
        name, _, value = assignment.partition(":=")
        assert f'"{name}"' in file.read_text(encoding="utf-8") and value, f"{file.name}: {name}"


def _ros2(rest: list[str]) -> None:
    if not rest:
        return
    verb, more = rest[0], rest[1:]
    if verb == "launch" and not more:
        return
    if verb == "launch":
        if more[0] == "tips_ros":
            (file,) = (SOURCE / "launch").rglob(more[1])
            if file.parent.name == "examples":
                _example(file, more[2:])
            else:
                _launch(more[2:])
        else:
            assert more[0] in ROS_PACKAGES, f"unknown package {more[0]}"
    elif verb == "run":
        if more[0] == "tips_ros":
            assert more[1] in EXECUTABLES, f"tips_ros has no executable {more[1]}"
            _node(more[2:])
        else:
            assert more[0] in ROS_PACKAGES, f"unknown package {more[0]}"
            topics(more)
    else:
        assert verb in ROS2, f"ros2 {verb}"
        if not more:
            return
        assert more[0] in ROS2[verb], f"ros2 {verb} {more[0]}"
        topics(more)
        if verb == "service" and more[1:]:
            _service(*more[1:])
        if verb == "param" and more[0] == "set" and more[1:]:
            assert more[1] == "/tips"
            parameter(more[2], more[3])


_OF_MEMORY = {
    "MemoryFile": ("/tips/memory/save", "/tips/memory/load"),
    "ClearMemory": ("/tips/memory/clear",),
}


def _service(service: str, type_: str, request: str) -> None:
    package, kind, name = type_.split("/")
    assert kind == "srv" and service in (f"/tips/{_snake(name)}", *_OF_MEMORY.get(name, ()))
    message = getattr(importlib.import_module(f"{package}.srv"), name).Request()
    for field, value in yaml.safe_load(request).items():
        assert field in message.get_fields_and_field_types(), f"{name} has no {field}"
        setattr(message, field, value)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def topics(words: list[str]) -> None:
    """Each of the node's topics that is named is one."""
    latched = {"depth/info", "semantic/classes", "semantic/label_info", "memory/objects",
               "memory/markers"}  # fmt: skip
    services = {"set_prompts", "locate", "find", "memory/save", "memory/load", "memory/clear"}
    known = {f"/tips/{n}" for n in {t.name for t in (*TOPICS, *VISION_TOPICS)} | latched | services}
    for word in words:
        for found in re.findall(r"(?:^|:=)(/tips/[\w/]+)", word):
            plain = found.removesuffix("/compressed")
            assert plain in known or plain.startswith("/tips/similarity/"), f"no topic {found}"


def _pip(rest: list[str]) -> None:
    assert rest and rest[0] == "install", rest
    project = (SOURCE / "pyproject.toml").read_text(encoding="utf-8")
    lists = [path.name for path in (SOURCE / "bootstrap").glob("requirements-*.txt")]
    known = {one.name for name in lists for one in listed(name)} | MORE_FOR_PIP | {"tips_ros"}
    for before, word in zip(rest, rest[1:], strict=False):
        if word.startswith("-"):
            continue
        if before == "-r":
            assert (SOURCE / word).is_file(), f"no {word}"
            continue
        asked = Requirement(re.sub(r"^\.", "tips_ros", word))
        assert asked.name in known, f"pip install {word}"
        assert all(re.search(rf"^{e} = {{ file", project, re.M) for e in asked.extras), word


def _python(rest: list[str]) -> None:
    if rest[:2] == ["-m", "pip"]:
        return _pip(rest[2:])
    if rest[:2] == ["-m", "venv"]:
        return None
    if rest[0] == "-m":
        file = SOURCE / Path(*rest[1].split(".")).with_suffix(".py")
        file = file if file.is_file() else file.with_suffix("") / "__main__.py"
    else:
        file = SOURCE / rest[0]
    if rest[0].startswith(("benchmarks/", "bootstrap/", "test/")) or rest[0] == "-m":
        assert file.is_file(), f"no {file}"
        text = file.read_text(encoding="utf-8")
        assert all(f'"{w}"' in text for w in rest[1:] if w.startswith("--")), rest
    else:
        pages = (code for page in (SOURCE / "docs").glob("*.md") for code in blocks(page, "python"))
        assert any(code.startswith(f"# {rest[0]}") for code in pages), f"no {rest[0]}"
    return None


def _pytest(rest: list[str]) -> None:
    paths = [w for w in rest if w.startswith("test")]
    assert all((SOURCE / path).exists() for path in paths), paths
