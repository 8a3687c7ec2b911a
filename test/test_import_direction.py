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
NO_LINTER = "import-linter is not installed; requirements-test.txt brings it"
LINT = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"


@pytest.fixture(scope="module")
def graph() -> Any:
    """The imports of the installed package, which has the generated messages, and of libraries."""
    grimp = pytest.importorskip("grimp", reason=NO_LINTER)
    return grimp.build_graph("tips_ros", include_external_packages=True, cache_dir=None)


def is_ros(module: str) -> bool:
    generated = module.startswith(("tips_ros.msg", "tips_ros.srv"))
    return generated or module in ROS_LIBRARIES or module.endswith(("_msgs", "_interfaces"))


def test_the_contracts_of_the_imports_are_kept():
    pytest.importorskip("importlinter", reason=NO_LINTER)
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


def test_files_of_benchmarks_make_no_circle_and_nor_do_their_folders():
    imports = imports_below(SOURCE, "benchmarks")
    assert sum(map(bool, imports.values())) > 16  # more than those by full names alone
    check_circles(imports)


@pytest.mark.parametrize(
    "files",
    [
        {"a": "import b", "b": "from a import name"},
        {"room/a": "import b", "room/b": "import a"},
        {"room/a": "from benchmarks.room.b import name", "room/b": "import benchmarks.room.a"},
        {"room/a": "from benchmarks.room import b", "room/b": "from benchmarks.room import a"},
        {"room/a": "import benchmarks.c", "c": "", "b": "import benchmarks.room.d", "room/d": ""},
        {"room/a": "def f():\n    import benchmarks.b", "b": "import benchmarks.room.a"},
    ],
    ids=["scripts", "scripts in a folder", "full names", "of a folder", "folders", "in a function"],
)
def test_a_circle_of_any_kind_of_import_is_found(tmp_path: Path, files: dict[str, str]):
    for name, text in files.items():
        path = tmp_path / "benchmarks" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with pytest.raises(graphlib.CycleError):
        check_circles(imports_below(tmp_path, "benchmarks"))


def imports_below(root: Path, top: str) -> dict[str, set[str]]:
    """Each file below a folder, and those that it imports by full names or as its neighbours."""
    files = (root / top).rglob("*.py")
    paths = {".".join(path.relative_to(root).with_suffix("").parts): path for path in files}
    named = {name: imported(path) for name, path in paths.items()}
    beside = {name: {f"{parent(name)}.{other}" for other in named[name]} for name in named}
    return {name: (named[name] | beside[name]) & set(paths) for name in paths}


def check_circles(imports: dict[str, set[str]]) -> None:
    """Raises CycleError where there is one among files or among folders."""
    folders: dict[str, set[str]] = {}
    for name, others in imports.items():
        needed = {parent(other) for other in others} - {parent(name)}
        folders.setdefault(parent(name), set()).update(needed)
    for graph in (imports, folders):
        graphlib.TopologicalSorter(graph).prepare()


def parent(name: str) -> str:
    return name.rpartition(".")[0]


def imported(path: Path) -> set[str]:
    """Names that a file imports, and what they are taken from."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    sources = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    taken = {f"{node.module}.{alias.name}" for node in sources for alias in node.names}
    return plain | {str(node.module) for node in sources} | taken


@pytest.mark.parametrize("top", FOLDERS)
def test_each_folder_is_small_enough_to_be_read_at_a_glance(top: str):
    folders = {path.parent for path in (SOURCE / top).rglob("*.py")}
    counts = {f: sum(p.name != "__init__.py" for p in f.glob("*.py")) for f in folders}
    crowded = {str(folder): count for folder, count in counts.items() if count > MOST_MODULES}
    assert folders and crowded == {}, "sort them into rooms"
