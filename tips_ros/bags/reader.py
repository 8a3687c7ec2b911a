# SPDX-License-Identifier: Apache-2.0
"""Reads ROS 2 bags: folders of rosbag2 in either storage, or one bare .mcap or .db3 file."""

from __future__ import annotations

import errno
import heapq
import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any, NamedTuple

from rosbags.typesys.store import Typestore

from tips_ros.bags.errors import BagError
from tips_ros.bags.folder import BagFiles, find_files
from tips_ros.bags.storage.open_storage import open_storage
from tips_ros.bags.storage.storage import BrokenFile, Channel, StorageFile
from tips_ros.bags.storage.unpacking import ZSTD_MAGIC, unpack
from tips_ros.bags.topics import is_cdr, sort_topics
from tips_ros.bags.types import OWN_PACKAGE, describes, typestore_of

logger = logging.getLogger(__name__)

_NAMED_IN_ERRORS = 5


class BagMessage(NamedTuple):
    """A message as recorded: `stamp_ns` is when it was received, `data` its CDR bytes."""

    topic: str
    type: str
    stamp_ns: int
    data: bytes


class BagReader:
    """An open bag; a context manager.

    The files count: metadata.yaml only helps to find them, and may be wrong or missing. What had
    to be assumed, and what is left out, is logged in one line each.

    Attributes:
        path: the bag as it was given.
        topics: what was recorded, by name.
        left_out: topics that are not of ROS 2, with the reason; nothing else tells of them.
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
        with ExitStack() as undo:
            bag = find_files(self.path)
            self._storages = self._open(bag, undo)
            channels = [channel for storage in self._storages for channel in storage.channels]
            self.topics, self.left_out = sort_topics(channels, bag.metadata.qos)
            self._refuse_another_kind(channels)
            self.message_count = sum(topic.count for topic in self.topics.values())
            if self.message_count == 0:
                raise BagError(f"{self.path} holds no messages; record it again")
            self.start_ns = min(s.start_ns for s in self._storages if _is_used(s))
            self.end_ns = max(s.end_ns for s in self._storages if _is_used(s))
            if self.left_out:  # whose first message may be of another age
                self.start_ns = next(iter(self.messages())).stamp_ns
            self._tell(bag, sum(channel.count for channel in channels))
            self._files = undo.pop_all()

    def _open(self, bag: BagFiles, undo: ExitStack) -> list[StorageFile]:
        """Opens the files; of several, one that is broken is told and left out."""
        scratch = Path(undo.enter_context(TemporaryDirectory(prefix="tips_ros_bag_")))
        storages: list[StorageFile] = []
        broken: list[BagError] = []
        for path in bag.paths:
            try:
                storage = open_storage(path, scratch)
            except (BrokenFile, OSError) as error:
                shown = self.path if len(bag.paths) == 1 else path
                broken.append(BagError(_describe_unreadable(shown, error)))
                continue
            undo.callback(storage.close)
            storages.append(storage)
        if not storages:
            raise broken[0]
        bag.notes.extend(f"left out: {error}" for error in broken)
        return storages

    def _refuse_another_kind(self, channels: list[Channel]) -> None:
        """Says what a bag is that has nothing for ROS 2 in it."""
        if self.topics or not channels:
            return
        some = ", ".join(list(self.left_out)[:_NAMED_IN_ERRORS])
        kinds = ", ".join(sorted({channel.serialization or "unknown" for channel in channels}))
        if any(channel.serialization == "ros1" for channel in channels):
            raise BagError(
                f"{self.path} is a ROS 1 recording in an mcap file ({some}), which is not read; "
                f"convert the .bag it was made of with `rosbags-convert`"
            )
        raise BagError(
            f"{self.path} holds no messages of ROS 2: its messages are of the encoding {kinds} "
            f"({some}), not cdr; record the ROS 2 topics with `ros2 bag record`"
        )

    def _tell(self, bag: BagFiles, count: int) -> None:
        for note in (*bag.notes, *(note for one in self._storages for note in one.notes)):
            logger.warning("%s", note)
        described = bag.metadata.message_count
        if described is not None and described != count:
            logger.warning(
                "%s: metadata.yaml counts %d messages, the files hold %d: the files are right",
                *(self.path, described, count),
            )
        if self.left_out:
            listed = ", ".join(f"{name} ({why})" for name, why in sorted(self.left_out.items()))
            logger.warning("%s: left out, as they are not ROS 2 messages: %s", self.path, listed)

    @cached_property
    def typestore(self) -> Typestore:
        """The types of ROS 2 Jazzy, of this package, and those that the bag brings along."""
        return typestore_of({topic.type: topic.definition for topic in self.topics.values()})

    @cached_property
    def copy_typestore(self) -> Typestore:
        """`typestore`, but with the messages of this package as they are now: for a `BagWriter`."""
        return typestore_of(
            {
                topic.type: topic.definition
                for topic in self.topics.values()
                if not topic.type.startswith(OWN_PACKAGE)
            }
        )

    @cached_property
    def undescribed(self) -> list[str]:
        """The topics whose messages are no more than bytes: nobody says what they look like."""
        return [n for n, topic in self.topics.items() if not describes(self.typestore, topic.type)]

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
        files = [self._of_file(storage, wanted) for storage in self._storages]
        try:
            for message in heapq.merge(*files, key=lambda message: message.stamp_ns):
                if message.topic:
                    yield message
        except (BrokenFile, OSError) as error:
            raise BagError(_describe_unreadable(self.path, error)) from error

    def _of_file(self, storage: StorageFile, wanted: set[str]) -> Iterator[BagMessage]:
        topic_of = {
            channel.id: self.topics[channel.topic]
            for channel in storage.channels
            if channel.topic in wanted and is_cdr(channel) and channel.count
        }
        if not topic_of:
            return
        # So that nothing is read of a file before its time has come.
        yield BagMessage("", "", storage.start_ns, b"")
        for stamp_ns, channel, data in storage.messages(topic_of):
            # A recorder that compresses each message says so in metadata.yaml only; CDR itself
            # starts with a zero byte.
            if data[:4] == ZSTD_MAGIC:
                data = unpack("zstd", data)
            topic = topic_of[channel]
            yield BagMessage(topic.name, topic.type, stamp_ns, data)

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
        self._files.close()

    def __enter__(self) -> BagReader:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _is_used(storage: StorageFile) -> bool:
    return any(channel.count for channel in storage.channels)


def _describe_unreadable(path: Path, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"{path} cannot be unpacked ({error.strerror}); make room in {gettempdir()}"
    if isinstance(error, OSError) and error.strerror:
        return f"{path} cannot be read ({error.strerror}); see that it is there and yours to read"
    hint = "copy it again, or repair it with `ros2 bag reindex` or `mcap recover`"
    if "compression" in str(error):
        hint = "convert it with `ros2 bag convert`"
    return f"{path} cannot be read ({_one_line(error)}); {hint}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
