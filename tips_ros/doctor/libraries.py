# SPDX-License-Identifier: Apache-2.0
"""The libraries that are installed, and the functions that the others would bring."""

from __future__ import annotations

import importlib.metadata

from tips_ros.doctor.findings import Finding, Section, Status
from tips_ros.libraries import NEEDED, OPTIONAL, ROS_OPTIONAL, Library, is_here


def libraries() -> Section:
    """Those of the core and of the command line."""
    needed = (_make_finding(library, Status.BROKEN) for library in NEEDED)
    optional = (_make_finding(library, Status.ABSENT) for library in OPTIONAL)
    return Section("Libraries", (*needed, *optional))


def ros_libraries() -> tuple[Finding, ...]:
    """ROS packages that the node uses where they are installed."""
    return tuple(_make_finding(library, Status.ABSENT) for library in ROS_OPTIONAL)


def version_of(library: Library) -> str:
    """Version by the package's metadata; empty where it has none."""
    for name in library.distributions:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def _make_finding(library: Library, if_absent: Status) -> Finding:
    if is_here(library.module):
        return Finding(library.module, version_of(library) or "present")
    advice = library.without if library in ROS_OPTIONAL else f"{library.without}; {library.fix}"
    return Finding(library.module, "absent", if_absent, advice)
