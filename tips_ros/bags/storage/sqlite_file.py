# SPDX-License-Identifier: Apache-2.0
"""An sqlite3 file of a bag, also one whose recorder was killed."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tips_ros.bags.storage.storage import BrokenFile, Channel, Definition, Record, read_qos

MAGIC = b"SQLite format 3\0"
_WAL_HEAD_BYTES = 32
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")


class SqliteFile:
    """An open sqlite3 file; a `StorageFile`. Nothing is ever written beside it."""

    def __init__(self, path: Path) -> None:
        """Read the topics and count the messages.

        What a killed recorder left in a -wal or -journal file is brought in, in a copy.

        Raises:
            BrokenFile: no file of rosbag2, cut short, or damaged.
            OSError: it cannot be read, or there is no room for the copy.
        """
        self.notes: list[str] = []
        with ExitStack() as undo, _translate_errors():
            if unfinished := _find_journal(path):
                self.notes.append(
                    f"{path.name} was not closed by its recorder: {unfinished.name} beside it is "
                    f"read, too"
                )
                folder = undo.enter_context(TemporaryDirectory(prefix="tips_ros_bag_"))
                path = _recover(path, unfinished, Path(folder))
            _refuse_cut(path)
            # Immutable: no lock and no file is made beside a bag on a read-only disk.
            self._database = undo.enter_context(closing(_connect(path, "immutable=1")))
            self.channels = _channels(self._database)
            first, last = self._database.execute(
                "SELECT MIN(timestamp), MAX(timestamp) FROM messages"
            ).fetchone()
            self.start_ns, self.end_ns = first or 0, last or 0
            self._opened = undo.pop_all()

    def messages(self, channels: Collection[int]) -> Iterator[Record]:
        """Goes through the messages of these channels in the order of their stamps.

        Raises:
            BrokenFile: damaged; also where the index, which tells the order, has other stamps.
        """
        places = ",".join("?" * len(channels))
        last_ns = None
        with _translate_errors():
            for row in self._database.execute(
                "SELECT timestamp, topic_id, data FROM messages "
                f"WHERE topic_id IN ({places}) ORDER BY timestamp, rowid",
                tuple(channels),
            ):
                record = Record._make(row)
                if last_ns is not None and record.stamp_ns < last_ns:
                    raise BrokenFile(
                        "a message has another time than the index of times; "
                        "`sqlite3 FILE REINDEX` makes that anew"
                    )
                last_ns = record.stamp_ns
                yield record

    def close(self) -> None:
        """Closes the file."""
        self._opened.close()


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BrokenFile(str(error)) from error


def _connect(path: Path, how: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{how}"
    return sqlite3.connect(uri, uri=True, check_same_thread=False)


def _channels(database: sqlite3.Connection) -> list[Channel]:
    """The topics; columns that a version of rosbag2 doesn't have yet are empty."""
    columns = {row[1] for row in database.execute("PRAGMA table_info(topics)")}
    if not {"id", "name", "type"} <= columns:
        raise BrokenFile("it has no table of topics, as rosbag2 writes it")
    texts = {}
    if list(database.execute("PRAGMA table_info(message_definitions)")):
        for type_name, encoding, text in database.execute(
            "SELECT topic_type, encoding, encoded_message_definition FROM message_definitions"
        ):
            texts[type_name] = Definition(encoding or "", text or "")
    counts = dict(database.execute("SELECT topic_id, COUNT(*) FROM messages GROUP BY topic_id"))
    serialization, qos = (
        name if name in columns else "''"
        for name in ("serialization_format", "offered_qos_profiles")
    )
    topics = database.execute(
        f"SELECT id, name, type, {serialization}, {qos} FROM topics ORDER BY id"
    )
    return [
        Channel(
            number,
            topic,
            type_name,
            how,
            texts.get(type_name, Definition()),
            read_qos(offered),
            counts.get(number, 0),
        )
        for number, topic, type_name, how, offered in topics
    ]


def _find_journal(path: Path) -> Path | None:
    """The file beside it that holds what is not yet, or not rightly, in the database."""
    wal, journal = (path.with_name(path.name + end) for end in ("-wal", "-journal"))
    if wal.is_file() and wal.stat().st_size > _WAL_HEAD_BYTES:
        return wal
    if journal.is_file():
        with journal.open("rb") as stream:
            if stream.read(len(_JOURNAL_MAGIC)) == _JOURNAL_MAGIC:
                return journal
    return None


def _recover(path: Path, unfinished: Path, folder: Path) -> Path:
    """A copy that the database engine has recovered, as it does when a writer opens it."""
    for part in (path, unfinished):
        shutil.copyfile(part, folder / part.name)
    with closing(_connect(folder / path.name, "mode=rw")) as database:
        database.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        database.execute("PRAGMA journal_mode=DELETE").fetchone()
    return folder / path.name


def _refuse_cut(path: Path) -> None:
    """The engine itself may read a file that lacks its end without a word."""
    with path.open("rb") as stream:
        head = stream.read(100)
    if len(head) < 100 or not head.startswith(MAGIC):
        raise BrokenFile("it is not a whole sqlite3 file")
    page_bytes = int.from_bytes(head[16:18], "big")
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    # The number of pages is right only where the writer knew of this field.
    pages = int.from_bytes(head[28:32], "big") if head[24:28] == head[92:96] else 0
    if path.stat().st_size < page_bytes * pages:
        raise BrokenFile(
            f"it was cut short: {path.stat().st_size} bytes of {page_bytes * pages} are there"
        )
