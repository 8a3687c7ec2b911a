# SPDX-License-Identifier: Apache-2.0
"""One list of dependencies: package.xml, the lists for pip, doctor and docs say the same."""

from __future__ import annotations

import ast
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tips_ros.libraries import ENGINES, NEEDED, OPTIONAL, ROS_OPTIONAL

SOURCE = Path(__file__).resolve().parents[1]
PAGE = (SOURCE / "docs" / "dependencies.md").read_text(encoding="utf-8")
LISTS = ("core", "open3d", "pictures", "ray", "openvino", "onnxruntime", "view")
LIBRARIES = (*NEEDED, *OPTIONAL, *ENGINES)
# Imported by measurements alone, which say so themselves.
COMPARED_WITH = {"transformers"}
# Parts of Python or of the lists' packages under names of their own.
PARTS = dict.fromkeys(("compression", "backports", "lz4"), "rosbags") | {"urllib3": "requests"}


def package_xml() -> dict[str, bool]:
    """Key → whether it comes on demand only; without those for building and testing."""
    root = ElementTree.parse(SOURCE / "package.xml").getroot()
    kinds = ("depend", "exec_depend")
    return {str(e.text): e.get("condition") is not None for e in root if e.tag in kinds}


def listed(name: str) -> list[Requirement]:
    """The lines of a list for pip, or of a file of constraints."""
    lines = (SOURCE / "bootstrap" / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


def requirements() -> dict[str, str]:
    """Package → the least version, of all lists for pip."""
    wanted = [one for name in LISTS for one in listed(f"requirements-{name}.txt")]
    return {one.name: s.version for one in wanted for s in one.specifier if s.operator == ">="}


def rows() -> list[list[str]]:
    """The cells of the first table."""
    (section,) = re.findall(r"^## Python packages\n(.*?)(?=^## )", PAGE, re.M | re.S)
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def imported() -> set[str]:
    """The roots of all that the package and its launch files import, wherever in them."""
    found = set()
    for path in (path for name in ("tips_ros", "launch") for path in (SOURCE / name).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(str(node.module).partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"tips_ros"}


@pytest.mark.slow
def test_whatever_is_imported_is_in_a_list():
    python = {PARTS.get(name, name) for name in imported()} - set(package_xml()) - COMPARED_WITH
    assert python - {"triton"} == {library.module for library in LIBRARIES}, (
        "triton comes with torch for a GPU"
    )


def test_the_table_has_each_package_of_the_lists_with_its_least_version():
    documented = {}
    for package, least, *_ in rows():
        names = re.findall(r"`([\w-]+)`", package.split("(")[0].split("; extra")[0])
        documented |= dict.fromkeys(names, least)
    assert documented == requirements()


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.module)
def test_doctor_and_errors_name_what_pip_takes(library):
    asked = Requirement(library.requirement or library.distributions[0])
    assert asked.name in requirements()


def test_each_key_of_the_table_is_one_of_package_xml_and_the_other_way_round():
    keys = {key for row in rows() for key in re.findall(r"`([\w.-]+)`", row[2])}
    declared = {key for key in package_xml() if key.startswith("python3-")}
    assert keys == declared
    on_demand = {key for row in rows() for key in re.findall(r"`([^`]+)`, on demand", row[2])}
    assert on_demand == {key for key in declared if package_xml()[key]}


def test_each_ros_package_is_on_the_page():
    ros = {key for key in package_xml() if not key.startswith("python3-")}
    (section,) = re.findall(r"^## ROS packages\n(.*)", PAGE, re.M | re.S)
    assert ros <= set(re.findall(r"`([\w.-]+)`", section))
    assert {library.module for library in ROS_OPTIONAL} <= ros


def test_the_line_for_pip_names_what_has_no_key_and_nothing_else():
    without_key = {row[0].strip("`") for row in rows() if row[2].startswith("none")}
    wanted = without_key & {one.name for one in listed("requirements-core.txt")}
    lines = re.findall(r"^python3 -m pip install (.*)$", PAGE, re.MULTILINE)
    assert lines and all({w for w in line.split() if w[0] != "-"} == wanted for line in lines)
    comment = (SOURCE / "package.xml").read_text(encoding="utf-8")
    assert all(name in comment for name in wanted)
