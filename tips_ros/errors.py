# SPDX-License-Identifier: Apache-2.0
"""The error a command shows to its user."""


class UserError(Exception):
    """Something the user can put right; the message is one line and names the fix."""


def explain(error: Exception) -> str:
    """Says an error in a line; of a file that can't be used, in words and with what to do."""
    if not isinstance(error, OSError) or error.filename is None or error.strerror is None:
        return str(error)
    if isinstance(error, FileNotFoundError):
        return f"{error.filename}: there is no such file; check its name"
    if isinstance(error, IsADirectoryError):
        return f"{error.filename} is a folder; name a file"
    return f"{error.filename} cannot be used ({error.strerror}); name another, or put that right"
