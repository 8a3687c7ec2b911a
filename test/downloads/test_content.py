# SPDX-License-Identifier: Apache-2.0
"""A file's content counts, whatever it is called."""

import pytest

from tips_ros.downloads.content import find_fault

PIECE = b"\n\x05<unk>"
LONG = b"\n\xac\x02" + bytes(300)  # a length of two bytes


@pytest.mark.parametrize("content", [PIECE, PIECE + LONG + b"\x12\x03abc"])
def test_a_sentencepiece_model_is_told_by_its_outer_shape(kit, tmp_path, content):
    path = tmp_path / "tokenizer.model"
    path.write_bytes(content)
    assert find_fault(path, kit.tokenizer) is None


@pytest.mark.parametrize(
    "content", [PIECE[:-1], PIECE + LONG[:-1], b"\x12\x00" + PIECE, b"PK\x03\x04", PIECE + b"\n"]
)
def test_a_tokenizer_that_was_cut_short_or_is_none_is_told(kit, tmp_path, content):
    path = tmp_path / "tokenizer.model"
    path.write_bytes(content)
    assert "not a whole SentencePiece model" in str(find_fault(path, kit.tokenizer))


def test_a_zip_of_something_else_is_no_checkpoint(kit, tmp_path, zip_of):
    path = tmp_path / "a.zip"
    path.write_bytes(zip_of({"readme.txt": b"hello"}))
    assert find_fault(path, kit.head) == "it is a zip without arrays, not a checkpoint"


def test_a_path_that_leads_out_of_a_zip_is_only_a_name(kit, tmp_path, zip_of):
    path = tmp_path / "in" / "a.zip"
    path.parent.mkdir()
    path.write_bytes(zip_of({"../../evil.npy": b"x"}))
    find_fault(path, kit.head)
    assert [found.name for found in tmp_path.rglob("*")] == ["in", "a.zip"]


@pytest.mark.parametrize("content", [b"", b"\n<!DOCTYPE HTML>", b"<html>", b"<?xml ?><Error/>"])
def test_a_web_page_or_nothing_is_told_for_every_kind(kit, tmp_path, content):
    path = tmp_path / "a"
    path.write_bytes(content)
    for file in (kit.vision, kit.head, kit.tokenizer):
        assert find_fault(path, file) in ("it is empty", "it is a web page, not the file")
