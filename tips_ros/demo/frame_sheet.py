# SPDX-License-Identifier: Apache-2.0
"""One recorded frame and its answers as a picture, read back from the recording itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tips_ros.bags import BagReader
from tips_ros.demo.recorded_answers import (
    CLASSES,
    DEPTH,
    LABELS,
    NORMALS,
    POINTS,
    class_palette,
    image_pixels,
)
from tips_ros.demo.result import DemoResult
from tips_ros.errors import UserError
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE, Cloud
from tips_ros.perception.images.decoder import decode_message
from tips_ros.perception.images.drawn_picture import encode_drawn
from tips_ros.perception.overview.sheet import overview
from tips_ros.replay.stamp_log import header_stamp_ns
from tips_ros.whole_file import write_atomically

_PARTS = (DEPTH, NORMALS, LABELS, POINTS)


def write_frame_sheet(result: DemoResult, path: Path) -> bool:
    """Draws the frame `result.sheet_stamp_ns` of a recording to an image file.

    Returns:
        False when there is no such frame, because nothing was answered.

    Raises:
        BagError: the recording cannot be read.
        UserError: the picture cannot be written.
    """
    if result.sheet_stamp_ns is None:
        return False
    messages = _messages_of_frame(result.recording, result.live_image_topic, result.sheet_stamp_ns)
    image = messages.get(result.live_image_topic)
    if image is None:
        return False
    depth, normals, labels, points = (messages.get(name) for name in _PARTS)
    classes = messages.get(CLASSES)
    sheet = overview(
        decode_message(image),
        None if depth is None else image_pixels(depth, np.float32),
        None if normals is None else image_pixels(normals, np.float32, 3),
        None if labels is None else image_pixels(labels, np.uint8),
        None if classes is None else class_palette(classes),
        None if classes is None else dict(zip(classes.ids, classes.names, strict=True)),
        None if points is None else _cloud(points),
        title_lines=(f"tips_ros demo: {result.bag.name}", result.model_line),
        footer=f"{result.image_topic} at {result.sheet_stamp_ns / 1e9:.3f} s",
        trained=result.trained,
        reasons={"Cloud from above": _no_points_reason(result)},
        caution=result.caution,
        depth_caution=result.depth_caution,
        asked_for=classes.ids if classes is not None and classes.source == "prompts" else (),
    )
    try:
        write_atomically(path, encode_drawn(sheet))
    except OSError as error:
        raise UserError(str(error)) from error
    return True


def _no_points_reason(result: DemoResult) -> str:
    if result.camera_info_topic is None:
        return "no points: this bag has no CameraInfo"
    said = (line for line in result.complaints if line.startswith("~/points waits"))
    return next(said, "no points came for this frame")


def _messages_of_frame(recording: Path, image_topic: str, stamp_ns: int) -> dict[str, Any]:
    """Topic → its message with that stamp; the classes are the first list of the recording."""
    messages: dict[str, Any] = {}
    with BagReader(recording) as reader:
        wanted = {name for name in (image_topic, CLASSES, *_PARTS) if name in reader.topics}
        for message in reader.messages(wanted):
            is_frame = header_stamp_ns(message.data) == stamp_ns
            if message.topic not in messages and (is_frame or message.topic == CLASSES):
                messages[message.topic] = reader.deserialize(message)
                if len(messages) == len(wanted):
                    break
    return messages


def _cloud(points: Any) -> Cloud:
    return np.frombuffer(points.data, CLOUD_DTYPE).reshape(points.height, points.width)
