# SPDX-License-Identifier: Apache-2.0
"""Absent libraries in doctor's report, each with the price of its absence."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from tips_ros.doctor.findings import Status
from tips_ros.doctor.libraries import libraries, ros_libraries
from tips_ros.libraries import NEEDED, OPTIONAL

COSTS = {
    "safetensors": "Hugging Face",
    "sentencepiece": "no prompts",
    "open3d": "outlier filter",
    "rosbags": "tips_ros bag",
    "tqdm": "no bars",
    "transforms3d": "no node",
    "psutil": "no node",
    "scipy": "no node",
    "requests": "tips_ros download",
    "matplotlib": "no overview.png",
    "vision_msgs": "label_info",
    "tf2_ros": "tf2_msgs",
    "tf2_msgs": "~/locate",
}


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a module look as if it were not installed."""
    find_spec = importlib.util.find_spec

    def hide(*hidden: str) -> None:
        monkeypatch.setattr(
            importlib.util,
            "find_spec",
            lambda name, package=None: None if name in hidden else find_spec(name, package),
        )

    return hide


def test_what_is_here_has_its_version():
    here = {f.topic: f for f in libraries().findings}
    assert set(here) == {library.module for library in (*NEEDED, *OPTIONAL)}
    assert here["torch"].status is Status.GOOD and here["torch"].value[0].isdigit()


@pytest.mark.parametrize("module", COSTS)
def test_an_optional_one_that_is_absent_costs_something(hide: Any, module: str):
    hide(module)
    found = (*libraries().findings, *ros_libraries())
    [finding] = [f for f in found if f.topic == module]
    assert (finding.value, finding.status) == ("absent", Status.ABSENT)
    assert COSTS[module] in finding.advice


def test_a_needed_one_that_is_absent_is_broken(hide: Any):
    hide("yaml")
    [finding] = [f for f in libraries().findings if f.topic == "yaml"]
    assert finding.status is Status.BROKEN and "pip install PyYAML" in finding.advice
