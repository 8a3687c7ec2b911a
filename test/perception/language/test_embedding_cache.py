# SPDX-License-Identifier: Apache-2.0
"""Embeddings come back from the disk as they went, or not at all."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tips_ros import file_hash as content_hash
from tips_ros.file_hash import ContentHashes
from tips_ros.perception.language import embedding_cache as text_cache
from tips_ros.perception.language.embedding_cache import TextCache

MODEL = "0123abcd"
VECTOR = np.random.RandomState(2).randn(192).astype(np.float32)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """The file of one word."""
    TextCache(tmp_path).write(MODEL, "door", VECTOR)
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    return file


class TestWords:
    def test_come_back_bit_by_bit_in_another_process(self, tmp_path: Path):
        TextCache(tmp_path).write(MODEL, "door", VECTOR)
        found = TextCache(tmp_path).read(MODEL, "door")
        assert found is not None and found.dtype == np.float32
        np.testing.assert_array_equal(found, VECTOR)

    def test_that_were_not_written_are_not_there(self, tmp_path: Path):
        cache = TextCache(tmp_path)
        cache.write(MODEL, "door", VECTOR)
        assert cache.read(MODEL, "doors") is None
        assert cache.read("another", "door") is None
        assert TextCache(tmp_path / "elsewhere").read(MODEL, "door") is None

    @pytest.mark.parametrize("word", ["../../etc", "杯", "a" * 200, "a/b", ". ", "%s {}"])
    def test_may_be_any(self, tmp_path: Path, word: str):
        TextCache(tmp_path / "cache").write(MODEL, word, VECTOR)
        assert TextCache(tmp_path / "cache").read(MODEL, word) is not None
        assert [path.name for path in tmp_path.iterdir()] == ["cache"]

    def test_leave_nothing_behind_but_their_file(self, stored: Path):
        assert list(stored.parent.iterdir()) == [stored]

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_whose_numbers_are_none_are_not_kept(self, tmp_path: Path, value: float):
        cache = TextCache(tmp_path)
        with pytest.raises(ValueError, match="no vector of finite numbers"):
            cache.write(MODEL, "door", np.array([1, value], np.float32))
        assert cache.read(MODEL, "door") is None

    def test_in_memory_are_no_more_than_so_many(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(text_cache, "_MOST_IN_MEMORY", 3)
        cache = TextCache(None)
        for word in "abcde":
            cache.write(MODEL, word, VECTOR)
        assert [word for word in "abcde" if cache.read(MODEL, word) is not None] == list("cde")


def flipped(content: bytes) -> bytes:
    return content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]


class TestADamagedFile:
    @pytest.mark.parametrize(
        "damage",
        [
            lambda content: b"",
            lambda content: content[:20],
            lambda content: content[:-4],
            lambda content: content + b"\0\0\0\0",
            lambda content: content * 1000,
            lambda content: b"\0" * len(content),
            flipped,
        ],
        ids=["empty", "cut", "shorter", "longer", "huge", "zeros", "one bit"],
    )
    def test_is_missing_and_written_again(
        self, tmp_path: Path, stored: Path, damage: Callable[[bytes], bytes]
    ):
        stored.write_bytes(damage(stored.read_bytes()))
        cache = TextCache(tmp_path)
        assert cache.read(MODEL, "door") is None
        cache.write(MODEL, "door", VECTOR)
        np.testing.assert_array_equal(TextCache(tmp_path).read(MODEL, "door"), VECTOR)

    def test_with_numbers_that_are_none_is_missing(self, tmp_path: Path, stored: Path):
        content = np.array([1, np.nan], "<f4").tobytes()
        stored.write_bytes(text_cache._checksum(MODEL, "door", content) + content)
        assert TextCache(tmp_path).read(MODEL, "door") is None

    def test_of_another_word_is_missing(self, tmp_path: Path, stored: Path):
        cache = TextCache(tmp_path)
        cache.write(MODEL, "cup", -VECTOR)
        (cup,) = set(stored.parent.iterdir()) - {stored}
        os.replace(cup, stored)
        assert TextCache(tmp_path).read(MODEL, "door") is None

    def test_may_be_a_folder(self, tmp_path: Path, stored: Path, caplog: pytest.LogCaptureFixture):
        stored.unlink()
        stored.mkdir()
        cache = TextCache(tmp_path)
        assert cache.read(MODEL, "door") is None
        cache.write(MODEL, "door", VECTOR)
        assert cache.read(MODEL, "door") is not None and len(caplog.records) == 1


def test_a_disk_that_takes_nothing_costs_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """A file in the folder's place: also root can't write there."""
    (tmp_path / "text").write_text("")
    cache = TextCache(tmp_path / "text")
    with caplog.at_level(logging.WARNING):
        for word in ("door", "cup", "wall"):
            cache.write(MODEL, word, VECTOR)
    (record,) = caplog.records
    assert f"{tmp_path}/text: cannot be written (" in record.getMessage()
    assert "XDG_CACHE_HOME" in record.getMessage()
    np.testing.assert_array_equal(cache.read(MODEL, "door"), VECTOR)  # of this process


def test_many_writers_of_one_word_leave_a_whole_file(tmp_path: Path):
    vectors = [np.full(1000, i, np.float32) for i in range(8)]
    seen: list[float] = []

    def work(vector: np.ndarray) -> None:
        for _ in range(20):
            TextCache(tmp_path).write(MODEL, "door", vector)
            found = TextCache(tmp_path).read(MODEL, "door")
            assert found is not None and len(found) == 1000 and found.min() == found.max()
            seen.append(float(found[0]))

    threads = [threading.Thread(target=work, args=(vector,)) for vector in vectors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 160
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


class TestContent:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        file = tmp_path / "weights.npz"
        file.write_bytes(b"some weights")
        return file

    @pytest.fixture
    def settled(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """No file counts as touched a moment ago."""
        monkeypatch.setattr(content_hash, "_SETTLED_NS", -1)

    @pytest.fixture
    def reads(self, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
        """One entry for each file that is read through."""
        made: list[bool] = []
        blake2b = content_hash.blake2b

        def counted(*args: bytes, **options: int) -> object:
            if not args:
                made.append(True)
            return blake2b(*args, **options)

        monkeypatch.setattr(content_hash, "blake2b", counted)
        return made

    def test_is_told_by_its_hash(self, tmp_path: Path, file: Path):
        copy, other = tmp_path / "copy", tmp_path / "other"
        copy.write_bytes(file.read_bytes())
        other.write_bytes(b"some Weights")
        hashes = ContentHashes(None)
        assert hashes.of(file) == hashes.of(copy) != hashes.of(other)

    def test_is_read_once(self, tmp_path: Path, file: Path, settled: None, reads: list[bool]):
        found = {ContentHashes(tmp_path / "notes").of(file) for _ in range(3)}
        assert len(found) == len(reads) == 1

    def test_that_changed_has_another_hash(self, tmp_path: Path, file: Path, settled: None):
        """Even with the size and the time of modification that it had."""
        hashes = ContentHashes(tmp_path / "notes")
        before, times = hashes.of(file), file.stat()
        while file.stat().st_ctime_ns == times.st_ctime_ns:  # until the clock has ticked
            file.write_bytes(b"new! weights")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert file.stat().st_mtime_ns == times.st_mtime_ns
        assert hashes.of(file) != before

    def test_of_a_moment_ago_is_read_again(self, tmp_path: Path, file: Path, reads: list[bool]):
        """The next change could come within one tick of the clock that stamps files."""
        for _ in range(2):
            ContentHashes(tmp_path / "notes").of(file)
        assert len(reads) == 2

    @pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b'{"file": 1}', b"\xff"])
    def test_with_a_damaged_note_is_read_again(
        self, tmp_path: Path, file: Path, settled: None, damage: bytes
    ):
        found = ContentHashes(tmp_path / "notes").of(file)
        (note,) = (tmp_path / "notes").iterdir()
        note.write_bytes(damage)
        assert ContentHashes(tmp_path / "notes").of(file) == found

    def test_is_told_where_notes_cannot_be_written(self, file: Path, settled: None):
        assert ContentHashes(file / "notes").of(file) == ContentHashes(None).of(file)

    def test_of_a_link_is_that_of_its_file(self, tmp_path: Path, file: Path, settled: None):
        link = tmp_path / "link"
        link.symlink_to(file)
        hashes = ContentHashes(tmp_path / "notes")
        before = hashes.of(link)
        assert before == hashes.of(file)
        other = tmp_path / "other"
        other.write_bytes(b"others")
        link.unlink()
        link.symlink_to(other)
        assert hashes.of(link) != before
