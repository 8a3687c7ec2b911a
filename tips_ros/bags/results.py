# SPDX-License-Identifier: Apache-2.0
"""Bags that hold results of ours: each says so, so that none is taken for a recording."""

from __future__ import annotations

from pathlib import Path

from tips_ros.bags import metadata
from tips_ros.bags.storage.mcap_index import read_notes

KEY = "tips_ros_results_of"  # of rosbag2's custom data, in metadata.yaml and in the mcap file
_ROSBAG2, _METADATA = "rosbag2", "serialized_metadata"  # rosbag2's own names


def holds_results(bag: Path) -> bool:
    """Whether a folder or file says that a command of ours wrote it."""
    try:
        if bag.is_dir():
            return KEY in (bag / metadata.NAME).read_text(errors="replace")
    except OSError:
        return False
    return KEY in read_notes(bag, _ROSBAG2).get(_METADATA, "")
