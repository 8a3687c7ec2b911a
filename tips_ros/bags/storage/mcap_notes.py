# SPDX-License-Identifier: Apache-2.0
"""The texts that a recorder put beside the messages of an mcap file."""

from __future__ import annotations

import io
import struct
from pathlib import Path

from tips_ros.bags.storage import mcap_records as mcap
from tips_ros.bags.storage.mcap_index import summary_records
from tips_ros.bags.storage.mcap_records import Fields
from tips_ros.bags.storage.storage import BrokenFile


def read_notes(path: Path, name: str) -> dict[str, str]:
    """The metadata record of this name; empty where the file has none, or can't be read."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, io.SEEK_END)
            for record in summary_records(stream, size):
                if record.opcode != mcap.METADATA_INDEX:
                    continue
                fields = Fields(record.body)
                offset, length = fields.numbers("QQ")
                if fields.text() != name or offset + length > size:
                    continue
                stream.seek(offset + mcap.RECORD_HEAD.size)
                found = Fields(stream.read(length - mcap.RECORD_HEAD.size))
                if found.text() == name:
                    return found.text_map()
    except (BrokenFile, OSError, ValueError, struct.error):
        pass
    return {}
