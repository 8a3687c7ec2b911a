# SPDX-License-Identifier: Apache-2.0
"""Several files into a directory: room, what is there already, hashes, and nothing elsewhere."""

import fcntl
import hashlib
import os
import shutil
from collections import namedtuple
from dataclasses import replace

import pytest

from tips_ros.downloads.errors import DownloadError

Usage = namedtuple("Usage", "total used free")
TOKENIZER = b"\n\x05<unk>\x12\x03abc"


@pytest.fixture
def files(kit):
    kit.server.offer(kit.vision.path, kit.content)
    kit.server.offer(kit.head.path, kit.npz(seed=2, names=("decoder/kernel",)))
    kit.server.offer(kit.tokenizer.path, TOKENIZER)
    return (kit.vision, kit.head, kit.tokenizer)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_all_files_arrive_and_nothing_else_is_written(kit, files, tmp_path):
    told = kit.download(*files)
    assert [present.file for present in told] == list(files)
    assert kit.names == sorted(["SHA256SUMS", *(file.name for file in files)])
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_the_ledger_is_what_sha256sum_reads(kit, files):
    kit.download(*files)
    lines = (kit.directory / "SHA256SUMS").read_text().splitlines()
    assert lines == sorted(
        (f"{sha256(kit.directory / file.name)}  {file.name}" for file in files),
        key=lambda line: line.split("  ")[1],
    )


def test_a_second_run_fetches_nothing(kit, files):
    kit.download(*files)
    kit.server.forget()
    told = kit.download(*files)
    assert kit.server.log == [], "not even a question"
    assert not any(present.fetched for present in told)


def test_only_the_missing_file_is_fetched(kit, files):
    kit.download(*files)
    kit.target.unlink()
    kit.server.forget()
    kit.download(*files)
    assert {asked.path for asked in kit.server.log} == {f"/mirror/{kit.vision.path}"}


def test_a_file_that_changed_here_is_told_and_left_alone(kit, files):
    kit.download(*files)
    other = kit.npz(seed=3)
    kit.target.write_bytes(other)
    with pytest.raises(DownloadError, match=r"was changed or damaged; move it away"):
        kit.download(*files)
    assert kit.target.read_bytes() == other


def test_a_file_that_changed_at_the_source_is_not_accepted(kit, files):
    kit.download(*files)
    recorded = sha256(kit.target)
    kit.target.unlink()
    kit.server.offer(kit.vision.path, kit.npz(seed=3))
    with pytest.raises(DownloadError, match=rf"SHA256SUMS recorded {recorded}.*remove that line"):
        kit.download(*files)
    assert not kit.target.exists() and kit.vision.name + ".part" not in kit.names


def test_a_file_that_was_copied_here_is_checked_and_recorded(kit, files):
    kit.directory.mkdir(parents=True)
    kit.target.write_bytes(kit.content)
    told = kit.download(*files)
    assert not told[0].fetched
    assert sha256(kit.target) in (kit.directory / "SHA256SUMS").read_text()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda kit: kit.content[:-300], "bytes, the server's has"),
        (lambda kit: kit.damaged(kit.content), "is damaged; move it away"),
    ],
)
def test_a_wrong_file_that_was_copied_here_is_told_and_left_alone(kit, files, spoil, reason):
    kit.directory.mkdir(parents=True)
    kit.target.write_bytes(spoil(kit))
    with pytest.raises(DownloadError, match=reason):
        kit.download(*files)
    assert kit.target.read_bytes() == spoil(kit)
    assert kit.server.gets == []


def test_the_same_name_in_the_other_format_is_not_taken_for_it(kit, files):
    """v1's files have the same names in PyTorch's and in JAX's format."""
    kit.download(*files)
    scenic = replace(kit.vision, path=kit.vision.path.replace("pytorch", "scenic"), layout="scenic")
    with pytest.raises(DownloadError, match="pytorch file, and the scenic one was wanted"):
        kit.download(scenic)


def test_too_little_room_for_all_is_told_before_the_first_byte(kit, files, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 0, 64 * 10**6))
    with pytest.raises(DownloadError, match=r"64 MB free, 64 MB needed: make room"):
        kit.download(*files)
    assert [asked.method for asked in kit.server.log] == ["HEAD"] * 3
    assert kit.names == []


def test_a_part_that_is_there_needs_no_room_again(kit, monkeypatch):
    kit.server.offer(kit.vision.path, kit.content)
    kit.leave_part(kit.content, len(kit.content) - 100)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 0, 64 * 10**6 + 200))
    kit.download()
    assert kit.target.read_bytes() == kit.content


def test_a_missing_file_is_told_before_anything_is_fetched(kit, files):
    kit.server.withdraw(kit.tokenizer.path)
    with pytest.raises(DownloadError, match=r"no such file \(404\).*is below its address"):
        kit.download(*files)
    assert kit.server.gets == []


def test_a_file_with_two_names_is_found_under_the_second(kit):
    other = kit.vision.path.replace("tiny", "small")
    kit.server.offer(other, kit.content)
    kit.download(replace(kit.vision, also=(other,)))
    assert kit.target.read_bytes() == kit.content, "under the first name"


@pytest.mark.parametrize("status", [403, 405, 501])
def test_a_server_that_does_not_answer_head_is_fine(kit, files, status):
    kit.server.offer(kit.vision.path, kit.content, head=kit.Behaviour(status=status))
    kit.download()
    assert kit.target.read_bytes() == kit.content


def test_questions_are_repeated_too(kit):
    kit.server.offer(kit.vision.path, kit.content, head=kit.Behaviour(status=503))
    with pytest.raises(DownloadError, match="given up after 6 tries.*503"):
        kit.download()
    assert kit.pauses == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_a_server_that_is_not_there_is_given_up(kit):
    kit.server.close()
    with pytest.raises(DownloadError, match=r"given up after 6 tries \(nothing answers there\)"):
        kit.download()


def test_two_downloads_do_not_write_into_one_directory(kit, files):
    kit.directory.mkdir(parents=True)
    folder = os.open(kit.directory, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with pytest.raises(DownloadError, match="another download into it is under way"):
        kit.download(*files)
    os.close(folder)
    kit.download(*files)


def test_names_come_from_the_catalogue_never_from_the_server(kit, tmp_path):
    header = {"Content-Disposition": 'attachment; filename="../../evil.npz"'}
    kit.server.offer(kit.vision.path, kit.content, always=kit.Behaviour(headers=header))
    kit.download()
    assert kit.names == ["SHA256SUMS", kit.vision.name]
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("suffix", [".part", ".part.json"])
def test_a_link_in_the_directory_does_not_lead_the_bytes_elsewhere(kit, tmp_path, suffix):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    kit.directory.mkdir(parents=True)
    (kit.directory / f"{kit.vision.name}{suffix}").symlink_to(elsewhere)
    kit.server.offer(kit.vision.path, kit.content)
    if suffix == ".part":
        with pytest.raises(OSError, match="symbolic link"):
            kit.download()
    else:
        kit.download()
    assert elsewhere.read_text() == "mine"


def test_a_file_where_the_folder_should_be_is_told(kit):
    kit.directory.parent.mkdir(parents=True)
    kit.directory.write_text("")
    with pytest.raises(DownloadError, match="is no folder; choose another with --to"):
        kit.download()
