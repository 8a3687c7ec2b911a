# SPDX-License-Identifier: Apache-2.0
"""The error a command shows to its user."""

from pathlib import Path

from tips_ros.whole_file import NotWritten, explain_unwritten, is_full


class UserError(Exception):
    """Something the user can put right; the message is one line and names the fix."""


def explain(error: Exception) -> str:
    """Says an error in a line; of a file that can't be used, in words and with what to do."""
    if isinstance(error, NotWritten):
        return str(error)  # knows that nothing of it was kept
    if not isinstance(error, OSError) or error.filename is None or error.strerror is None:
        return str(error)
    if is_full(error):
        return explain_unwritten(error, Path(error.filename))
    if isinstance(error, FileNotFoundError):
        return f"{error.filename}: there is no such file; check its name"
    if isinstance(error, IsADirectoryError):
        return f"{error.filename} is a folder; name a file"
    return f"{error.filename} cannot be used ({error.strerror}); name another, or put that right"
