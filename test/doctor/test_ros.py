# SPDX-License-Identifier: Apache-2.0
"""ROS as the environment describes it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from tips_ros.doctor import ros
from tips_ros.doctor.findings import Finding, Status

VARIABLES = (
    *("ROS_DISTRO", "RMW_IMPLEMENTATION", "ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE"),
    *("ROS_STATIC_PEERS", "ROS_LOCALHOST_ONLY", "FASTRTPS_DEFAULT_PROFILES_FILE"),
    "FASTDDS_DEFAULT_PROFILES_FILE",
)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of whoever runs the tests; rclpy is here and works."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(ros, "is_here", lambda name: True)
    monkeypatch.setattr(importlib, "import_module", lambda name: None)


def finding(topic: str) -> Finding:
    [found] = [f for f in ros.ros().findings if f.topic == topic]
    return found


@pytest.mark.slow
def test_the_defaults_are_named_as_such():
    assert finding("middleware").value == "rmw_fastrtps_cpp (default)"
    assert finding("ROS_DOMAIN_ID").value == "0 (default)"
    assert finding("discovery").value == "SUBNET (default)"
    profile = finding("Fast DDS profile")
    assert profile.status is Status.ABSENT and "half a megabyte" in profile.advice
    assert not any(f.status is Status.BROKEN for f in ros.ros().findings)


def test_a_sourced_distribution_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ROS_DISTRO", "humble")
    assert finding("distribution").value == "humble (sourced)"


@pytest.mark.parametrize(
    ("variable", "value", "topic", "fix"),
    [
        ("ROS_DOMAIN_ID", "many", "ROS_DOMAIN_ID", "must be 0 to 232"),
        ("ROS_DOMAIN_ID", "233", "ROS_DOMAIN_ID", "must be 0 to 232"),
        ("ROS_AUTOMATIC_DISCOVERY_RANGE", "HOME", "discovery", "must be one of SUBNET"),
        ("FASTRTPS_DEFAULT_PROFILES_FILE", "/no/such.xml", "Fast DDS profile", "no such file"),
    ],
)
def test_a_variable_that_can_t_work_is_broken(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, topic: str, fix: str
):
    monkeypatch.setenv(variable, value)
    found = finding(topic)
    assert found.status is Status.BROKEN and fix in found.advice


@pytest.mark.slow
def test_variables_that_work_are_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "profile.xml").write_text("<dds/>")
    monkeypatch.setenv("FASTDDS_DEFAULT_PROFILES_FILE", str(tmp_path / "profile.xml"))
    monkeypatch.setenv("ROS_DOMAIN_ID", "150")
    monkeypatch.setenv("ROS_LOCALHOST_ONLY", "1")
    assert finding("Fast DDS profile").status is Status.GOOD
    assert finding("ROS_DOMAIN_ID").value.startswith("150 (above 101")
    assert "this machine only" in finding("discovery").value


@pytest.mark.slow
def test_a_middleware_that_is_not_installed_is_broken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RMW_IMPLEMENTATION", "rmw_zenoh_cpp")
    monkeypatch.setattr(ros, "is_here", lambda name: name != "rmw_zenoh_cpp")
    found = finding("middleware")
    assert found.status is Status.BROKEN and "unset the variable" in found.advice
    assert not any(f.topic == "Fast DDS profile" for f in ros.ros().findings)


def test_no_ros_is_absent_and_not_broken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ros, "is_here", lambda name: False)
    [found] = ros.ros().findings
    assert found.status is Status.ABSENT and "source /opt/ros" in found.advice
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    [found] = ros.ros().findings
    assert "jazzy is sourced, but this Python" in found.advice


def test_an_rclpy_of_another_python_is_broken(monkeypatch: pytest.MonkeyPatch):
    def fail(name: str) -> Any:
        raise ImportError("no _rclpy_pybind11.so\nfor this Python")

    monkeypatch.setattr(importlib, "import_module", fail)
    found = finding("rclpy")
    assert found.status is Status.BROKEN and "no _rclpy_pybind11.so for this" in found.advice
