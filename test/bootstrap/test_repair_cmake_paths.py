# SPDX-License-Identifier: Apache-2.0
"""The include paths in the CMake files of the ROS wheels."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "bootstrap" / "repair_cmake_paths.py"


@pytest.fixture(scope="module")
def repair():
    spec = importlib.util.spec_from_file_location("repair_cmake_paths", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda text: module.repair(text, "/here/include/python3.12", "/here/numpy/include")


BUILDER = "/opt/python/cp311-cp311"


def test_python_s_include_path_becomes_this_one_s(repair):
    text = f'set(x "{BUILDER}/include/python3.11;/usr/include")'
    assert repair(text) == 'set(x "/here/include/python3.12;/usr/include")'


def test_numpy_s_include_path_becomes_this_one_s(repair):
    text = f'"{BUILDER}/lib/python3.11/site-packages/numpy/_core/include"'
    assert repair(text) == '"/here/numpy/include"'


def test_a_repaired_file_stays_as_it_is(repair):
    once = repair(f'"{BUILDER}/include/python3.11"')
    assert repair(once) == once


def test_other_paths_stay_as_they_are(repair):
    text = '"/opt/ros/jazzy/include;/opt/python/other"'
    assert repair(text) == text
