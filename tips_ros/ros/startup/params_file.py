# SPDX-License-Identifier: Apache-2.0
"""Parameter files as the node will read them, checked before anything is started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tips_ros.ros.process.parameter_files import KEY, is_for, sections
from tips_ros.ros.startup.arguments import ArgumentError
from tips_ros.texts.yaml_text import YamlError, load_yaml

_COPY = "start from a copy of config/tips.yaml"


def read_parameters(argument: str, path: str, node: str) -> dict[str, Any]:
    """A node's parameters by their full names, `points.stride`, as a file gives them.

    Args:
        argument: the one that names the file.
        path: the file.
        node: the node's name in full, such as /robot1/tips.

    Raises:
        ArgumentError: no file, not YAML, or no parameters of any node in it.
    """
    found_there = list(sections(_load(argument, path)))
    if not found_there:
        raise ArgumentError(
            argument, path, f"no `{KEY}:` below a node's name such as `/**:` is in it; {_COPY}"
        )
    found: dict[str, Any] = {}
    # A name in full counts more than one with wildcards, wherever it stands.
    for pattern, parameters in sorted(found_there, key=lambda section: "*" not in section[0]):
        if is_for(pattern, node):
            found |= dict(_flat(parameters))
    return found


def _load(argument: str, path: str) -> Any:
    if not Path(path).is_file():
        raise ArgumentError(argument, path, f"there is no such file; {_COPY}")
    try:
        return load_yaml(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ArgumentError(argument, path, f"can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ArgumentError(argument, path, f"not a text file; {_COPY}") from None
    except YamlError as error:
        raise ArgumentError(argument, path, f"not YAML: {error}; {_COPY}") from None


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
