# SPDX-License-Identifier: Apache-2.0
"""Errors of the operating system reach the user in words, with what to do, and no number."""

from __future__ import annotations

import ast
import errno
import os
from pathlib import Path

import pytest

from tips_ros.errors import explain
from tips_ros.whole_file import NotWritten

PACKAGE = Path(__file__).parents[1] / "tips_ros"


def raised_by(path: Path) -> Exception:
    with pytest.raises(OSError) as error:
        path.read_bytes()
    return error.value


def test_a_file_that_cannot_be_used_is_named_with_the_fix(tmp_path: Path):
    assert explain(raised_by(tmp_path)) == f"{tmp_path} is a folder; name a file"
    absent = tmp_path / "absent"
    assert explain(raised_by(absent)) == f"{absent}: there is no such file; check its name"
    denied = explain(PermissionError(13, "Permission denied", "/root/x"))
    assert denied == "/root/x cannot be used (Permission denied); name another, or put that right"


@pytest.mark.parametrize("kind", [OSError, NotWritten])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_of_a_disk_that_is_full_it_says_to_make_room(kind: type[OSError], number: int):
    said = explain(kind(number, os.strerror(number), "/disk/x"))
    assert said.startswith("/disk/x cannot be written (") and "make room" in said


def test_what_could_not_be_written_says_that_nothing_of_it_was_kept():
    said = explain(NotWritten(errno.EACCES, "Permission denied", "/root/x"))
    assert "nothing of it was kept" in said and "choose another place" in said


@pytest.mark.parametrize("error", [ValueError("no, 3 is less"), OSError("it hangs up")])
def test_what_says_itself_what_is_wrong_stays_as_it_is(error: Exception):
    assert explain(error) == str(error)


def shows_numbers(handler: ast.ExceptHandler) -> bool:
    """Whether an OSError's own text goes to the user: `[Errno 21] Is a directory`."""
    caught = "" if handler.type is None else ast.unparse(handler.type)
    raised = [ast.unparse(part) for part in handler.body if isinstance(part, ast.Raise)]
    return "OSError" in caught and any(
        "UserError" in one and ("str(error)" in one or "{error}" in one) for one in raised
    )


def test_no_command_shows_an_error_of_the_system_as_it_is():
    files = sorted((PACKAGE / "commands").rglob("*.py"))
    handlers = [
        (file.name, handler.lineno)
        for file in files
        for handler in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(handler, ast.ExceptHandler) and shows_numbers(handler)
    ]
    assert len(files) > 10 and handlers == []
