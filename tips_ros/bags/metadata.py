# SPDX-License-Identifier: Apache-2.0
"""metadata.yaml of a bag's folder: a help to find its files, and never needed to read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from rosbags.interfaces import Qos

from tips_ros.bags.errors import BagError
from tips_ros.bags.storage.storage import read_qos
from tips_ros.texts.yaml_text import load_yaml

NAME = "metadata.yaml"


@dataclass(frozen=True)
class BagMetadata:
    """The part of it that is of use.

    Attributes:
        files: names of the storage files, in their order.
        message_count: of all files; None where it does not say.
        qos: topic → what its first publisher offered; it wins over the files, as in rosbag2.
    """

    files: tuple[str, ...] = ()
    message_count: int | None = None
    qos: dict[str, Qos] = field(default_factory=dict)


def read_metadata(folder: Path) -> BagMetadata | None:
    """None where there is none, or nothing that can be understood.

    Raises:
        BagError: the messages are packed in a way that is not read.
    """
    try:
        loaded = load_yaml((folder / NAME).read_text(errors="replace"))
        info = loaded["rosbag2_bagfile_information"]
        files = tuple(PurePath(str(name)).name for name in info["relative_file_paths"])
    except (OSError, TypeError, KeyError, ValueError):
        return None
    mode, packed = (str(info.get(f"compression_{key}") or "") for key in ("mode", "format"))
    if mode.lower() not in ("", "none") and packed not in ("", "zstd"):
        raise BagError(
            f"{folder}: compression {packed!r} is not read; convert it with `ros2 bag convert`"
        )
    count = info.get("message_count")
    return BagMetadata(files, count if isinstance(count, int) else None, _qos(info))


def _qos(info: dict[str, Any]) -> dict[str, Qos]:
    found = {}
    topics = info.get("topics_with_message_count")
    for entry in topics if isinstance(topics, list) else ():
        topic = entry.get("topic_metadata") if isinstance(entry, dict) else None
        if isinstance(topic, dict) and (qos := read_qos(topic.get("offered_qos_profiles"))):
            found[str(topic.get("name"))] = qos
    return found
