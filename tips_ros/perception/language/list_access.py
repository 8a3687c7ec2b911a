# SPDX-License-Identifier: Apache-2.0
"""Files that prompts may name: what comes over a network must not have any file read aloud.

A prompt `@/path` is the lines of a file, and the classes in force are told to everybody. So who
calls a service reads only the lists that come along, and what was allowed to be read at the start.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from tips_ros.perception.classes.class_files import shipped_lists
from tips_ros.perception.language.prompt_syntax import PromptError, looks_like_file

_NO_LISTS = ("@model", "@none")


class ListAccess:
    """The class lists below some folders, and some files, beside those that come along."""

    def __init__(self, folders: Iterable[str] = (), named: Iterable[str] = ()) -> None:
        """
        Args:
            folders: whose files may be read, and those of the folders in them.
            named: prompts whose `@/path` may be named again, such as those given at the start.
        """
        self._folders = [_resolve(folder) for folder in folders]
        names = (text.strip() for text in named)
        self._files = {_resolve(name[1:].strip()) for name in names if name.startswith("@")}

    def check(self, texts: Iterable[str]) -> None:
        """Looks at prompts before anything is looked for on the disk.

        Raises:
            PromptError: a file that may not be read; the same whether it is there or not.
        """
        for text in texts:
            name = text.strip()
            if name.startswith("@"):
                self._check_list(name)
                continue
            for part in re.split(r"[:|]", text):
                if looks_like_file(part):
                    raise PromptError(f"{part.strip()[:40]!r} looks like a file; name a thing")

    def _check_list(self, reference: str) -> None:
        name = reference[1:].strip()
        if reference.casefold() in _NO_LISTS or name in (shipped := shipped_lists()):
            return
        path = _resolve(name)
        if path in self._files or any(folder in path.parents for folder in self._folders):
            return
        raise PromptError(
            f"{reference[:40]!r} is no list that may be read here: there are "
            f"{', '.join('@' + known for known in shipped)}; for files of your own start the node "
            "with their folder in prompt_list_folders, or send their lines"
        )


def _resolve(name: str) -> Path:
    """The path that a name leads to, through links and dots; nothing of it need be there."""
    try:
        return Path(os.path.realpath(os.path.expanduser(name)))
    except ValueError:  # as with a null character
        return Path(os.devnull)
