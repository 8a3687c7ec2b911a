# SPDX-License-Identifier: Apache-2.0
"""Imports run one way: ros -> perception -> model, and only tips_ros.ros knows ROS."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1]
FILES = sorted((SOURCE / "tips_ros").rglob("*.py"))

# What each folder of tips_ros must not import of tips_ros. Folders that are not named here
# (bench, commands, demo) tie the others together and may import anything.
FORBIDDEN = {
    "model": {
        "bench",
        "perception",
        "ros",
        "bags",
        "commands",
        "demo",
        "offline",
        "cli",
        "errors",
        "resources",
    }
    | {"catalogue", "downloads", "evaluation"},
    "perception": {
        "bench",
        "ros",
        "bags",
        "commands",
        "demo",
        "offline",
        "cli",
        "downloads",
        "evaluation",
    },
    "evaluation": {"bench", "ros", "bags", "commands", "demo", "offline", "cli", "downloads"},
    "bags": {
        "bench",
        "ros",
        "model",
        "commands",
        "demo",
        "offline",
        "cli",
        "downloads",
        "evaluation",
    },
    "downloads": {
        "bench",
        "ros",
        "model",
        "perception",
        "bags",
        "commands",
        "demo",
        "offline",
        "cli",
    }
    | {"evaluation"},
    "ros": {"bench", "commands", "demo", "offline", "cli", "downloads", "evaluation"},
}
# safetensors is a file of tensors and nothing more; the other two run graphs of tensors.
MODEL_LIBRARIES = {"torch", "numpy", "safetensors", "openvino", "onnxruntime", "tips_ros"} | set(
    sys.stdlib_module_names
)
ROS_LIBRARIES = {
    *("ament_index_python", "cv_bridge", "diagnostic_updater", "launch", "launch_ros"),
    *("message_filters", "rclpy", "ros2cli", "rosbag2_py", "rosidl_runtime_py"),
    *("tf2_py", "tf2_ros", "tf_transformations"),
}


def imported_modules(path: Path) -> Iterator[str]:
    """Yields the absolute dotted name of everything the file imports."""
    package = path.relative_to(SOURCE).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *filter(None, [node.module])])
            # `from tips_ros import ros` imports tips_ros.ros.
            yield from (f"{module}.{alias.name}" for alias in node.names)


def folder_of(path: Path) -> str:
    parts = path.relative_to(SOURCE / "tips_ros").parts
    return parts[0] if len(parts) > 1 else ""


def is_ros(module: str) -> bool:
    root = module.split(".")[0]
    generated = module.startswith(("tips_ros.msg", "tips_ros.srv"))
    return generated or root in ROS_LIBRARIES or root.endswith(("_msgs", "_interfaces"))


def test_there_is_something_to_check():
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
class TestEachFile:
    def test_imports_only_downwards(self, path: Path):
        forbidden = {f"tips_ros.{name}" for name in FORBIDDEN.get(folder_of(path), ())}
        imported = {".".join(module.split(".")[:2]) for module in imported_modules(path)}
        assert not imported & forbidden

    def test_knows_ros_only_inside_the_ros_folder(self, path: Path):
        if folder_of(path) != "ros":
            assert not [module for module in imported_modules(path) if is_ros(module)]

    def test_needs_only_tensor_libraries_inside_the_model_folder(self, path: Path):
        if folder_of(path) == "model":
            assert {module.split(".")[0] for module in imported_modules(path)} <= MODEL_LIBRARIES
