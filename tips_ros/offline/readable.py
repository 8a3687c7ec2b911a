# SPDX-License-Identifier: Apache-2.0
"""Messages of a bag that may be of no use: bytes that are not of their type."""

from __future__ import annotations

import logging
from typing import Any

from tips_ros.bags import BagError, BagMessage, BagReader

logger = logging.getLogger(__name__)


def read_if_whole(reader: BagReader, message: BagMessage) -> Any:
    """The deserialized message; None where its bytes are not of its type."""
    try:
        return reader.deserialize(message)
    except BagError as error:
        logger.info("%s", error)
        return None


def first_readable(reader: BagReader, topic: str | None) -> Any:
    """The topic's first message that can be read; None without any, or without a topic."""
    for message in reader.messages([topic]) if topic else ():
        if (read := read_if_whole(reader, message)) is not None:
            return read
    return None
