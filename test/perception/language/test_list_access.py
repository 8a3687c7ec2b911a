# SPDX-License-Identifier: Apache-2.0
"""Nobody reads a robot's file aloud by naming it as a class list, nor learns that it is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tips_ros.perception.language.list_access import ListAccess
from tips_ros.perception.language.prompt_syntax import PromptError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lists = tmp_path / "lists"
    (lists / "below").mkdir(parents=True)
    for place in (lists / "a.txt", lists / "below" / "b.txt", tmp_path / "secret.txt"):
        place.write_text("door\n")
    (lists / "link.txt").symlink_to(tmp_path / "secret.txt")
    return lists


def refusal(access: ListAccess, text: str) -> str:
    with pytest.raises(PromptError) as refused:
        access.check([text])
    return str(refused.value)


@pytest.mark.parametrize("text", ["door", "seat: chair | stool", "@ade20k", "@model", "@none", ""])
def test_words_and_the_lists_that_come_along_need_no_leave(text):
    ListAccess().check([text])


def test_no_file_may_be_named_by_default(folder):
    assert "prompt_list_folders" in refusal(ListAccess(), f"@{folder}/a.txt")


@pytest.mark.parametrize("name", ["a.txt", "below/b.txt", "below/../a.txt", "not_there.txt"])
def test_files_below_an_allowed_folder_may(folder, name):
    ListAccess([str(folder)]).check([f"@{folder}/{name}"])


@pytest.mark.parametrize(
    "name", ["../secret.txt", "link.txt", "below/../../secret.txt", "../lists2/a.txt", ""]
)
def test_no_way_leads_out_of_it(folder, name):
    refusal(ListAccess([str(folder)]), f"@{folder}/{name}")


def test_what_is_there_is_refused_in_the_same_words_as_what_is_not(folder):
    there, away = (refusal(ListAccess(), f"@/{name}") for name in ("etc/passwd", "etc/pass_wd"))
    assert there.replace("passwd", "") == away.replace("pass_wd", "")


@pytest.mark.parametrize("text", ["/etc/passwd", "word: /etc/passwd", "a: b | ~/x", "things.txt"])
def test_the_name_of_a_file_is_no_word_whether_it_is_there_or_not(text):
    assert "looks like a file" in refusal(ListAccess(), text)


@pytest.mark.parametrize("text", ["@/proc/self/environ", "@~/.ssh/id_rsa", "@a\0b", "@", "@" * 999])
def test_odd_names_are_refused(text):
    assert len(refusal(ListAccess(), text)) < 600


def test_what_was_named_at_the_start_may_be_named_again(folder):
    access = ListAccess([], ["door", f"@{folder}/a.txt"])
    access.check([f"@{folder}/a.txt", f" @{folder}/below/../a.txt "])
    refusal(access, f"@{folder}/below/b.txt")
