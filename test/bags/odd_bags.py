# SPDX-License-Identifier: Apache-2.0
"""Bags as other programs leave them: mcap files byte by byte, and sqlite3 files of Humble."""

from __future__ import annotations

import sqlite3
import struct
from binascii import crc32
from pathlib import Path
from typing import NamedTuple

import yaml

from tips_ros.bags import default_typestore

STORE = default_typestore()
STRING = "std_msgs/msg/String"
MAGIC = b"\x89MCAP0\r\n"


def string(text: str) -> bytes:
    return bytes(STORE.serialize_cdr(STORE.types[STRING](text), STRING))


class Topic(NamedTuple):
    """A channel with its schema; `schema` None is a channel without one."""

    name: str
    type: str = STRING
    serialization: str = "cdr"
    schema: str | None = "ros2msg"
    text: str = "string data"
    metadata: dict[str, str] = {}


def mcap(
    path: Path,
    topics: list[Topic],
    messages: list[tuple[int, int, bytes]],
    *,
    profile: str = "ros2",
    chunks: int = 1,
    pack=None,
    summary: bool = True,
) -> Path:
    """Writes messages of (topic's number, stamp, bytes) in the order given.

    Args:
        path: the file.
        topics: numbered from 0.
        messages: dealt out to the chunks in turn, so that their times overlap.
        profile: of the header.
        chunks: 0 for messages outside of chunks.
        pack: (name, function) of the chunks' compression.
        summary: without, readers must go through the whole file.
    """
    described = b"".join(_described(number, topic) for number, topic in enumerate(topics))
    records = [_record(5, struct.pack("<HIQQ", n, 0, t, t) + data) for n, t, data in messages]
    out = MAGIC + _record(1, _text(profile) + _text("test"))
    index = b""
    if not chunks:
        out += described + b"".join(records)
    name, packed = pack or ("", bytes)
    for chunk in range(chunks):
        mine = messages[chunk::chunks]
        body = described + b"".join(records[chunk::chunks])
        times = [t for _, t, _ in mine] or [0]
        span, small = struct.pack("<QQ", min(times), max(times)), packed(body)
        sums = struct.pack("<QI", len(body), crc32(body))
        record = _record(6, span + sums + _text(name) + _data(small, "Q"))
        offsets = b"".join(struct.pack("<HQ", n, 0) for n in sorted({n for n, _, _ in mine}))
        place = struct.pack("<QQ", len(out), len(record)) + _data(offsets) + struct.pack("<Q", 0)
        sizes = _text(name) + struct.pack("<QQ", len(small), len(body))
        index += _record(8, span + place + sizes)
        out += record
    out += _record(15, bytes(4))
    if not summary:
        return _written(path, out + _record(2, bytes(20)) + MAGIC)
    counts = {n: sum(m[0] == n for m in messages) for n in range(len(topics))}
    times = [t for _, t, _ in messages] or [0]
    numbers = (len(messages), len(topics), len(topics), 0, 0, chunks, min(times), max(times))
    pairs = b"".join(struct.pack("<HQ", *pair) for pair in counts.items())
    statistics = _record(11, struct.pack("<QHIIIIQQ", *numbers) + _data(pairs))
    footer = _record(2, struct.pack("<QQI", len(out), 0, 0))
    return _written(path, out + described + index + statistics + footer + MAGIC)


def _written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _described(number: int, topic: Topic) -> bytes:
    schema = b""
    if topic.schema is not None:
        texts = _text(topic.type) + _text(topic.schema) + _text(topic.text)
        schema = _record(3, struct.pack("<H", number + 1) + texts)
    pairs = b"".join(_text(key) + _text(value) for key, value in topic.metadata.items())
    ids = struct.pack("<HH", number, number + 1 if topic.schema is not None else 0)
    texts = _text(topic.name) + _text(topic.serialization) + _data(pairs)
    return schema + _record(4, ids + texts)


def _record(opcode: int, body: bytes) -> bytes:
    return struct.pack("<BQ", opcode, len(body)) + body


def _data(data: bytes, length: str = "I") -> bytes:
    return struct.pack(f"<{length}", len(data)) + data


def _text(text: str) -> bytes:
    return _data(text.encode())


def db3(
    path: Path,
    messages: list[tuple[str, str, int, bytes]],
    *,
    declared: tuple[tuple[str, str], ...] = (),
    definitions: dict[str, tuple[str, str]] | None = None,
    qos: str = "",
    journal: str = "DELETE",
) -> sqlite3.Connection:
    """Writes messages of (topic, type, stamp, bytes) as Humble does, or Jazzy with `definitions`.

    Returns:
        The connection, which the caller closes, or does not.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute(f"PRAGMA journal_mode={journal}")
    hashed = ", type_description_hash TEXT DEFAULT ''" if definitions is not None else ""
    database.executescript(
        "CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL,"
        f" serialization_format TEXT NOT NULL, offered_qos_profiles TEXT NOT NULL{hashed});"
        "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL,"
        " timestamp INTEGER NOT NULL, data BLOB NOT NULL);"
        "CREATE INDEX timestamp_idx ON messages (timestamp ASC);"
    )
    if definitions is not None:
        database.execute(
            "CREATE TABLE message_definitions(id INTEGER PRIMARY KEY, topic_type TEXT,"
            " encoding TEXT, encoded_message_definition TEXT, type_description_hash TEXT)"
        )
        for kind, (encoding, text) in definitions.items():
            row = (kind, encoding, text)
            database.execute("INSERT INTO message_definitions VALUES (NULL, ?, ?, ?, '')", row)
    ids: dict[str, int] = {}
    for topic, kind in [*((m[0], m[1]) for m in messages), *declared]:
        if topic not in ids:
            ids[topic] = len(ids) + 1
            database.execute(
                "INSERT INTO topics(id, name, type, serialization_format, offered_qos_profiles)"
                " VALUES (?, ?, ?, 'cdr', ?)",
                (ids[topic], topic, kind, qos),
            )
    for topic, _, stamp, data in messages:
        insert(database, ids[topic], stamp, data)
    return database


def insert(database: sqlite3.Connection, topic: int, stamp: int, data: bytes) -> None:
    row = (topic, stamp, data)
    database.execute("INSERT INTO messages(topic_id, timestamp, data) VALUES (?, ?, ?)", row)


def metadata(folder: Path, files: list[str], count: int, **changed) -> None:
    """Writes a metadata.yaml that names files and nothing else of use."""
    info = {
        "version": 5,
        "storage_identifier": "sqlite3",
        "duration": {"nanoseconds": 0},
        "starting_time": {"nanoseconds_since_epoch": 0},
        "message_count": count,
        "topics_with_message_count": [],
        "compression_format": "",
        "compression_mode": "",
        "relative_file_paths": files,
    }
    (folder / "metadata.yaml").write_text(
        yaml.safe_dump({"rosbag2_bagfile_information": {**info, **changed}})
    )
