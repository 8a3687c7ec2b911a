# SPDX-License-Identifier: Apache-2.0
"""The first CameraInfo of a bag's camera."""

from __future__ import annotations

import logging
from typing import Any

from tips_ros.bags import BagError, BagReader

logger = logging.getLogger(__name__)


def first_info(reader: BagReader, topic: str | None) -> Any:
    """The first CameraInfo that can be read; None without any, or without a topic."""
    for message in reader.messages([topic]) if topic else ():
        try:
            return reader.deserialize(message)
        except BagError as error:
            logger.info("%s", error)
    return None
