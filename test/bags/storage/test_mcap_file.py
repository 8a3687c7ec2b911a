# SPDX-License-Identifier: Apache-2.0
"""mcap files of other writers: every layout that the format allows reads the same."""

from __future__ import annotations

import pytest
from lz4.frame import compress as lz4

from tips_ros.bags import BagError, BagReader
from tips_ros.bags.storage.unpacking import zstd

from ..odd_bags import Topic, mcap, string

TOPICS = [Topic("/a"), Topic("/b")]
ROWS = [(n % 2, stamp, string(str(stamp))) for n, stamp in enumerate([5, 3, 9, 1, 7, 2, 8, 4, 6])]


@pytest.mark.parametrize("summary", [True, False])
@pytest.mark.parametrize("chunks", [0, 1, 3, 9, 20])
@pytest.mark.parametrize(
    "pack", [None, ("zstd", zstd.compress), ("lz4", lz4)], ids=["plain", "zstd", "lz4"]
)
def test_messages_come_in_the_order_of_their_stamps(tmp_path, summary, chunks, pack):
    path = mcap(tmp_path / "a.mcap", TOPICS, ROWS, chunks=chunks, pack=pack, summary=summary)
    with BagReader(path) as bag:
        assert [m.stamp_ns for m in bag.messages()] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
        assert [bag.deserialize(m).data for m in bag.messages(["/b"])] == ["1", "2", "3", "4"]
        assert (bag.start_ns, bag.end_ns, bag.message_count) == (1, 9, 9)
        assert {name: t.count for name, t in bag.topics.items()} == {"/a": 5, "/b": 4}


def test_messages_of_one_time_stay_in_the_order_they_were_written(tmp_path):
    rows = [(0, 1, string(str(n))) for n in range(9)]
    with BagReader(mcap(tmp_path / "a.mcap", TOPICS[:1], rows, chunks=1)) as bag:
        assert [bag.deserialize(m).data for m in bag.messages()] == list("012345678")


def test_an_unknown_compression_names_the_way_out(tmp_path):
    path = mcap(tmp_path / "a.mcap", TOPICS, ROWS, pack=("brotli", bytes))
    with BagReader(path) as bag, pytest.raises(BagError, match="'brotli'.*ros2 bag convert"):
        list(bag.messages())


def test_the_bag_can_be_read_twice_at_once(tmp_path):
    with BagReader(mcap(tmp_path / "a.mcap", TOPICS, ROWS, chunks=3)) as bag:
        pairs = list(zip(bag.messages(), bag.messages(), strict=True))
    assert all(one == other for one, other in pairs)
