# SPDX-License-Identifier: Apache-2.0
"""A recording made small enough to keep: packed, and large outputs of every n-th frame only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from tips_ros.bags import BagReader, BagWriter
from tips_ros.bags.storage.unpacking import zstd
from tips_ros.offline.topic_copy import copy_topics
from tips_ros.replay.stamp_log import header_stamp_ns

MOST_BYTES = 140_000_000
_SMALL_SHARE = 0.12  # of the room: a topic that takes no more is kept whole
_ASKED = 3  # messages of a topic that tell how well it packs


class Thinning(NamedTuple):
    """The part of a recording that is kept.

    Attributes:
        every: large topics are kept of every n-th frame; 1 is all.
        topics: the large ones, sorted.
    """

    every: int
    topics: tuple[str, ...]


def thin_recording(
    path: Path,
    framed: Collection[str],
    shown_stamp_ns: int | None = None,
    most_bytes: int = MOST_BYTES,
) -> Thinning:
    """Replaces a recording by one of about `most_bytes` at most.

    Its chunks are packed with zstd, which rosbag2 and Foxglove read. Topics that are small then are
    kept whole; of the large ones the same frames are kept.

    Args:
        path: an mcap file.
        framed: topics of whose messages some may go; their types begin with a header.
        shown_stamp_ns: header stamp of a frame that is kept.
        most_bytes: room for it.

    Raises:
        BagError: it cannot be read or written; then it stays as it was.
    """
    with BagReader(path) as reader:
        packed, stamps = _survey(reader, framed)
        large = set()
        if sum(packed.values()) > most_bytes:
            large = {name for name in stamps if packed[name] > _SMALL_SHARE * most_bytes}
        room = most_bytes - sum(size for name, size in packed.items() if name not in large)
        every = max(1, -(-sum(packed[name] for name in large) // max(room, 1)))
        frames = sorted(set().union(*(stamps[name] for name in large)))
        first = frames.index(shown_stamp_ns) % every if shown_stamp_ns in frames else 0
        kept = set(frames[first::every])
        store = reader.copy_typestore
        with BagWriter(
            path, overwrite=True, typestore=store, pack=True, results_of="demo"
        ) as writer:
            for message in reader.messages(copy_topics(reader, writer)):
                if message.topic not in large or header_stamp_ns(message.data) in kept:
                    writer.write(message.topic, message.stamp_ns, message.data)
    return Thinning(every, tuple(sorted(large)))


def _survey(
    reader: BagReader, framed: Collection[str]
) -> tuple[dict[str, int], dict[str, set[int]]]:
    """Topic → its bytes once packed, by some of its messages; framed topic → its stamps."""
    seen: dict[str, int] = defaultdict(int)
    some: dict[str, list[int]] = defaultdict(list)
    stamps: dict[str, set[int]] = defaultdict(set)
    for message in reader.messages():
        step = max(1, reader.topics[message.topic].count // _ASKED)
        if seen[message.topic] % step == step // 2:
            some[message.topic].append(len(zstd.compress(bytes(message.data))))
        seen[message.topic] += 1
        if message.topic in framed and (stamp_ns := header_stamp_ns(message.data)) is not None:
            stamps[message.topic].add(stamp_ns)
    packed = {name: seen[name] * sum(sizes) // len(sizes) for name, sizes in some.items()}
    return packed, stamps
