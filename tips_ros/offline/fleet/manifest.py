# SPDX-License-Identifier: Apache-2.0
"""The list of the bags that are done, beside their results."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tips_ros import __version__
from tips_ros.bags import BagReader
from tips_ros.errors import UserError
from tips_ros.whole_file import write_atomically

NAME = "manifest.json"
_CHUNK = 1 << 20


class Manifest:
    """A file of JSON: name of a bag → what became of it. Written anew after each bag."""

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            UserError: there is a file that is no manifest.
        """
        self.file = folder / NAME
        self._bags: dict[str, Any] = {}
        if self.file.exists():
            try:
                self._bags = dict(json.loads(self.file.read_text(encoding="utf-8"))["bags"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise UserError(
                    f"{self.file} is no manifest of ours ({error}); move it, or choose another OUT"
                ) from error

    def is_done(self, name: str, source: Path, result: Path, options: list[str]) -> bool:
        """Whether the result is that of this source, with these options, and is still there."""
        entry = self._bags.get(name)
        return (
            entry is not None
            and entry["input"] == _identity(source)
            and entry["options"] == options
            and entry["tips_ros"] == __version__
            and result.exists()
            and entry["output"]["bytes"] == _size(result)
        )

    def note(
        self, name: str, source: Path, result: Path, options: list[str], seconds: float
    ) -> None:
        """Notes a bag that is done.

        Raises:
            BagError: its result cannot be read.
            OSError: it, or the manifest, cannot be read or written.
        """
        with BagReader(result) as reader:
            lasts_s = (reader.end_ns - reader.start_ns) / 1e9
            topics = {
                topic.name: {
                    "messages": topic.count,
                    "hz": round((topic.count - 1) / lasts_s, 3) if lasts_s > 0 else None,
                }
                for topic in reader.topics.values()
            }
        self._bags[name] = {
            "input": _identity(source),
            "options": options,
            "tips_ros": __version__,
            "seconds": round(seconds, 1),
            "bag_seconds": round(lasts_s, 3),
            "output": {"bytes": _size(result), "sha256": sha256(result), "topics": topics},
        }
        text = json.dumps({"bags": dict(sorted(self._bags.items()))}, indent=1)
        write_atomically(self.file, text.encode() + b"\n")


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keeps a folder of results for this process alone.

    Raises:
        UserError: another process works on it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UserError(f"{folder}: another call of `bags` is at work there; wait") from error
        yield


def sha256(bag: Path) -> str:
    """Hash of a bag's storage files, in the order of their names."""
    digest = hashlib.sha256()
    for file in _files(bag):
        with file.open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def _files(bag: Path) -> list[Path]:
    if not bag.is_dir():
        return [bag]
    return sorted(path for path in bag.iterdir() if path.suffix != ".yaml" and path.is_file())


def _size(bag: Path) -> int:
    return sum(file.stat().st_size for file in _files(bag))


def _identity(bag: Path) -> dict[str, Any]:
    newest_ns = max((file.stat().st_mtime_ns for file in _files(bag)), default=0)
    return {"path": str(bag.resolve()), "bytes": _size(bag), "changed_ns": newest_ns}
