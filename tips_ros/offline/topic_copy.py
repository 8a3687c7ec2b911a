# SPDX-License-Identifier: Apache-2.0
"""Declares the topics of one bag in another, also those whose types nobody knows."""

from __future__ import annotations

import logging

from tips_ros.bags import BagReader, BagWriter

logger = logging.getLogger(__name__)


def copy_topics(reader: BagReader, writer: BagWriter) -> frozenset[str]:
    """Declares the topics of an open bag; one line each names those it can't, or only as bytes.

    Returns:
        The topics to copy: all but those of a type that the writer knows otherwise, such as a
        message of this package in another version.

    Raises:
        BagError: one of them is declared already.
    """
    known, recorded = writer.typestore.fielddefs, reader.typestore.fielddefs
    topics = list(reader.topics.values())
    copied = [topic for topic in topics if known.get(topic.type) == recorded.get(topic.type)]
    left_out = [topic for topic in topics if topic not in copied]
    for topic in copied:
        writer.add_topic(
            topic.name, topic.type, latched=topic.latched, definition=topic.definition
        )
    if bytes_only := [t for t in copied if t.name in reader.undescribed]:
        logger.warning(
            "%s: copied as bytes, as nothing says what their types look like: %s",
            *(reader.path, ", ".join(f"{topic.name} ({topic.type})" for topic in bytes_only)),
        )
    if left_out:
        logger.warning(
            "%s: not copied, as they were recorded with another version of their type: %s",
            *(reader.path, ", ".join(f"{topic.name} ({topic.type})" for topic in left_out)),
        )
    return frozenset(topic.name for topic in copied)
