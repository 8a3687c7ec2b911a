# SPDX-License-Identifier: Apache-2.0
"""Image messages → RGB arrays: an `ImageDecoder` for each camera, or `rgb_of` for one message."""

from __future__ import annotations

from tips_ros.perception.images.decoder import ImageDecoder, decode_message

__all__ = ["ImageDecoder", "rgb_of"]

rgb_of = decode_message
