# SPDX-License-Identifier: Apache-2.0
"""The layout of a parameters file: whose parameters are in it, and what ROS can't read of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tips_ros.texts.yaml_text import YamlError, load_yaml

KEY = "ros__parameters"
_LAYOUT = f"write `/**:`, below it `{KEY}:` and below that the parameters, as config/tips.yaml does"


def sections(tree: Any, name: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each node's name, with wildcards, and its parameters; namespaces may be levels of it.

    Args:
        tree: a file's content as YAML gives it.
        name: of what the tree stands below.
    """
    if isinstance(tree, Mapping):
        for key, below in tree.items():
            if key == KEY:
                if isinstance(below, Mapping):
                    yield name or "/**", below
            else:
                yield from sections(below, f"{name}/{str(key).strip('/')}")


def is_for(pattern: str, node: str) -> bool:
    """Whether a name with ROS's wildcards, ** for any levels and * for one, is the node's."""
    parts = ["(/[^/]+)*" if p == "**" else "/" + re.escape(p).replace(r"\*", "[^/]*")
             for p in pattern.strip("/").split("/")]  # fmt: skip
    return re.fullmatch("".join(parts), node) is not None


def for_others(files: list[str], node: str) -> list[str]:
    """The files in which there is nothing for a node.

    Args:
        files: as `check_layout` has accepted them.
        node: its name in full, such as /robot1/tips.
    """
    found = []
    for file in files:
        try:
            tree = load_yaml(Path(file).read_text(encoding="utf-8"))
        except YamlError:  # tags, which ROS leaves out: nobody can tell whose they are
            continue
        if not any(is_for(name, node) and of_it for name, of_it in sections(tree)):
            found.append(file)
    return found


def check_layout(text: str, root: yaml.Node | None, source: str) -> None:
    """Looks for what ROS's own reader refuses in words of its own, or leaves out.

    Args:
        text: of the file.
        root: the same as nodes of YAML; None where it is empty.
        source: what the file is called.

    Raises:
        ValueError: parameters that are nobody's or have no value, or a name for another place.
    """
    for event in yaml.parse(text):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError(
                f"{_place(source, event)}: ROS does not follow YAML's *{event.anchor}; write out "
                "what it stands for"
            )
    if root is not None:
        _check_names(root, source)


def _check_names(node: yaml.Node, source: str) -> None:
    """Down to each `ros__parameters`: whatever else ends on the way is no node's name."""
    where = _place(source, node)
    if not isinstance(node, yaml.MappingNode):
        raise ValueError(f"{where}: parameters stand outside of `{KEY}:`; {_LAYOUT}")
    for key, value in node.value:
        if key.value != KEY:
            _check_names(value, source)
        elif isinstance(value, yaml.MappingNode):
            _check_values(value, source)
        elif not _is_nothing(value):
            raise ValueError(f"{where}: `{KEY}:` must have NAME: VALUE below it; {_LAYOUT}")


def _check_values(node: yaml.Node, source: str, name: str = "") -> None:
    for key, value in node.value:
        full = f"{name}.{key.value}".strip(".")
        if isinstance(value, yaml.MappingNode):
            _check_values(value, source, full)
        elif _is_nothing(value):
            raise ValueError(
                f"{_place(source, key)}: {full} has no value; write one, or leave the line out"
            )


def _place(source: str, part: yaml.Node | yaml.Event) -> str:
    return f"{source}, line {part.start_mark.line + 1}" if part.start_mark else source


def _is_nothing(value: yaml.Node) -> bool:
    return isinstance(value, yaml.ScalarNode) and not value.value and value.style is None
