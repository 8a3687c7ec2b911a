# SPDX-License-Identifier: Apache-2.0
"""A bag as a scene: what we know how to draw by us, the rest by rerun's own reader of MCAP."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Collection
from pathlib import Path

from rerun.chunk import McapReader

from tips_ros.bags import BagError, BagReader
from tips_ros.messages.transforms import FIXED_TOPIC, MOVING_TOPIC
from tips_ros.messages.types import CAMERA_INFO, IMAGE, POINT_CLOUD
from tips_ros.view.topics import COMPRESSED_IMAGE, TopicDrawer, drawn_topics, is_known

logger = logging.getLogger(__name__)

MOST_FRAMES = 300  # that a browser holds with room to spare
_LARGE = (IMAGE, COMPRESSED_IMAGE, POINT_CLOUD)
_STATIC = 1  # of these there may be one, before all that needs it
_FIRST = 200  # messages that are looked at for what is known from the beginning


def draw_bag(
    reader: BagReader,
    drawer: TopicDrawer,
    *,
    every: int | None = None,
    progress: Callable[[], None] = lambda: None,
) -> int:
    """Draws a bag from its beginning to its end.

    Args:
        reader: an open bag.
        drawer: with the scene.
        every: of images and clouds each n-th is drawn; None chooses n so that `MOST_FRAMES` are.
        progress: called for each message.

    Returns:
        That n.

    Raises:
        BagError: bytes that cannot be read, or nothing in it that can be shown.
    """
    types = [(topic.name, topic.type) for topic in reader.topics.values() if topic.count]
    drawn = drawn_topics(types)
    rest = _draw_rest(reader, drawer, {name for name, kind in types if not is_known(kind)})
    if not drawn and not rest:
        raise BagError(
            f"{reader.path} has nothing that can be shown; it has {', '.join(reader.topics)}"
        )
    large = [reader.topics[name].count for name, kind in drawn.items() if kind in _LARGE]
    if every is None:
        every = max(1, math.ceil(max(large, default=1) / MOST_FRAMES))
    _draw_ahead(reader, drawer, drawn)
    passed = dict.fromkeys(drawn, 0)
    for message in reader.messages(drawn):
        progress()
        passed[message.topic] += 1
        if message.type in _LARGE and (passed[message.topic] - 1) % every:
            continue
        try:
            content = reader.deserialize(message)
        except BagError as error:
            logger.warning("%s", error)
            continue
        drawer.draw(message.topic, message.type, content, message.stamp_ns)
    return every


def _draw_ahead(reader: BagReader, drawer: TopicDrawer, drawn: Collection[str]) -> None:
    """Notes cameras and fixed frames before the first image that is drawn with them."""
    for name in drawn:
        topic = reader.topics[name]
        if topic.type == CAMERA_INFO or name in (FIXED_TOPIC, MOVING_TOPIC):
            some = _FIRST if name == FIXED_TOPIC else _STATIC
            for _, message in zip(range(some), reader.messages([name]), strict=False):
                try:
                    content = reader.deserialize(message)
                except BagError:
                    continue  # said when its turn comes
                drawer.draw(name, topic.type, content, message.stamp_ns)


def _draw_rest(reader: BagReader, drawer: TopicDrawer, topics: Collection[str]) -> bool:
    """Whether rerun's reader had a part in it; it reads plain files of MCAP."""
    path = _mcap_file(reader.path)
    if path is None or not topics:
        return False
    chosen = [f"^{re.escape(name)}$" for name in sorted(topics)]
    try:
        drawer.scene.recording.send_chunks(McapReader(path, include_topic_regex=chosen).stream())
    except (ValueError, RuntimeError, OSError) as error:
        logger.info("%s: rerun does not read %s: %s", path, ", ".join(sorted(topics)), error)
        return False
    return True


def _mcap_file(path: Path) -> Path | None:
    files = [path] if path.is_file() else sorted(path.glob("*.mcap"))
    return files[0] if len(files) == 1 and files[0].suffix == ".mcap" else None
