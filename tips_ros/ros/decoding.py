# SPDX-License-Identifier: Apache-2.0
"""Image messages → RGB arrays, with cv_bridge for the encodings that only it knows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.image_encodings import UnsupportedEncoding, decode_message


def rgb_of(message: Any) -> NDArray[np.uint8]:
    """sensor_msgs Image or CompressedImage → (H, W, 3) uint8 RGB, a view where that is possible.

    Raises:
        UnsupportedEncoding: neither this package nor an installed cv_bridge knows the encoding.
        MalformedImage: the bytes are not the image that the message describes.
    """
    try:
        return decode_message(message)
    except UnsupportedEncoding as unsupported:
        try:
            from cv_bridge import CvBridge, CvBridgeError
        except ImportError:
            raise unsupported from None
        return _by_cv_bridge(CvBridge(), CvBridgeError, message)


def _by_cv_bridge(bridge: Any, error_type: type[Exception], message: Any) -> NDArray[np.uint8]:
    try:
        return np.asarray(bridge.imgmsg_to_cv2(message, desired_encoding="rgb8"), np.uint8)
    except error_type as error:
        raise UnsupportedEncoding(f"encoding {message.encoding!r}: {error}") from error
