# SPDX-License-Identifier: Apache-2.0
"""mcap files of other writers: every layout that the format allows reads the same."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from lz4.frame import compress as lz4
from mcap import reader, writer
from mcap.records import ChunkIndex, Footer
from mcap.stream_reader import StreamReader

from tips_ros.bags import BagError, BagReader
from tips_ros.bags.storage.mcap_file import McapFile
from tips_ros.bags.storage.mcap_records import FOOTER_SIZE, MAGIC
from tips_ros.bags.storage.unpacking import zstd

from ..odd_bags import Topic, encoded, mcap, string

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


@pytest.mark.parametrize("stamps", [[0] * 200, [0, 1] * 100, list(range(200))])
def test_of_messages_outside_of_chunks_one_is_in_memory(tmp_path, stamps):
    """A recorder of simulated time gives all of them the stamp 0 before there is a clock."""
    rows = [(0, stamp, bytes(100_000)) for stamp in stamps]
    path = mcap(tmp_path / "a.mcap", TOPICS[:1], rows, chunks=0, summary=False)
    assert read_all(path) == sorted(stamps)
    assert peak_bytes(read_all, path) < 1_000_000


@pytest.mark.parametrize("stamps", [[0] * 100, list(range(100))])
def test_chunks_whose_times_do_not_overlap_are_in_memory_one_after_the_other(tmp_path, stamps):
    rows = [(0, stamp, bytes(100_000)) for stamp in stamps]
    if stamps[-1]:  # the file deals them out in turn
        rows = [rows[n % 10 * 10 + n // 10] for n in range(100)]
    path = mcap(tmp_path / "a.mcap", TOPICS[:1], rows, chunks=10)
    assert read_all(path) == stamps
    assert peak_bytes(read_all, path) < 5_000_000


def test_small_messages_of_a_large_chunk_are_counted_and_not_kept(tmp_path):
    rows = [(n % 2, n, b"") for n in range(20_000)]
    pack = ("zstd", zstd.compress)
    path = mcap(tmp_path / "a.mcap", TOPICS, rows, pack=pack, summary=False)
    assert path.stat().st_size < 100_000
    assert peak_bytes(index_of, path) < 2_500_000  # unpacked, it has 0.62 MB
    assert index_of(path) == (0, 19_999, [10_000, 10_000])


def test_to_count_messages_is_not_to_read_their_bytes(tmp_path):
    rows = [(0, n, bytes(5_000_000)) for n in (3, 1, 2)]
    path = mcap(tmp_path / "a.mcap", TOPICS, rows, chunks=0, summary=False)
    assert index_of(path) == (1, 3, [3, 0])
    assert peak_bytes(index_of, path) < 1_000_000


def read_all(path: Path) -> list[int]:
    file = McapFile(path)
    stamps = [record.stamp_ns for record in file.messages({0})]
    file.close()
    return stamps


def index_of(path: Path) -> tuple[int, int, list[int]]:
    file = McapFile(path)
    file.close()
    return file.start_ns, file.end_ns, [channel.count for channel in file.channels]


def peak_bytes(do: Callable[[Path], object], path: Path) -> int:
    """Most bytes in memory while it is done."""
    tracemalloc.start()
    try:
        do(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_an_unknown_compression_names_the_way_out(tmp_path):
    path = mcap(tmp_path / "a.mcap", TOPICS, ROWS, pack=("brotli", bytes))
    with BagReader(path) as bag, pytest.raises(BagError, match="'brotli'.*ros2 bag convert"):
        list(bag.messages())


def test_the_bag_can_be_read_twice_at_once(tmp_path):
    with BagReader(mcap(tmp_path / "a.mcap", TOPICS, ROWS, chunks=3)) as bag:
        pairs = list(zip(bag.messages(), bag.messages(), strict=True))
    assert all(one == other for one, other in pairs)


def test_the_library_s_own_reader_and_writer_are_not_imported_for_two_constants():
    assert (MAGIC, FOOTER_SIZE) == (writer.MCAP0_MAGIC, reader.FOOTER_SIZE)
    code = "import sys, tips_ros.bags.place; print([m for m in sys.modules if m[:5] == 'mcap.'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "mcap.records" in done.stdout and done.returncode == 0, done.stderr
    assert "mcap.reader" not in done.stdout and "mcap.writer" not in done.stdout


def change(path, kind, **fields):
    """Writes the first record of a kind anew, in its place."""
    data = path.read_bytes()
    records = StreamReader(BytesIO(data), emit_chunks=True).records
    old = next(record for record in records if isinstance(record, kind))
    path.write_bytes(data.replace(encoded(old), encoded(replace(old, **fields))))
    return path


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"message_start_time": 9}, "another time than the index"),
        ({"chunk_start_offset": 8, "chunk_length": 25}, "no chunk where its index"),
        ({"chunk_start_offset": 9}, "not whole"),
        ({"chunk_length": 5}, "not whole"),
    ],
    ids=["times", "of the header", "amidst it", "length"],
)
def test_an_index_that_lies_is_an_error_and_nothing_goes_missing(tmp_path, fields, why):
    path = change(mcap(tmp_path / "a.mcap", TOPICS, ROWS, chunks=3), ChunkIndex, **fields)
    with BagReader(path) as bag, pytest.raises(BagError, match=f"{why}.*copy it again"):
        list(bag.messages())


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (ChunkIndex, {"chunk_start_offset": 2**62}),
        (ChunkIndex, {"message_index_offsets": {}, "compressed_size": 2**63}),
        (Footer, {"summary_start": 8}),
        (Footer, {"summary_start": 9}),
        (Footer, {"summary_start": 2**63}),
    ],
)
def test_without_a_summary_that_can_be_right_all_is_read(tmp_path, kind, fields):
    path = change(mcap(tmp_path / "a.mcap", TOPICS, ROWS, chunks=3), kind, **fields)
    with BagReader(path) as bag:
        assert [m.stamp_ns for m in bag.messages()] == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_letters_of_a_name_that_are_none_are_replaced(tmp_path):
    path = mcap(tmp_path / "a.mcap", [Topic("/caf\N{LATIN SMALL LETTER E WITH ACUTE}")], ROWS[:1])
    data = path.read_bytes()
    path.write_bytes(data.replace(b"/caf\xc3\xa9", b"/caf\xff\xff"))
    with BagReader(path) as bag:
        assert list(bag.topics) == ["/caf\ufffd\ufffd"] and bag.message_count == 1


def test_a_chunk_that_the_index_names_twice_is_read_once(tmp_path):
    path = mcap(tmp_path / "a.mcap", TOPICS, ROWS, chunks=3)
    data = path.read_bytes()
    records = StreamReader(BytesIO(data), emit_chunks=True).records
    first, second, _ = (record for record in records if isinstance(record, ChunkIndex))
    path.write_bytes(data.replace(encoded(second), encoded(first)))
    with BagReader(path) as bag:
        assert [m.stamp_ns for m in bag.messages()] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
