# SPDX-License-Identifier: Apache-2.0
"""A moving picture of a recording: images, their depth and their classes, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tips_ros.bags import BagMessage, BagReader
from tips_ros.demo.recorded_answers import CLASSES, DEPTH, LABELS, class_palette, image_pixels
from tips_ros.perception.images.decoder import decode_message
from tips_ros.perception.images.drawn_picture import make_mark
from tips_ros.perception.map_pictures import depth_limit_m, depth_picture, overlay
from tips_ros.replay.stamp_log import header_stamp_ns
from tips_ros.whole_file import write_atomically

_WIDTH = 320  # of each of the three
_MOST_FRAMES = 120
_QUALITY = 60
_LONGEST_MS = 1000  # that a frame stays

Picture = NDArray[np.uint8]


def write_clip(recording: Path, image_topic: str, path: Path) -> bool:
    """Draws the answered frames of a recording, in their own time, to an animated WebP.

    Returns:
        False when fewer than two images have depth and classes.

    Raises:
        BagError: the recording cannot be read.
        OSError: the file cannot be written.
    """
    stamps_ns, pictures = [], []
    for stamp_ns, picture in _pictures(recording, image_topic):
        stamps_ns.append(stamp_ns)
        pictures.append(Image.fromarray(picture))
    if len(pictures) < 2:
        return False
    lasts_ms = np.clip(np.diff(stamps_ns) // 1_000_000, 20, _LONGEST_MS).tolist()
    file = BytesIO()
    pictures[0].save(
        file, "WEBP", save_all=True, append_images=pictures[1:], method=0, quality=_QUALITY,
        duration=[*lasts_ms, _LONGEST_MS], loop=0, exif=make_mark(),
    )  # fmt: skip
    write_atomically(path, file.getvalue())
    return True


def _pictures(recording: Path, image_topic: str) -> Iterator[tuple[int, Picture]]:
    """Stamp and picture of the frames that have all three, in the order of their answers."""
    shown = (image_topic, DEPTH, LABELS)
    with BagReader(recording) as reader:
        if not {*shown, CLASSES} <= set(reader.topics):
            return
        every = -(-reader.topics[DEPTH].count // _MOST_FRAMES)
        far_m = 0.0  # the first frame's end of the colours is that of all
        palette: Picture | None = None
        waiting: dict[int, dict[str, BagMessage]] = {}
        answered = 0
        for message in reader.messages({*shown, CLASSES}):
            if message.topic == CLASSES:
                palette = class_palette(reader.deserialize(message))
                continue
            if (stamp_ns := header_stamp_ns(message.data)) is None:
                continue
            parts = waiting.setdefault(stamp_ns, {})
            parts[message.topic] = message
            if len(parts) < len(shown) or palette is None:
                continue
            waiting = {stamp: rest for stamp, rest in waiting.items() if stamp > stamp_ns}
            answered += 1
            if answered % every:
                continue
            image, depth, labels = (reader.deserialize(parts[topic]) for topic in shown)
            rgb, depth_m = decode_message(image), image_pixels(depth, np.float32)
            far_m = far_m or depth_limit_m(depth_m)
            size = _WIDTH, max(1, round(_WIDTH * rgb.shape[0] / rgb.shape[1]))
            small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
            depth_m, label = (
                cv2.resize(array, size, interpolation=cv2.INTER_NEAREST)
                for array in (depth_m, image_pixels(labels, np.uint8))
            )
            three = (small, depth_picture(depth_m, far_m), overlay(small, label, palette))
            yield stamp_ns, np.hstack(three)
