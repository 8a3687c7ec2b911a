# SPDX-License-Identifier: Apache-2.0
"""The layouts of directories that are known, and which of them a directory has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tips_ros.evaluation.datasets import ade20k, nyu, pascal, rendered
from tips_ros.evaluation.datasets.errors import DatasetError
from tips_ros.evaluation.sample import Dataset
from tips_ros.perception.image_request import OUTPUTS, Output


class Layout(NamedTuple):
    """Layout of one dataset's files in a directory.

    Attributes:
        parts: what must be there, for people.
        find: the directory a user named → the one the files lie in; None when it is no such one.
        read: that one → the dataset. DatasetError when something is missing.
        outputs: what its truth can be about.
    """

    parts: str
    find: Callable[[Path], Path | None]
    read: Callable[[Path], Dataset]
    outputs: tuple[Output, ...]


# In this order: what is the clearest sign comes first.
LAYOUTS: dict[str, Layout] = {
    "rendered": Layout(rendered.PARTS, rendered.find, rendered.Rendered, OUTPUTS),
    "ade20k": Layout(ade20k.PARTS, ade20k.find, ade20k.Ade20k, ("semantic",)),
    "pascal": Layout(pascal.PARTS, pascal.find, pascal.Pascal, ("semantic",)),
    "nyu": Layout(nyu.PARTS, nyu.find, nyu.Nyu, OUTPUTS),
}


def detect_layout(path: Path) -> str:
    """The name of the layout that the directory has.

    Raises:
        DatasetError: none that is known.
    """
    if not path.exists():
        raise DatasetError(f"{path} does not exist; give a directory of images and truth")
    if path.suffix == ".mat" or next(path.glob("*.mat"), None):
        raise DatasetError(
            f"{path}: .mat files are not read; extract the pictures as docs/evaluation.md shows"
        )
    for name, layout in LAYOUTS.items():
        if layout.find(path) is not None:
            return name
    raise DatasetError(f"{path} has no known layout: {_all_parts()}")


def open_dataset(path: Path, layout: str) -> Dataset:
    """The dataset in a directory.

    Args:
        path: the directory as the user named it.
        layout: one of LAYOUTS.

    Raises:
        DatasetError: the directory has not that layout, or something is missing in it.
    """
    found = LAYOUTS[layout]
    root = found.find(path)
    if root is None:
        raise DatasetError(f"{path} is not of layout {layout}, which needs {found.parts}")
    return found.read(root)


def _all_parts() -> str:
    return "; ".join(f"{name} needs {layout.parts}" for name, layout in LAYOUTS.items())
