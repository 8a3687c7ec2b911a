# SPDX-License-Identifier: Apache-2.0
"""An installation is what the source tree says, and says the same everywhere."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import tips_ros
from tips_ros.resources import sample_bag, sample_truth, share_dir

SOURCE = Path(__file__).resolve().parents[1]
SHARED = sorted(
    path.relative_to(SOURCE)
    for folder in ("config", "launch", "models", "msg", "samples", "srv")
    for path in (SOURCE / folder).rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
)
STARTED_BY_NAME = ("run", ".ci/run", "scripts/tips_node", "scripts/tips_ros", "scripts/tips_view")


def test_the_tests_run_against_the_installed_package():
    """Only there is tips_ros.msg, and only what is installed reaches a user."""
    assert not Path(tips_ros.__file__).is_relative_to(SOURCE / "tips_ros")


@pytest.mark.slow
def test_the_version_is_the_same_everywhere():
    package = ElementTree.parse(SOURCE / "package.xml").getroot()
    setup = subprocess.run(
        [sys.executable, "setup.py", "--version"],
        cwd=SOURCE, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert package.findtext("version") == tips_ros.__version__
    assert setup.stdout.split()[-1] == tips_ros.__version__


def test_what_a_robot_without_a_screen_needs_not_is_brought_on_demand_only():
    root = ElementTree.parse(SOURCE / "package.xml").getroot()
    on_demand = {item.text for item in root if item.get("condition") == "$TIPS_ROS_DESKTOP == 1"}
    assert {"rviz2", "python3-open3d-pip"} <= on_demand
    page = (SOURCE / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in on_demand)


@pytest.mark.parametrize("path", SHARED, ids=str)
def test_each_shared_file_is_installed(path: Path):
    assert (share_dir() / path).read_bytes() == (SOURCE / path).read_bytes()


def test_the_sample_bags_are_small_enough_for_a_repository():
    assert all((bag / "metadata.yaml").is_file() for bag in (sample_bag(), sample_truth()))
    files = [path for path in (SOURCE / "samples").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 8_000_000


def test_the_share_folder_is_the_installed_one():
    assert share_dir() != SOURCE
    assert (share_dir() / "package.xml").is_file()


def test_the_share_folder_of_the_source_tree_is_the_tree(monkeypatch: pytest.MonkeyPatch):
    module = sys.modules["tips_ros.resources"]
    monkeypatch.setattr(module, "__file__", str(SOURCE / "tips_ros" / "resources.py"))
    assert share_dir() == SOURCE


def test_a_package_without_its_share_folder_says_how_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    module = sys.modules["tips_ros.resources"]
    monkeypatch.setattr(module, "__file__", str(tmp_path / "tips_ros" / "resources.py"))
    with pytest.raises(FileNotFoundError, match="install the package with colcon or pip"):
        share_dir()


def test_the_generated_modules_are_found_from_the_source_folder_too():
    """`python -m tips_ros` there finds the source tree first, which has no msg/."""
    code = "import tips_ros, tips_ros.msg, tips_ros.srv; print(tips_ros.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SOURCE, capture_output=True, text=True, check=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"},
    )  # fmt: skip
    assert Path(done.stdout.strip()).is_relative_to(SOURCE / "tips_ros")


def test_each_source_file_names_its_licence():
    folders = ("tips_ros", "test", "bootstrap", "launch", "scripts", "benchmarks")
    files = [path for folder in folders for path in (SOURCE / folder).rglob("*")]
    files = [path for path in files if path.suffix in (".py", ".sh")]
    files += [SOURCE / name for name in ("setup.py", "CMakeLists.txt", *STARTED_BY_NAME)]
    unnamed = [
        str(path.relative_to(SOURCE))
        for path in files
        if "SPDX-License-Identifier: Apache-2.0" not in path.read_text(encoding="utf-8")[:200]
    ]
    assert not unnamed


@pytest.mark.parametrize("name", STARTED_BY_NAME)
def test_what_is_started_by_name_is_executable(name: str):
    assert os.access(SOURCE / name, os.X_OK)


def test_no_file_of_the_package_holds_a_path_of_one_machine():
    pattern = re.compile(r"/(?:home|root|work|Users)/\w")
    files = [path for path in (SOURCE / "tips_ros").rglob("*.py")] + [SOURCE / "run"]
    assert not [str(path) for path in files if pattern.search(path.read_text(encoding="utf-8"))]
