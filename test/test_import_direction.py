# SPDX-License-Identifier: Apache-2.0
"""Imports run one way, ros -> messages -> perception -> model, room by room and in no circle.

Beside the package, training/ and benchmarks/ have no circle and no crowded folder either.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[1]
FILES = sorted((SOURCE / "tips_ros").rglob("*.py"))
BESIDE = [path for name in ("benchmarks", "training") for path in (SOURCE / name).rglob("*.py")]
ALL_FILES = FILES + BESIDE
FOLDERS = sorted({path.parent for path in ALL_FILES})
MOST_MODULES = 14  # in one folder

# What each folder of tips_ros must not import of tips_ros. Folders that are not named here
# (bench, commands, demo) tie the others together and may import anything that makes no circle.
USERS = {"bench", "commands", "demo", "finetune", "offline", "cli", "replay", "view"}
FORBIDDEN = {
    "model": {"perception", "messages", "ros", "bags", "errors", "resources", "catalogue"}
    | {"downloads", "evaluation"}
    | USERS,
    "perception": {"messages", "ros", "bags", "downloads", "evaluation"} | USERS,
    "messages": {"ros", "bags", "downloads", "evaluation"} | USERS,
    "evaluation": {"messages", "ros", "bags", "downloads"} | USERS,
    "bags": {"messages", "ros", "model", "downloads", "evaluation"} | USERS,
    "downloads": {"messages", "ros", "model", "perception", "bags", "evaluation"} | USERS,
    "ros": {"bags", "downloads", "evaluation"} | USERS,
    "replay": {"bench", "commands", "demo", "finetune", "offline", "cli", "downloads"}
    | {"evaluation", "view"},
}
# A room imports itself and the rooms before it.
ROOMS = (
    "messages",
    "ros.process",
    "ros.topics",
    "ros.health",
    "ros.parameters",
    "ros.transforms",
    "ros.inputs",
    "ros.outputs",
    "ros.classes",
    "ros.pipeline",
    "ros.services",
    "ros",  # node, main, and what else stands in no room
    "ros.startup",
    "replay",
)
# safetensors is a file of tensors and nothing more; openvino and onnxruntime run graphs of tensors,
# onnxscript writes them, Triton, which comes with torch for a GPU, runs kernels.
MODEL_LIBRARIES = {
    *("torch", "triton", "numpy", "safetensors", "openvino", "onnxruntime"),
    *("onnxscript", "tips_ros"),
    *sys.stdlib_module_names,
}
ROS_LIBRARIES = {
    *("ament_index_python", "cv_bridge", "diagnostic_updater", "launch", "launch_ros"),
    *("message_filters", "rclpy", "ros2cli", "rosbag2_py", "rosidl_runtime_py"),
    *("tf2_py", "tf2_ros", "tf_transformations"),
}
KNOW_ROS = {"ros", "replay"}


@cache
def imported_modules(path: Path) -> tuple[str, ...]:
    """The absolute dotted name of everything the file imports."""
    return tuple(_imported_modules(path))


def _imported_modules(path: Path) -> Iterator[str]:
    package = path.relative_to(SOURCE).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *filter(None, [node.module])])
            # `from tips_ros import ros` imports tips_ros.ros.
            yield from (f"{module}.{alias.name}" for alias in node.names)


def dotted(path: Path) -> tuple[str, ...]:
    return path.relative_to(SOURCE).with_suffix("").parts


MODULES = {dotted(path): path for path in ALL_FILES}


def imported_files(path: Path) -> Iterator[tuple[str, ...]]:
    """Finds the files of ours that a file imports, each as the parts of its dotted name."""
    for name in imported_modules(path):
        parts = tuple(name.split("."))
        # A script of benchmarks/ imports what lies beside it by its name alone.
        if path.parent.name == "benchmarks" and ("benchmarks", parts[0]) in MODULES:
            parts = ("benchmarks", *parts)
        while parts and parts not in MODULES and (*parts, "__init__") not in MODULES:
            parts = parts[:-1]
        if parts:
            yield parts if parts in MODULES else (*parts, "__init__")


def folder_of(path: Path) -> str:
    parts = path.relative_to(SOURCE / "tips_ros").parts
    return parts[0] if len(parts) > 1 else ""


def room_of(parts: tuple[str, ...]) -> str | None:
    """The room of ROOMS that a module is in; None for one in none of them."""
    if parts[0] != "tips_ros":
        return None
    inner = ".".join(parts[1:-1])
    while inner and inner not in ROOMS:
        inner = inner.rpartition(".")[0]
    return inner or None


def is_ros(module: str) -> bool:
    root = module.split(".")[0]
    generated = module.startswith(("tips_ros.msg", "tips_ros.srv"))
    return generated or root in ROS_LIBRARIES or root.endswith(("_msgs", "_interfaces"))


def neighbours_that_import(folder: Path) -> dict[str, set[str]]:
    """Of a folder's files and folders: which of them import which others."""
    at = len(folder.relative_to(SOURCE).parts)
    imports: dict[str, set[str]] = defaultdict(set)
    for path in ALL_FILES:
        if path.is_relative_to(folder):
            here = dotted(path)
            for there in imported_files(path):
                if there[:at] == here[:at] and there[at] != here[at]:
                    imports[here[at]].add(there[at])
    return imports


def circle_in(imports: dict[str, set[str]]) -> list[str]:
    """Names of which each imports the next, and the last the first; empty where there are none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_there_is_something_to_check():
    assert FILES
    assert {path.relative_to(SOURCE).parts[0] for path in BESIDE} == {"training", "benchmarks"}
    assert {room_of(module) for module in MODULES} == {*ROOMS, None}


def named(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def faults(wrong: Callable[[Path], Iterable[Any]], paths: Iterable[Path]) -> dict[str, list[Any]]:
    """File or folder → what is wrong with it, of those that anything is wrong with."""
    return {named(path): found for path in paths if (found := sorted(wrong(path)))}


class TestEachFile:
    def test_imports_only_downwards(self):
        def above(path: Path) -> set[str]:
            forbidden = {f"tips_ros.{name}" for name in FORBIDDEN.get(folder_of(path), ())}
            return {".".join(m.split(".")[:2]) for m in imported_modules(path)} & forbidden

        assert faults(above, FILES) == {}

    def test_imports_only_rooms_before_its_own(self):
        def after(path: Path) -> set[str]:
            room = room_of(dotted(path))
            if room is None:
                return set()
            rooms = {room_of(other) for other in imported_files(path)}
            return {other for other in rooms if other in ROOMS[ROOMS.index(room) + 1 :]}

        assert faults(after, FILES) == {}

    def test_knows_ros_only_inside_the_folders_of_a_live_graph(self):
        outside = [path for path in FILES if folder_of(path) not in KNOW_ROS]
        assert faults(lambda path: filter(is_ros, imported_modules(path)), outside) == {}

    def test_needs_only_tensor_libraries_inside_the_model_folder(self):
        def others(path: Path) -> set[str]:
            return {m.split(".")[0] for m in imported_modules(path)} - MODEL_LIBRARIES

        inside = [path for path in FILES if folder_of(path) == "model"]
        assert inside and faults(others, inside) == {}


class TestEachFolder:
    def test_has_no_circle_among_its_files_and_folders(self):
        circles = {named(f): circle_in(neighbours_that_import(f)) for f in FOLDERS}
        assert {folder: circle for folder, circle in circles.items() if circle} == {}

    def test_is_small_enough_to_be_read_at_a_glance(self):
        counts = {
            named(f): sum(path.name != "__init__.py" for path in f.glob("*.py")) for f in FOLDERS
        }
        too_many = {folder: count for folder, count in counts.items() if count > MOST_MODULES}
        assert too_many == {}, "sort them into rooms"
