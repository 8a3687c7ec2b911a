# SPDX-License-Identifier: Apache-2.0
"""Files are there whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tips_ros.whole_file import stage_folder, write_atomically


def test_a_file_has_the_rights_that_any_new_file_has(tmp_path: Path):
    (tmp_path / "plain").write_bytes(b"")
    write_atomically(tmp_path / "deep" / "file", b"content")
    assert (tmp_path / "deep" / "file").read_bytes() == b"content"
    modes = [(tmp_path / name).stat().st_mode for name in ("plain", "deep/file")]
    assert modes[0] == modes[1]
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["file"]


def test_what_is_no_file_is_written_to_and_stays(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(pipe, b"content")
    assert os.read(reader, 100) == b"content" and stat.S_ISFIFO(pipe.stat().st_mode)
    os.close(reader)


def test_files_come_together_and_stale_ones_go(tmp_path: Path):
    for name in ("a", "b", "mine"):
        (tmp_path / name).write_text("earlier")
    with stage_folder(tmp_path, stale=["a", "b", "c"]) as stage:
        (stage / "a").write_text("new")
        assert (tmp_path / "a").read_text() == "earlier"
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a": "new", "mine": "earlier"}


def test_after_an_error_all_is_as_it_was(tmp_path: Path):
    (tmp_path / "a").write_text("earlier")
    for folder in (tmp_path, tmp_path / "new" / "folder"):
        with pytest.raises(RuntimeError), stage_folder(folder, stale=["a"]) as stage:
            (stage / "a").write_text("half")
            raise RuntimeError
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a": "earlier"}


@pytest.mark.parametrize("durable", [False, True])
def test_what_is_to_outlive_a_power_cut_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch, durable: bool
):
    done: list[str] = []
    sync, replace = os.fsync, os.replace

    def synced(number: int) -> None:
        there = Path(os.readlink(f"/proc/self/fd/{number}"))
        done.append("its folder" if there == tmp_path else there.read_text())
        sync(number)

    def replaced(*paths: object) -> None:
        done.append("the name")
        replace(*paths)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    write_atomically(tmp_path / "file", b"content", durable=durable)
    assert done == (["content", "the name", "its folder"] if durable else ["the name"])
