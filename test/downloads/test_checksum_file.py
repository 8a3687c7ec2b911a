# SPDX-License-Identifier: Apache-2.0
"""SHA256SUMS: kept, extended, and not guessed at when a line is wrong."""

import pytest

from tips_ros.downloads.checksum_file import ChecksumFile
from tips_ros.downloads.errors import DownloadError

A, B = "a" * 64, "b" * 64


def test_entries_of_others_stay(tmp_path):
    (tmp_path / "SHA256SUMS").write_text(f"{A} *mine.bin\n\n")
    ChecksumFile(tmp_path).record("vision.npz", B)
    assert (tmp_path / "SHA256SUMS").read_text() == f"{A}  mine.bin\n{B}  vision.npz\n"
    assert [path.name for path in tmp_path.iterdir()] == ["SHA256SUMS"]


def test_an_entry_added_meanwhile_stays(tmp_path):
    first, second = ChecksumFile(tmp_path), ChecksumFile(tmp_path)
    first.record("one", A)
    second.record("two", B)
    assert ChecksumFile(tmp_path).get("one") == A


def test_capitals_are_the_same_hash(tmp_path):
    (tmp_path / "SHA256SUMS").write_text(f"{A.upper()}  one\n")
    assert ChecksumFile(tmp_path).get("one") == A


@pytest.mark.parametrize("line", ["abc  one", f"{A}", f"{A}  ", "\x00\xff"])
def test_a_line_that_is_none_is_named(tmp_path, line):
    (tmp_path / "SHA256SUMS").write_text(f"{A}  one\n{line}\n", encoding="latin-1")
    with pytest.raises(DownloadError, match="SHA256SUMS, line 2: not a SHA-256 and a file name"):
        ChecksumFile(tmp_path)


def test_a_ledger_that_is_something_else_is_not_read(tmp_path):
    (tmp_path / "SHA256SUMS").write_bytes(bytes(2_000_000))
    with pytest.raises(DownloadError, match="too large to be a list of hashes"):
        ChecksumFile(tmp_path)
