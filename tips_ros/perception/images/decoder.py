# SPDX-License-Identifier: Apache-2.0
"""Image messages of either kind, of rclpy or of rosbags, → RGB pixels."""

from __future__ import annotations

from typing import Any

from tips_ros.perception.images.compressed import decode_compressed
from tips_ros.perception.images.encodings import RgbImage, decode_image
from tips_ros.perception.images.stream import ImageStream


class ImageDecoder:
    """Decodes the images of one stream, all by the same scale of brightness.

    One for each camera: what its samples have shown decides how the next ones are read.
    """

    def __init__(self, name: str | None) -> None:
        """Begins a stream.

        Args:
            name: of the stream, such as its topic, for the log; None logs nothing.
        """
        self._stream = ImageStream(name)

    def decode(self, message: Any) -> RgbImage:
        """Turns a sensor_msgs Image or CompressedImage into (H, W, 3) uint8 RGB.

        A view of the message's data where that is possible. What has to be assumed of the stream
        is logged once.

        Raises:
            UnsupportedEncoding: no conversion to RGB is known.
            MalformedImage: the bytes are not the image that the message describes.
        """
        if hasattr(message, "format"):
            return decode_compressed(message.data, message.format, self._stream)
        return decode_image(
            message.data,
            message.encoding,
            message.height,
            message.width,
            message.step,
            bool(message.is_bigendian),
            self._stream,
        )


def decode_message(message: Any) -> RgbImage:
    """Decodes a message on its own, as `ImageDecoder` does the first one of a stream."""
    return ImageDecoder(None).decode(message)
