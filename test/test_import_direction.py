# SPDX-License-Identifier: Apache-2.0
"""Imports run one way: pyproject.toml's contracts are kept, and so is what they cannot say.

They hold the order of folders and rooms, and that there is no circle. Here are the libraries that a
folder may know, scripts that are no package, and that no folder is crowded.
"""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

grimp = pytest.importorskip(
    "grimp", reason="import-linter is not installed; requirements-test.txt brings it"
)
SOURCE = Path(__file__).resolve().parents[1]
FOLDERS = ("tips_ros", "training", "benchmarks")
MOST_MODULES = 14  # in one folder
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
LINT = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"


@pytest.fixture(scope="module")
def graph() -> Any:
    """The imports of the installed package, which has the generated messages, and of libraries."""
    return grimp.build_graph("tips_ros", include_external_packages=True, cache_dir=None)


def is_ros(module: str) -> bool:
    generated = module.startswith(("tips_ros.msg", "tips_ros.srv"))
    return generated or module in ROS_LIBRARIES or module.endswith(("_msgs", "_interfaces"))


def test_the_contracts_of_the_imports_are_kept():
    done = subprocess.run([sys.executable, "-c", LINT], cwd=SOURCE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_what_is_of_a_live_graph_knows_ros(graph: Any):
    ros = {module for module in graph.modules if is_ros(module)}
    assert {"rclpy", "sensor_msgs", "tips_ros.msg", "tips_ros.srv"} <= ros
    knowing = {m for one in ros for m in graph.find_modules_that_directly_import(one)} - ros
    assert {module for module in knowing if module.split(".")[1] not in ("ros", "replay")} == set()


def test_the_model_needs_libraries_of_tensors_alone(graph: Any):
    inside = graph.find_descendants("tips_ros.model")
    needed = {m: graph.find_modules_directly_imported_by(m) for m in inside}
    others = {m: {n.split(".")[0] for n in them} - MODEL_LIBRARIES for m, them in needed.items()}
    assert inside and {module: libraries for module, libraries in others.items() if libraries} == {}


def test_scripts_that_import_their_neighbours_make_no_circle():
    """Scripts of benchmarks/ know each other by their names alone."""
    scripts = {path.stem: path for path in (SOURCE / "benchmarks").rglob("*.py")}
    imports = {name: set(scripts) & named(path) for name, path in scripts.items()}
    assert any(imports.values())
    graphlib.TopologicalSorter(imports).prepare()  # raises where there is one


def named(path: Path) -> set[str]:
    """Modules that a file imports by one name."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    return plain | {str(n.module) for n in nodes if isinstance(n, ast.ImportFrom)}


@pytest.mark.parametrize("top", FOLDERS)
def test_each_folder_is_small_enough_to_be_read_at_a_glance(top: str):
    folders = {path.parent for path in (SOURCE / top).rglob("*.py")}
    counts = {f: sum(p.name != "__init__.py" for p in f.glob("*.py")) for f in folders}
    crowded = {str(folder): count for folder, count in counts.items() if count > MOST_MODULES}
    assert folders and crowded == {}, "sort them into rooms"
