# SPDX-License-Identifier: Apache-2.0
"""Lines that libraries write to stderr by themselves, for each picture that is damaged."""

from __future__ import annotations

import cv2


def silence_picture_library() -> None:
    """Has OpenCV write nothing: the node says it itself, once, with what to do about it."""
    logging = getattr(cv2.utils, "logging", None)
    if logging is not None:
        logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    elif hasattr(cv2, "setLogLevel"):
        cv2.setLogLevel(0)
