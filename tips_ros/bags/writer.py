# SPDX-License-Identifier: Apache-2.0
"""Writes ROS 2 bags that rosbag2 of Humble and later can play."""

from __future__ import annotations

import logging
import shutil
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys.store import Typestore

from tips_ros.bags.errors import BagError
from tips_ros.bags.place import MCAP, check_place, find_leftovers, workshop_prefix
from tips_ros.bags.results import KEY
from tips_ros.bags.storage.storage import Definition
from tips_ros.bags.types import default_typestore, describes, recorded_text
from tips_ros.whole_file import explain_unwritten

logger = logging.getLogger(__name__)

_UNSPECIFIED = QosTime(0, 0)


class BagWriter:
    """A bag being written; a context manager.

    The bag is a folder with metadata.yaml and one mcap file, or that file alone where the path ends
    in .mcap: it is a whole bag, too. It is written beside its final place and moved there when all
    went well, so that what is found at `path` is always a whole bag.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        overwrite: bool = False,
        typestore: Typestore | None = None,
        pack: bool = False,
        results_of: str = "",
    ) -> None:
        """Start a bag.

        Args:
            path: the folder or .mcap file that the bag will be; its parents are made.
            overwrite: replace the bag that is at `path`; anything but a bag is never replaced.
            typestore: knows the types of the topics; give that of a `BagReader` to copy its topics.
            pack: compress chunks with zstd, as rosbag2's mcap plugin does.
            results_of: the command whose results the bag holds, see `holds_results`.

        Raises:
            BagError: there is something at `path`, or it cannot be written to.
        """
        self.path = Path(path)
        self.typestore = typestore if typestore is not None else default_typestore()
        self._overwrite = overwrite
        self._topics: dict[str, Connection] = {}
        self._count = 0
        self._name = self.path.name.removesuffix(MCAP) or "bag"
        check_place(self.path, overwrite=overwrite)
        for folder in find_leftovers(self.path):
            logger.warning(
                "%s: left by a writer of %s that was killed, unless one is at work; read what it "
                "wrote as any other bag, or remove it",
                folder / self._name,
                self.path,
            )
        with ExitStack() as undo:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._workshop = Path(
                    tempfile.mkdtemp(prefix=workshop_prefix(self.path), dir=self.path.parent)
                )
                undo.callback(shutil.rmtree, self._workshop, ignore_errors=True)
                # Version 9 would hide the topics' QoS from Humble; Jazzy reads 8 as well.
                self._writer = Writer(
                    self._workshop / self._name, version=8, storage_plugin=StoragePlugin.MCAP
                )
                if pack:
                    self._writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
                if results_of:
                    self._writer.set_custom_data(KEY, results_of)
                self._writer.open()
            except OSError as error:
                raise BagError(
                    f"{self.path} cannot be written ({error.strerror}); choose another folder"
                ) from error
            undo.pop_all()

    def add_topic(
        self,
        name: str,
        type: str,
        *,
        latched: bool = False,
        definition: Definition | None = None,
    ) -> None:
        """Declare a topic before its first message.

        Args:
            name: full name, such as `/camera/image_raw`.
            type: ROS type, such as `sensor_msgs/msg/Image`.
            latched: players shall offer it transient local, as tf_static and class lists are.
            definition: what is known of a type that the typestore doesn't know, be it nothing:
                it is kept as it is, and the messages are bytes.

        Raises:
            BagError: declared already, or of an unknown type without a definition.
        """
        if name in self._topics:
            raise BagError(f"{self.path}: topic {name} is declared twice; use another name")
        if describes(self.typestore, type):
            self._topics[name] = self._writer.add_connection(
                name, type, typestore=self.typestore, offered_qos_profiles=[_qos(latched)]
            )
        elif definition is not None:
            self._topics[name] = self._add_unknown(name, type, latched, definition)
        else:
            raise BagError(
                f"{self.path}: topic {name} is of the unknown type {type}; "
                f"give a typestore that has it"
            )

    def _add_unknown(
        self, name: str, type: str, latched: bool, definition: Definition
    ) -> Connection:
        connection = self._writer.add_connection(
            name,
            type,
            msgdef=recorded_text(type, definition),
            rihs01="unknown",
            offered_qos_profiles=[_qos(latched)],
        )
        # The library insists on a hash; rosbag2 leaves it empty where it has none.
        place = self._writer.connections.index(connection)
        self._writer.connections[place] = connection = connection._replace(digest="")
        return connection

    def write(self, name: str, stamp_ns: int, message: Any) -> None:
        """Append a message; the stamps of a bag need not be in order.

        Args:
            name: a declared topic.
            stamp_ns: when the message was received, nanoseconds.
            message: CDR bytes, such as rclpy.serialization gives, or a message of the typestore.

        Raises:
            BagError: the topic is not declared, the message is not of its type, or the disk is
                full.
        """
        if (connection := self._topics.get(name)) is None:
            raise BagError(f"{self.path}: topic {name} is not declared; call add_topic first")
        if not isinstance(message, (bytes, bytearray, memoryview)):
            try:
                message = self.typestore.serialize_cdr(message, connection.msgtype)
            except Exception as error:
                raise BagError(
                    f"{self.path}: {name} takes {connection.msgtype} ({error}); "
                    f"give a message of the typestore, or bytes"
                ) from error
        try:
            self._writer.write(connection, stamp_ns, memoryview(message))
        except OSError as error:
            raise self._write_error(error) from error
        self._count += 1

    def close(self) -> None:
        """Finish the bag and put it in its place.

        Raises:
            BagError: no message was written, something came to be at `path` meanwhile, or the disk
                is full.
        """
        try:
            if self._count == 0:
                raise BagError(f"{self.path} would be empty, so it was not written; record again")
            self._writer.close()
            check_place(self.path, overwrite=self._overwrite)
            if self.path.is_dir():
                self.path.rename(self._workshop / "replaced")
            self._make_folder().replace(self.path)
        except OSError as error:
            raise self._write_error(error) from error
        finally:
            self.abort()

    def abort(self) -> None:
        """Forget what was written; what was at `path` before stays."""
        with suppress(OSError):  # what it still had to write, and can't
            self._writer.abort()
        shutil.rmtree(self._workshop, ignore_errors=True)

    def _write_error(self, error: OSError) -> BagError:
        error.filename = str(self.path)  # not our workshop beside it
        return BagError(explain_unwritten(error, self.path))

    def _make_folder(self) -> Path:
        folder = self._workshop / self._name
        return folder if self.path.suffix != MCAP else next(folder.glob(f"*{MCAP}"))

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        if exc_type is None:
            self.close()
        else:
            logger.info("%s was not written", self.path)
            self.abort()


def _qos(latched: bool) -> Qos:
    """Reliable; zero times mean "as the middleware does"."""
    return Qos(
        history=QosHistory.KEEP_LAST,
        depth=1 if latched else 10,
        reliability=QosReliability.RELIABLE,
        durability=QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        deadline=_UNSPECIFIED,
        lifespan=_UNSPECIFIED,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=_UNSPECIFIED,
        avoid_ros_namespace_conventions=False,
    )
