# SPDX-License-Identifier: Apache-2.0
"""The package on its own: what is built of the tree is whole, says what it is, and no more."""

from __future__ import annotations

import email
import email.message
import importlib.util
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import setuptools
from packaging.requirements import Requirement

import tips_ros

from .test_dependencies import listed

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).resolve().parents[1]
# What a package is built from; the rest of the tree may be anything.
BUILT_FROM = (
    *("LICENSE", "README.md", "CHANGELOG.rst", "MANIFEST.in", "CMakeLists.txt", "package.xml"),
    *("pyproject.toml", "setup.py", "bootstrap", "config", "launch", "models", "msg", "samples"),
    *("scripts", "srv", "test", "tips_ros"),
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist and the wheel that was made from it, as pip makes them."""
    if int(setuptools.__version__.split(".")[0]) < 77:
        pytest.skip("setuptools is older than 77 here, and no newer one is fetched")
    tree, out = tmp_path_factory.mktemp("tree") / "tips_ros", tmp_path_factory.mktemp("dist")
    tree.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", "data")
    for name in BUILT_FROM:
        path = SOURCE / name
        if path.is_dir():
            shutil.copytree(path, tree / name, ignore=unwanted)
        else:
            shutil.copy(path, tree)
    _run(tree, "-c", f"from setuptools import build_meta; build_meta.build_sdist({str(out)!r})")
    pip = ("-m", "pip", "wheel", "--no-index", "--no-deps", "--no-build-isolation")
    _run(out, *pip, *map(str, out.glob("*.tar.gz")))
    return out


def _run(folder: Path, *arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def metadata(built: Path) -> email.message.Message:
    """The wheel's."""
    with zipfile.ZipFile(*built.glob("*.whl")) as wheel:
        [name] = [n for n in wheel.namelist() if n.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(wheel.read(name))


def test_the_metadata_says_who_what_and_under_which_licence(metadata: Any):
    assert metadata["Version"] == tips_ros.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Summary"] and "\n" not in metadata["Summary"]
    assert metadata["Author-email"] and metadata["Project-URL"]
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().startswith("# tips_ros\n")
    assert not [c for c in metadata.get_all("Classifier") if c.startswith("License ::")]


def test_the_pythons_it_takes_are_those_that_the_set_up_takes(metadata: Any):
    named = [c.rpartition(" ")[2] for c in metadata.get_all("Classifier") if ":: 3." in c]
    assert set(metadata["Requires-Python"].split(",")) == {">=3.10", "<3.15"}
    assert named == ["3.10", "3.11", "3.12", "3.13", "3.14"]
    usage = (SOURCE / "run").read_text(encoding="utf-8")
    assert f"{named[0]} to {named[-1]}" in usage


def test_requirements_are_those_of_the_lists_that_the_set_up_installs(metadata: Any):
    required = [Requirement(one) for one in metadata.get_all("Requires-Dist")]
    for name in ("core", "open3d", "openvino", "onnxruntime", "test"):
        mine = [r for r in required if ("extra ==" in str(r.marker)) == (name != "core")]
        mine = [r for r in mine if name == "core" or f'extra == "{name}"' in str(r.marker)]
        ours = {(r.name, r.specifier) for r in listed(f"requirements-{name}.txt")}
        assert {(r.name, r.specifier) for r in mine} == ours


def test_the_sdist_holds_what_it_is_built_from_and_no_tests(built: Path):
    with tarfile.open(*built.glob("*.tar.gz")) as sdist:
        names = {"/".join(name.split("/")[1:]) for name in sdist.getnames()}
    assert {"package.xml", "CMakeLists.txt", "msg/ClassMap.msg", "scripts/tips_node"} <= names
    assert "bootstrap/requirements-core.txt" in names
    assert not [n for n in names if n.startswith(("test/", "docs/", "benchmarks/"))]
    assert not [n for n in names if n.endswith((".whl", ".pyc"))]


def test_the_wheel_holds_every_module_and_every_shared_file(built: Path):
    with zipfile.ZipFile(*built.glob("*.whl")) as wheel:
        names = set(wheel.namelist())
    modules = {str(path.relative_to(SOURCE)) for path in (SOURCE / "tips_ros").rglob("*.py")}
    assert modules <= names
    [data] = {name.split("/")[0] for name in names if ".data/" in name}
    for shared in ("package.xml", "models/demo/model.safetensors", "samples/drive/metadata.yaml"):
        assert f"{data}/data/share/tips_ros/{shared}" in names


def test_twine_has_nothing_to_say(built: Path):
    if importlib.util.find_spec("twine") is None:
        pytest.skip("twine is not installed; requirements-test.txt brings it")
    _run(built, "-m", "twine", "check", "--strict", *map(str, built.glob("tips_ros-*")))


def test_no_file_of_the_tree_is_a_built_package():
    """Downloads end up in the folder from which somebody starts pip."""
    strays = [p.name for p in SOURCE.iterdir() if p.suffix in (".whl", ".gz", ".zip")]
    assert not strays
