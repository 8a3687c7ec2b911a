# SPDX-License-Identifier: Apache-2.0
"""Enough shared memory for images and clouds between the processes of one machine.

Fast DDS gives each process half a megabyte by default. A camera's image does not fit, goes through
the network stack in pieces and arrives late or, once newer ones push it out of the sender's queue,
not at all. config/fastdds.xml gives more; this tells when to use it, and how. `python -m` prints
the variables as NAME=VALUE.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tips_ros.resources import share_dir

# Fast DDS 2 (Humble, Jazzy) reads the first. Fast DDS 3 reads both, complains of the first, and
# where both are set reads the file twice and complains of that.
VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
MEMORY = Path("/dev/shm")

_SHARES = 4  # camera, node, viewer, and one more
_LEAST_BYTES = 8 << 20
_NAMESPACE = "http://www.eprosima.com"


def profile_variables(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Those of VARIABLES that the Fast DDS here wants; both where none is found.

    Args:
        environment: where ROS is, in AMENT_PREFIX_PATH; None is this process's.
    """
    environment = os.environ if environment is None else environment
    for prefix in environment.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        for name, package in zip(VARIABLES, ("fastrtps", "fastdds"), strict=True):
            if prefix and Path(prefix, "share", package).is_dir():
                return (name,)
    return VARIABLES


def shipped_profile() -> Path:
    """The Fast DDS profile that comes with the package."""
    return share_dir() / "config" / "fastdds.xml"


def transport_environment(
    profile: Path | None = None,
    smaller_in: Path | None = None,
    environment: Mapping[str, str] | None = None,
    memory: Path = MEMORY,
) -> dict[str, str]:
    """The variables that make processes use a profile.

    Args:
        profile: the file; None is the one that comes along.
        smaller_in: a folder for a copy of it with less shared memory, where there is too little
            for it; the folder must last as long as processes start. None: then no profile.
        environment: where the user's own choices are; None is this process's.
        memory: where the system keeps shared memory.

    Returns:
        Nothing when the user has a profile already or chose other middleware, and when there is
        too little shared memory: with a segment that does not fit, Fast DDS would do without any.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is not XML.
    """
    environment = os.environ if environment is None else environment
    profile = (profile or shipped_profile()).absolute()
    wanted = _segment_bytes(profile)
    if any(environment.get(name) for name in VARIABLES):
        return {}
    if "fastrtps" not in (environment.get("RMW_IMPLEMENTATION") or "rmw_fastrtps_cpp"):
        return {}
    free = shutil.disk_usage(memory).free if memory.is_dir() else 0
    if free < _SHARES * wanted:
        fitting = free // _SHARES
        if smaller_in is None or fitting < _LEAST_BYTES:
            return {}
        profile = _smaller(profile, smaller_in.absolute(), fitting)
    return dict.fromkeys(profile_variables(environment), str(profile))


def _segment_bytes(profile: Path) -> int:
    """The largest of the shared-memory segments that a profile asks for; 0 if for none."""
    sizes = _parse(profile).iterfind(".//{*}segment_size")
    return max((int(size.text or 0) for size in sizes), default=0)


def _smaller(profile: Path, folder: Path, segment: int) -> Path:
    tree = _parse(profile)
    for name, size in (("segment_size", segment), ("maxMessageSize", segment // 2)):
        for element in tree.iterfind(f".//{{*}}{name}"):
            element.text = str(size)
    ElementTree.register_namespace("", _NAMESPACE)  # Fast DDS knows no prefixes
    copy = folder / profile.name
    tree.write(copy, encoding="utf-8", xml_declaration=True)
    return copy


def _parse(profile: Path) -> ElementTree.ElementTree[Any]:
    try:
        return ElementTree.parse(profile)
    except ElementTree.ParseError as error:
        raise ValueError(f"{profile}: not XML: {error}") from None


if __name__ == "__main__":
    for name, value in transport_environment().items():
        print(f"{name}={value}")
