# SPDX-License-Identifier: Apache-2.0
"""Files that are there whole or not at all, however many processes write them."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def write_atomically(file: Path, content: bytes) -> None:
    """Writes a small file, and its folders where they are missing.

    What is there and no file, such as /dev/null or a pipe, is written to as it is.

    Raises:
        OSError: it can't be written; nothing has changed.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and not file.is_file():
        file.write_bytes(content)
        return
    part = file.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as opened:
            opened.write(content)
        os.replace(part, file)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


@contextmanager
def stage_folder(folder: Path, stale: Iterable[str] = ()) -> Iterator[Path]:
    """A folder to write files to that come into `folder`, made where it is missing, at the end.

    After an error none of them comes, and a folder that was made for them goes again.

    Args:
        folder: where they are to be.
        stale: names that go when they come, unless one of them has that name.

    Raises:
        OSError: `folder` can't be written to.
    """
    made = [p for p in (folder, *folder.parents) if not p.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=folder))
    come: set[str] = set()
    try:
        yield stage
        for file in stage.iterdir():
            os.replace(file, folder / file.name)
            come.add(file.name)
        for name in set(stale) - come:
            (folder / name).unlink(missing_ok=True)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        for path in made:
            with suppress(OSError):
                path.rmdir()
        raise
    stage.rmdir()
