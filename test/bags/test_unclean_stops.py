# SPDX-License-Identifier: Apache-2.0
"""Recorders that were killed: what they wrote is read, and nobody takes a part for the whole."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from tips_ros.bags import BagError, BagReader
from tips_ros.bags.storage.unpacking import zstd

from .odd_bags import STRING, Topic, db3, insert, mcap, string


def read(path):
    with BagReader(path) as bag:
        return [bag.deserialize(m).data for m in bag.messages()]


def killed(path, numbers):
    """The files of a recorder that writes ahead and was never closed."""
    at_work = path.parent / "at_work" / path.name
    rows = [("/chatter", STRING, n, string(str(n))) for n in numbers]
    with closing(db3(at_work, rows[:2], journal="WAL")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA wal_autocheckpoint=0")
        for _, _, stamp, data in rows[2:]:
            insert(database, 1, stamp, data)
        for end in ("", "-wal", "-shm"):
            shutil.copy(f"{at_work}{end}", f"{path}{end}")
    shutil.rmtree(at_work.parent)


@pytest.mark.parametrize("shm", [True, False])
@pytest.mark.parametrize("place", ["file", "folder"])
def test_what_was_written_ahead_is_read(tmp_path, caplog, shm, place):
    path = tmp_path / "a.db3"
    killed(path, range(50))
    if not shm:
        (tmp_path / "a.db3-shm").unlink()
    before = {p: p.read_bytes() for p in tmp_path.iterdir()}
    assert read(path if place == "file" else tmp_path) == [str(n) for n in range(50)]
    assert "a.db3 was not closed by its recorder: a.db3-wal beside it is read, too" in caplog.text
    assert {p: p.read_bytes() for p in tmp_path.iterdir()} == before, "the bag stays as it is"


def test_a_bag_of_which_nothing_but_the_log_was_written_is_read(tmp_path):
    at_work = tmp_path / "at_work" / "a.db3"
    rows = [("/chatter", STRING, n, string(str(n))) for n in range(5)]
    with closing(db3(at_work, rows, journal="WAL")):
        for end in ("", "-wal"):
            shutil.copy(f"{at_work}{end}", tmp_path / f"a.db3{end}")
    assert read(tmp_path / "a.db3") == list("01234")


def test_a_log_that_was_cut_gives_what_is_whole_in_it(tmp_path):
    path, wal = tmp_path / "a.db3", tmp_path / "a.db3-wal"
    killed(path, range(50))
    wal.write_bytes(wal.read_bytes()[: wal.stat().st_size // 2])
    found = read(path)
    assert found == [str(n) for n in range(len(found))]
    assert 2 < len(found) < 50


def test_a_log_that_is_empty_or_of_another_file_changes_nothing(tmp_path):
    path = tmp_path / "a.db3"
    db3(path, [("/chatter", STRING, 1, string("one"))]).close()
    for content in (b"", os.urandom(9000)):
        (tmp_path / "a.db3-wal").write_bytes(content)
        assert read(path) == ["one"]


def test_a_half_written_change_is_taken_back(tmp_path, caplog):
    at_work, path = tmp_path / "at_work" / "a.db3", tmp_path / "a.db3"
    rows = [("/chatter", STRING, n, string("x" * 3000)) for n in range(100)]
    with closing(db3(at_work, rows)) as database:
        database.execute("PRAGMA cache_size=1")  # so that pages are written before the end
        database.execute("BEGIN")
        database.execute("UPDATE messages SET data = zeroblob(3000)")
        for end in ("", "-journal"):
            shutil.copy(f"{at_work}{end}", f"{path}{end}")
        database.execute("ROLLBACK")
    assert set(read(path)) == {"x" * 3000}
    assert "a.db3-journal beside it is read" in caplog.text


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.999])
def test_a_database_that_lacks_its_end_is_refused_even_if_what_is_left_can_be_read(tmp_path, kept):
    path = tmp_path / "a.db3"
    rows = [("/chatter", STRING, n, string("x" * 900)) for n in range(100)]
    with closing(db3(path, rows)) as database:
        database.execute("CREATE TABLE unused AS SELECT data FROM messages")  # at the end
    size = int(path.stat().st_size * kept)
    with path.open("r+b") as file:
        file.truncate(size)
    with pytest.raises(BagError, match=f"cut short: {size} bytes of .*; copy it again"):
        BagReader(path)


def test_a_database_that_is_longer_than_its_pages_is_whole(tmp_path):
    path = tmp_path / "a.db3"
    db3(path, [("/chatter", STRING, 1, string("one"))]).close()
    with path.open("ab") as file:
        file.write(bytes(5000))
    assert read(path) == ["one"]


def test_a_database_of_something_else_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "a.db3")) as database:
        database.execute("CREATE TABLE people(name TEXT)")
    with pytest.raises(BagError, match="no table of topics"):
        BagReader(tmp_path / "a.db3")


NUMBERS = [(0, n, string(str(n))) for n in range(60)]


@pytest.mark.parametrize("pack", [None, ("zstd", zstd.compress)], ids=["plain", "zstd"])
@pytest.mark.parametrize(
    ("chunks", "tail"),
    [(0, b""), (6, b""), (6, bytes(4096)), (6, b"\xff" * 20)],
    ids=["messages", "chunks", "chunks and zeros", "chunks and ones"],
)
def test_an_mcap_file_without_an_end_gives_its_whole_chunks(tmp_path, caplog, chunks, tail, pack):
    layout = {"chunks": chunks, "pack": pack, "summary": False}
    path = mcap(tmp_path / "a.mcap", [Topic("/chatter")], NUMBERS, **layout)
    whole = path.read_bytes()
    for kept in (0.4, 0.55, 0.7):
        caplog.clear()
        path.write_bytes(whole[: int(len(whole) * kept)] + tail)
        found = read(path)
        assert 0 < len(found) < 60
        assert found == sorted(found, key=int)
        assert f"a.mcap was cut short, .*: the {len(found)} messages before the cut are read" in (
            caplog.text.replace("by its recorder's end or on its way here", ".*")
        )


def test_an_mcap_file_that_lacks_only_its_index_gives_all(tmp_path):
    path = mcap(tmp_path / "a.mcap", [Topic("/chatter")], NUMBERS, chunks=3)
    path.write_bytes(path.read_bytes()[:-60])
    assert sorted(map(int, read(path))) == list(range(60))


def test_a_packed_file_that_was_cut_gives_what_is_in_it(tmp_path, caplog):
    rows = [(0, n, string(os.urandom(500).hex())) for n in range(1000)]
    path = mcap(tmp_path / "a.mcap", [Topic("/chatter")], rows, chunks=0)
    packed = zstd.compress(path.read_bytes())
    path.unlink()
    (tmp_path / "a.mcap.zstd").write_bytes(packed[: len(packed) // 2])
    found = read(tmp_path)
    assert 0 < len(found) < 1000
    assert "a.mcap.zstd was cut short" in caplog.text


def test_a_damaged_chunk_in_a_whole_file_is_an_error(tmp_path):
    packed = ("zstd", zstd.compress)
    path = mcap(tmp_path / "a.mcap", [Topic("/chatter")], NUMBERS, pack=packed)
    data = bytearray(path.read_bytes())
    data[200:220] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(BagError, match="copy it again"):
        read(path)


def test_a_stamp_that_its_index_does_not_have_is_an_error_not_a_step_back(tmp_path):
    """Found by `./run fuzz`: the index tells the order, and one bit of a row was another."""
    path, stamp = tmp_path / "a.db3", 10**9
    rows = [("/chatter", STRING, stamp + n, string(str(n))) for n in range(6)]
    db3(path, rows).close()
    whole, word = path.read_bytes(), stamp.to_bytes((stamp.bit_length() + 8) // 8, "big")
    places = [at for at in range(len(whole)) if whole.startswith(word, at)]
    refused = 0
    for at in places:
        damaged = bytearray(whole)
        damaged[at + len(word) - 1] ^= 0x7F
        path.write_bytes(damaged)
        try:
            with BagReader(path) as bag:
                stamps = [message.stamp_ns for message in bag.messages()]
        except BagError as error:
            refused += "REINDEX" in str(error)
        else:
            assert stamps == sorted(stamps)
    assert refused, places
