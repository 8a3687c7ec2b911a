# SPDX-License-Identifier: Apache-2.0
"""The common face of the files that hold a bag's messages, whatever their format is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from rosbags.interfaces import Qos
from rosbags.rosbag2.metadata import parse_qos

CDR = "cdr"


class BrokenFile(ValueError):
    """A storage file that cannot be read; says why in a few words, without the file's name."""


class Definition(NamedTuple):
    """The text that a recorder kept about a type; both are empty where it kept none."""

    encoding: str = ""  # ros2msg, ros2idl, or whatever else was written there
    text: str = ""


@dataclass(frozen=True)
class Channel:
    """The messages that one file holds of one topic from one publisher, or from several alike."""

    id: int
    topic: str
    type: str  # as recorded; empty where a file says nothing
    serialization: str  # cdr is what ROS 2 reads
    definition: Definition
    qos: Qos | None
    count: int


class Record(NamedTuple):
    """A message in a file: receive time in nanoseconds, the channel's id, its bytes."""

    stamp_ns: int
    channel: int
    data: bytes


class StorageFile(Protocol):
    """An open file of a bag.

    Attributes:
        channels: what it holds.
        start_ns: receive time of its first message; 0 without any.
        end_ns: of its last message.
        notes: what was assumed, one line each.
    """

    channels: list[Channel]
    start_ns: int
    end_ns: int
    notes: list[str]

    def messages(self, channels: Collection[int]) -> Iterator[Record]:
        """Goes through the messages of these channels in the order of their stamps.

        Raises:
            BrokenFile: bytes that cannot be read.
        """

    def close(self) -> None:
        """Closes the file."""


def read_qos(recorded: object) -> Qos | None:
    """QoS that the first publisher offered; None where none was kept, or was edited to nonsense."""
    try:
        return next(iter(parse_qos(recorded)), None)  # type: ignore[arg-type]
    # The YAML of some recorders, and of all editors, can make the library stumble in any way.
    except Exception:
        return None
