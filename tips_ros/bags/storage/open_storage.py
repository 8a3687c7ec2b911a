# SPDX-License-Identifier: Apache-2.0
"""Opens a storage file by what it begins with; its name and metadata.yaml may say otherwise."""

from __future__ import annotations

from pathlib import Path

from tips_ros.bags.errors import BagError
from tips_ros.bags.storage import sqlite_file
from tips_ros.bags.storage.mcap_file import McapFile
from tips_ros.bags.storage.mcap_records import MAGIC
from tips_ros.bags.storage.sqlite_file import SqliteFile
from tips_ros.bags.storage.storage import BrokenFile, StorageFile
from tips_ros.bags.storage.unpacking import ZSTD_MAGIC, unpack_file

_ROS1_MAGIC = b"#ROSBAG V"


def open_storage(path: Path, scratch: Path) -> StorageFile:
    """Opens one file of a bag.

    Args:
        path: the file.
        scratch: a folder for what is unpacked; it must stay as long as the file is open.

    Raises:
        BagError: a ROS 1 bag.
        BrokenFile: none of the formats that are read, or damaged.
        OSError: it cannot be read, or not be unpacked.
    """
    with path.open("rb") as stream:
        magic = stream.read(16)
    if magic.startswith(_ROS1_MAGIC):
        raise BagError(f"{path} is a ROS 1 bag; convert it with `rosbags-convert`")
    if magic.startswith(ZSTD_MAGIC):
        plain = scratch / path.stem
        is_whole = unpack_file(path, plain)
        storage = open_storage(plain, scratch)
        if not is_whole:
            storage.notes.append(f"{path.name} was cut short: what could be unpacked is read")
        return storage
    if magic.startswith(MAGIC):
        return McapFile(path)
    if magic == sqlite_file.MAGIC:
        return SqliteFile(path)
    raise BrokenFile("it is neither mcap nor sqlite3" if magic else "it is empty")
