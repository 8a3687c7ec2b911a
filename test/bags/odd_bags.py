# SPDX-License-Identifier: Apache-2.0
"""Bags as other programs leave them: mcap files of any layout, and sqlite3 files of Humble."""

from __future__ import annotations

import sqlite3
from binascii import crc32
from pathlib import Path
from typing import NamedTuple

import yaml
from mcap import records as made
from mcap.data_stream import RecordBuilder
from mcap.writer import MCAP0_MAGIC

from tips_ros.bags import default_typestore

STORE = default_typestore()
STRING = "std_msgs/msg/String"


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
    described = [record for pair in enumerate(topics) for record in _described(*pair)]
    records = [made.Message(n, t, data, publish_time=t, sequence=0) for n, t, data in messages]
    out = MCAP0_MAGIC + encoded(made.Header(profile, "test"))
    if not chunks:
        out += encoded(*described, *records)
    indexes = []
    name, packed = pack or ("", bytes)
    for number in range(chunks):
        mine = records[number::chunks]
        body = encoded(*described, *mine)
        sums = {"uncompressed_size": len(body), **_span(mine)}
        chunk = made.Chunk(name, packed(body), uncompressed_crc=crc32(body), **sums)
        size = len(encoded(chunk))
        channels = {record.channel_id: 0 for record in mine}
        place = {"message_index_length": 0, "message_index_offsets": channels, **sums}
        indexes.append(made.ChunkIndex(size, len(out), name, len(chunk.data), **place))
        out += encoded(chunk)
    out += encoded(made.DataEnd(0))
    begin = len(out) if summary else 0
    if summary:
        counts = {n: sum(m[0] == n for m in messages) for n in range(len(topics))}
        numbers = {"schema_count": len(topics), "metadata_count": 0, **_span(records)}
        statistics = made.Statistics(0, len(topics), counts, chunks, len(messages), **numbers)
        out += encoded(*described, *indexes, statistics)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out + encoded(made.Footer(begin, 0, 0)) + MCAP0_MAGIC)
    return path


def _described(number: int, topic: Topic) -> list[made.McapRecord]:
    schema = 0 if topic.schema is None else number + 1
    channel = made.Channel(number, topic.name, topic.serialization, topic.metadata, schema)
    if topic.schema is None:
        return [channel]
    return [made.Schema(schema, topic.text.encode(), topic.schema, topic.type), channel]


def _span(messages: list[made.Message]) -> dict[str, int]:
    times = [message.log_time for message in messages] or [0]
    return {"message_start_time": min(times), "message_end_time": max(times)}


def encoded(*records: made.McapRecord) -> bytes:
    """Records as they are in a file."""
    builder = RecordBuilder()
    for record in records:
        record.write(builder)
    return builder.end()


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
