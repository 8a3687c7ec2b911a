# SPDX-License-Identifier: Apache-2.0
"""Declares the topics of one bag in another, also those whose types nobody knows."""

from __future__ import annotations

import logging

from tips_ros.bags import BagReader, BagWriter

logger = logging.getLogger(__name__)


def copy_topics(reader: BagReader, writer: BagWriter) -> None:
    """Declares all topics of an open bag; one line names those that are no more than bytes.

    Raises:
        BagError: one of them is declared already.
    """
    for topic in reader.topics.values():
        writer.add_topic(
            topic.name, topic.type, latched=topic.latched, definition=topic.definition
        )
    if reader.undescribed:
        logger.warning(
            "%s: copied as bytes, as nothing says what their types look like: %s",
            *(reader.path, ", ".join(f"{n} ({reader.topics[n].type})" for n in reader.undescribed)),
        )
