# SPDX-License-Identifier: Apache-2.0
"""Reads ROS 2 bags: folders of rosbag2 in either storage, or one bare .mcap or .db3 file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from rosbags.interfaces import ConnectionExtRosbag2, Qos, QosDurability
from rosbags.rosbag2 import Reader
from rosbags.typesys.store import Typestore

from tips_ros.bags.errors import BagError
from tips_ros.bags.types import full_type_name, typestore_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd  # comes with rosbags

_STORAGE_SUFFIXES = (".mcap", ".db3")
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class TopicInfo:
    """A recorded topic; `qos` is what its first publisher offered, None if that was not kept."""

    name: str
    type: str
    count: int
    qos: Qos | None

    @property
    def latched(self) -> bool:
        """Whether late subscribers got the last messages (transient local), as with tf_static."""
        return self.qos is not None and self.qos.durability == QosDurability.TRANSIENT_LOCAL


class BagMessage(NamedTuple):
    """A message as recorded: `stamp_ns` is when it was received, `data` its CDR bytes."""

    topic: str
    type: str
    stamp_ns: int
    data: bytes


class BagReader:
    """An open bag; a context manager.

    Attributes:
        path: the bag as it was given.
        topics: what was recorded, by name.
        start_ns: receive time of the first message, nanoseconds.
        end_ns: receive time of the last message, nanoseconds.
        message_count: messages on all topics.
    """

    def __init__(self, path: str | Path) -> None:
        """Open the bag and read its index, not its messages.

        Raises:
            BagError: nothing there, not a ROS 2 bag, broken, compressed in an unknown way, empty.
        """
        self.path = Path(path)
        self._reader = Reader(_storage(self.path))
        try:
            self._reader.open()
            if self._reader.message_count == 0:
                raise BagError(f"{self.path} holds no messages; record it again")
            self.topics = _topics(self._reader)
        except BagError:
            self.close()
            raise
        # The library lets errors of struct, sqlite, yaml and more through when bytes are broken.
        except Exception as error:
            self.close()
            raise BagError(_unreadable(self.path, error)) from error
        self.start_ns = self._reader.start_time
        self.end_ns = self._reader.end_time - 1
        self.message_count = self._reader.message_count

    @cached_property
    def typestore(self) -> Typestore:
        """The types of ROS 2 Jazzy, of this package, and those that the bag brings along."""
        return typestore_of(self._reader.connections)

    def messages(self, topics: Iterable[str] | None = None) -> Iterator[BagMessage]:
        """Go through the messages in the order of their stamps, few in memory at a time.

        Args:
            topics: names of the topics to read; all by default.

        Raises:
            BagError: a topic that is not in the bag, or bytes that cannot be read.
        """
        wanted = set(self.topics if topics is None else topics)
        if unknown := sorted(wanted - set(self.topics)):
            raise BagError(
                f"{self.path} has no topic {unknown[0]}; it has {', '.join(self.topics)}"
            )
        return self._messages(wanted)

    def _messages(self, wanted: set[str]) -> Iterator[BagMessage]:
        connections = [c for c in self._reader.connections if c.topic in wanted]
        if not connections:
            return
        count = 0
        try:
            with closing(self._reader.messages(connections)) as messages:
                for connection, stamp_ns, data in messages:
                    # A recorder that compresses each message says so in metadata.yaml only; CDR
                    # itself starts with a zero byte.
                    if data[:4] == _ZSTD_MAGIC:
                        data = zstd.decompress(data)
                    kind = full_type_name(connection.msgtype)
                    yield BagMessage(connection.topic, kind, stamp_ns, bytes(data))
                    count += 1
        except Exception as error:
            raise BagError(_unreadable(self.path, error)) from error
        if count == 0 and any(self.topics[topic].count for topic in wanted):
            raise BagError(
                f"{self.path}: metadata.yaml does not describe the files beside it; "
                f"run `ros2 bag reindex`"
            )

    def deserialize(self, message: BagMessage) -> Any:
        """The message as an object with the fields of its ROS type; sequences are ndarrays.

        Raises:
            BagError: the bag does not say what its type looks like, or the bytes are not of it.
        """
        if message.type not in self.typestore.fielddefs:
            raise BagError(
                f"{self.path}: {message.topic} is of the unknown type {message.type}; "
                f"record to mcap, which keeps the definitions of types"
            )
        try:
            return self.typestore.deserialize_cdr(message.data, message.type)
        except Exception as error:
            raise BagError(
                f"{self.path}: {message.topic} at {message.stamp_ns} ns holds no {message.type} "
                f"({_one_line(error)}); record it again"
            ) from error

    def close(self) -> None:
        """Close the files; does nothing the second time."""
        if self._reader.is_open:
            self._reader.close()

    def __enter__(self) -> BagReader:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _storage(path: Path) -> Path:
    """What to open: the folder, the file, or the only file of a folder without metadata."""
    if not path.exists():
        raise BagError(f"{path} does not exist; give the folder of a ROS 2 bag")
    if path.is_dir() and not (path / "metadata.yaml").exists():
        files = sorted(p for p in path.iterdir() if p.suffix in _STORAGE_SUFFIXES)
        if len(files) != 1:
            raise BagError(
                f"{path} has no metadata.yaml and {len(files) or 'no'} storage files; "
                f"give the folder of a ROS 2 bag, or run `ros2 bag reindex`"
            )
        return files[0]
    if path.suffix == ".bag" and path.is_file():
        raise BagError(f"{path} is a ROS 1 bag; convert it with `rosbags-convert`")
    if path.is_file() and path.suffix not in _STORAGE_SUFFIXES:
        raise BagError(f"{path} is not a ROS 2 bag; give its folder, a .mcap or a .db3 file")
    return path


def _topics(reader: Reader) -> dict[str, TopicInfo]:
    topics: dict[str, TopicInfo] = {}
    for connection in reader.connections:
        ext = connection.ext
        offered = ext.offered_qos_profiles if isinstance(ext, ConnectionExtRosbag2) else []
        kind = full_type_name(connection.msgtype)
        info = TopicInfo(connection.topic, kind, connection.msgcount, next(iter(offered), None))
        if (known := topics.get(info.name)) is not None:  # several publishers of one topic
            if known.type != info.type:
                raise BagError(
                    f"{reader.path}: topic {info.name} has the types {known.type} and {info.type}; "
                    f"filter the bag with `ros2 bag convert`"
                )
            info = replace(known, count=known.count + info.count, qos=known.qos or info.qos)
        topics[info.name] = info
    return topics


def _unreadable(path: Path, error: Exception) -> str:
    hint = "copy it again, or repair it with `ros2 bag reindex` or `mcap recover`"
    if "ompression" in str(error):
        hint = "convert it with `ros2 bag convert`"
    return f"{path} cannot be read ({_one_line(error)}); {hint}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
