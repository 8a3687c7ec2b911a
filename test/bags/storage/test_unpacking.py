# SPDX-License-Identifier: Apache-2.0
"""Packed bytes come out whole, and a few that stand for very many are refused."""

from __future__ import annotations

import tracemalloc

import lz4.frame
import numpy as np
import pytest
from mcap.records import Chunk

from tips_ros.bags import BagError, BagReader, BagWriter
from tips_ros.bags.storage import unpacking
from tips_ros.bags.storage.mcap_records import inner_records
from tips_ros.bags.storage.storage import BrokenFile
from tips_ros.bags.storage.unpacking import unpack, unpack_file, zstd

from ..odd_bags import Topic, mcap

PACK = {"zstd": zstd.compress, "lz4": lz4.frame.compress}
KINDS = sorted(PACK)
MILLION = 1_000_000
STRING = "std_msgs/msg/String"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0, 1, 1000, 3 * MILLION])
def test_what_was_packed_comes_out(kind, size):
    content = np.random.default_rng(1).integers(0, 9, size).astype(np.uint8).tobytes()
    assert unpack(kind, PACK[kind](content)) == content
    assert unpack(kind, memoryview(PACK[kind](content)), size) == content


@pytest.mark.parametrize("kind", KINDS)
def test_frames_one_behind_the_other_are_one_content(kind):
    parts = [b"a" * 1000, b"b" * 1000]
    assert unpack(kind, b"".join(map(PACK[kind], parts))) == b"".join(parts)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frames", [1, 20], ids=["one frame", "many frames"])
def test_bytes_that_stand_for_too_many_are_refused_before_there_is_memory_for_them(kind, frames):
    bomb = PACK[kind](bytes(50 * MILLION)) * frames
    tracemalloc.start()
    try:
        with pytest.raises(BrokenFile, match="become more than 1000000"):
            unpack(kind, bomb, MILLION)
        assert tracemalloc.get_traced_memory()[1] < 10 * MILLION + len(bomb)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_frames_without_end_that_hold_nothing_are_refused_soon(kind):
    with pytest.raises(BrokenFile, match="more than 1000 packed frames"):
        unpack(kind, PACK[kind](b"") * 100_000)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_and_short_ones_are_refused(kind):
    packed = PACK[kind](np.random.default_rng(2).bytes(5000))
    for wrong in (packed[:-7], packed[:20], b"\0" * 20, packed[:8] + b"\xff" * 40):
        with pytest.raises(BrokenFile):
            unpack(kind, wrong)


def test_another_compression_is_named():
    with pytest.raises(BrokenFile, match="'rar' is unknown"):
        unpack("rar", b"")


@pytest.mark.parametrize("size", [100, 2**31 + 1, 2**63])
def test_a_chunk_that_lies_about_its_size_or_has_an_absurd_one_is_refused(size):
    sums = {"uncompressed_crc": 0, "uncompressed_size": size}
    bomb = Chunk("zstd", zstd.compress(bytes(50 * MILLION)), 1, 0, **sums)
    tracemalloc.start()
    try:
        with pytest.raises(BrokenFile):
            inner_records(bomb, ())
        assert tracemalloc.get_traced_memory()[1] < 10 * MILLION
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("summary", [True, False])
def test_a_file_whose_chunk_is_larger_than_it_says_is_refused(tmp_path, summary):
    pack = ("zstd", lambda _: zstd.compress(bytes(50 * MILLION)))
    rows = [(0, 1, b"")]
    path = mcap(tmp_path / "a.mcap", [Topic("/chatter")], rows, pack=pack, summary=summary)
    tracemalloc.start()
    try:
        with pytest.raises(BagError), BagReader(path) as reader:
            list(reader.messages())
        assert tracemalloc.get_traced_memory()[1] < 10 * MILLION
    finally:
        tracemalloc.stop()


def test_a_message_that_becomes_too_large_is_a_damage_of_the_bag(tmp_path, monkeypatch):
    with BagWriter(tmp_path / "bag") as writer:
        writer.add_topic("/chatter", STRING)
        writer.write("/chatter", 1, zstd.compress(bytes(5 * MILLION)))
    monkeypatch.setattr(unpacking, "MOST_BYTES", MILLION)
    with BagReader(tmp_path / "bag") as reader, pytest.raises(BagError, match="more than 1000000"):
        list(reader.messages())


@pytest.mark.slow
@pytest.mark.parametrize("frames", [1, 3])
def test_a_file_is_unpacked_a_piece_at_a_time(tmp_path, frames):
    (tmp_path / "packed").write_bytes(zstd.compress(bytes(100 * MILLION)) * frames)
    tracemalloc.start()
    try:
        assert unpack_file(tmp_path / "packed", tmp_path / "plain")
        assert tracemalloc.get_traced_memory()[1] < 40 * MILLION
    finally:
        tracemalloc.stop()
    assert (tmp_path / "plain").stat().st_size == frames * 100 * MILLION


def test_of_a_file_that_ends_too_early_what_is_sound_is_kept(tmp_path):
    content = np.random.default_rng(3).bytes(3 * MILLION)
    (tmp_path / "packed").write_bytes(zstd.compress(content)[:-MILLION])
    assert not unpack_file(tmp_path / "packed", tmp_path / "plain")
    kept = (tmp_path / "plain").read_bytes()
    assert len(kept) > MILLION and content.startswith(kept)
