# SPDX-License-Identifier: Apache-2.0
"""ROS as this process would use it: distribution, middleware, domain, discovery."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import sys
from pathlib import Path

from tips_ros.doctor.findings import Finding, Section, Status
from tips_ros.doctor.libraries import ros_libraries
from tips_ros.libraries import is_here
from tips_ros.ros.transport_profile import VARIABLES, profile_variables, shipped_profile

_DEFAULT_RMW = "rmw_fastrtps_cpp"
_RANGES = ("SUBNET", "LOCALHOST", "OFF", "SYSTEM_DEFAULT")
_LAST_DOMAIN, _LAST_SAFE_DOMAIN = 232, 101
_WITHOUT_ROS = "no node and no live topics; `tips_ros infer` and `tips_ros bag` need no ROS"


def ros() -> Section:
    """Everything about ROS. rclpy is imported, no node is made."""
    if not is_here("rclpy"):
        absent = Finding("ROS 2", "not here", Status.ABSENT, _absence())
        return Section("ROS", (absent,))
    rmw = _rmw()
    return Section(
        "ROS",
        (
            Finding("distribution", _distribution()),
            _rclpy(),
            _interfaces(),
            rmw,
            _domain(),
            _discovery(),
            *(_profile() if "fastrtps" in rmw.value else ()),
            *ros_libraries(),
        ),
    )


def _absence() -> str:
    distribution = os.environ.get("ROS_DISTRO")
    if distribution is None:
        return f"{_WITHOUT_ROS}; source /opt/ros/DISTRO/setup.bash, or start with ./run exec"
    version = ".".join(map(str, sys.version_info[:2]))
    return (
        f"{_WITHOUT_ROS}; {distribution} is sourced, but this Python {version} has no rclpy: use "
        "the Python that it was built for"
    )


def _distribution() -> str:
    if distribution := os.environ.get("ROS_DISTRO"):
        return f"{distribution} (sourced)"
    names = (dist.name for dist in importlib.metadata.distributions() if dist.name)
    wheels = {match[1] for name in names if (match := re.match(r"ros[-_](\w+?)[-_]rclpy$", name))}
    if wheels:
        return f"{', '.join(sorted(wheels))} (wheels)"
    return "unknown: ROS_DISTRO is not set"


def _rclpy() -> Finding:
    try:
        importlib.import_module("rclpy.node")
    except Exception as error:  # a missing library, another Python, a foreign NumPy, ...
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        fix = (
            f"it can't be imported ({reason}); source the setup file of the ROS that was built for "
            f"Python {sys.version_info[0]}.{sys.version_info[1]}, or start with ./run exec"
        )
        return Finding("rclpy", "present", Status.BROKEN, fix)
    return Finding("rclpy", "works")


def _interfaces() -> Finding:
    if is_here("tips_ros.msg"):
        return Finding("tips_ros/msg, /srv", "built")
    cost = "the node can't start; build the package with colcon and source it, or use ./run"
    return Finding("tips_ros/msg, /srv", "not built", Status.ABSENT, cost)


def _rmw() -> Finding:
    chosen = os.environ.get("RMW_IMPLEMENTATION")
    name = chosen or _DEFAULT_RMW
    if chosen and not _is_installed(chosen):
        fix = "RMW_IMPLEMENTATION names it; install it, or unset the variable"
        return Finding("middleware", f"{chosen} is not installed", Status.BROKEN, fix)
    return Finding("middleware", name if chosen else f"{name} (default)")


def _is_installed(package: str) -> bool:
    prefixes = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    index = Path("share", "ament_index", "resource_index", "packages", package)
    return is_here(package) or any((Path(prefix) / index).exists() for prefix in prefixes if prefix)


def _domain() -> Finding:
    value = os.environ.get("ROS_DOMAIN_ID", "")
    if not value:
        return Finding("ROS_DOMAIN_ID", "0 (default)")
    if not value.isdecimal() or int(value) > _LAST_DOMAIN:
        fix = f"must be 0 to {_LAST_DOMAIN}, better at most {_LAST_SAFE_DOMAIN}"
        return Finding("ROS_DOMAIN_ID", value, Status.BROKEN, fix)
    if int(value) > _LAST_SAFE_DOMAIN:
        cost = f"above {_LAST_SAFE_DOMAIN} its ports may be taken by outgoing connections"
        return Finding("ROS_DOMAIN_ID", f"{value} ({cost})")
    return Finding("ROS_DOMAIN_ID", value)


def _discovery() -> Finding:
    reach = os.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "")
    peers = os.environ.get("ROS_STATIC_PEERS")
    value = reach or "SUBNET (default)"
    if os.environ.get("ROS_LOCALHOST_ONLY", "0") not in ("", "0"):
        value = "this machine only (ROS_LOCALHOST_ONLY)"
    elif reach and reach.upper() not in _RANGES:
        fix = f"ROS_AUTOMATIC_DISCOVERY_RANGE must be one of {', '.join(_RANGES)}"
        return Finding("discovery", reach, Status.BROKEN, fix)
    return Finding("discovery", value + (f", peers {peers}" if peers else ""))


def _profile() -> tuple[Finding, ...]:
    files = {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
    if not files:
        cost = (
            "half a megabyte of shared memory for each process, so that clouds travel in pieces "
            "through the network stack; the launch file and ./run bring more, elsewhere export "
            f"{profile_variables()[0]}={shipped_profile()}"
        )
        return (Finding("Fast DDS profile", "none", Status.ABSENT, cost),)
    findings = []
    for name, file in files.items():
        if Path(file).is_file():
            findings.append(Finding("Fast DDS profile", f"{file} ({name})"))
        else:
            fix = f"there is no such file; correct or unset {name}"
            findings.append(Finding("Fast DDS profile", file, Status.BROKEN, fix))
    return tuple(findings)
