# SPDX-License-Identifier: Apache-2.0
"""Bags in either storage: cut, reordered, with lengths that lead anywhere, and odd metadata."""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path

from hypothesis import strategies as st
from rosbags.rosbag2 import StoragePlugin, Writer

from tips_ros.bags import BagReader, default_typestore
from tips_ros.bags.errors import BagError

from ..mutations import mutated, mutated_text
from ..scratch import scratch, scratch_file
from ..target import Target, refusal

_STRING = "std_msgs/msg/String"


@lru_cache(maxsize=1)
def _seeds() -> dict[str, bytes]:
    """A small bag in either storage, by suffix; the metadata and the file's name of the second."""
    found, store = {}, default_typestore()
    for plugin, suffix in ((StoragePlugin.MCAP, ".mcap"), (StoragePlugin.SQLITE3, ".db3")):
        folder = scratch() / f"seed{suffix}"
        with Writer(folder, version=8, storage_plugin=plugin) as writer:
            topics = [
                writer.add_connection(name, _STRING, typestore=store) for name in ("/a", "/b")
            ]
            for i in range(6):
                data = store.serialize_cdr(store.types[_STRING](f"text {i}"), _STRING)
                writer.write(topics[i % 2], 10**9 + i, bytes(data))
        (file,) = folder.glob(f"*{suffix}")
        found[suffix] = file.read_bytes()
        found["metadata"] = (folder / "metadata.yaml").read_bytes()
        found["name"] = file.name.encode()
    return found


def check_bag(case: tuple[bytes, str]) -> None:
    """Messages in the order of their stamps, or a refusal."""
    data, suffix = case
    path = scratch_file(f"bag/fuzz{suffix}", data)
    _read(path)
    path.unlink()


def check_folder(metadata: bytes) -> None:
    """The same of a folder whose files are sound and whose metadata is anything."""
    folder = scratch() / "folder"
    shutil.rmtree(folder, ignore_errors=True)
    scratch_file(f"folder/{_seeds()['name'].decode()}", _seeds()[".db3"])
    scratch_file("folder/metadata.yaml", metadata)
    _read(folder)


def _read(path: Path) -> None:
    with refusal(BagError, OSError), BagReader(path) as reader:
        last = None
        for message in reader.messages():
            assert last is None or message.stamp_ns >= last, "stamps go back"
            last = message.stamp_ns
            with refusal(BagError):
                reader.deserialize(message)


_FILES = st.sampled_from((".mcap", ".db3")).flatmap(
    lambda suffix: st.tuples(mutated([_seeds()[suffix]], 4), st.just(suffix))
)
TARGETS = (
    Target("bags", _FILES, check_bag),
    Target(
        "metadata.yaml",
        st.deferred(lambda: mutated_text([_seeds()["metadata"].decode()])),
        check_folder,
    ),
)
