# SPDX-License-Identifier: Apache-2.0
"""Oddities of a camera's topics that cost no image, yet make its outputs wrong or useless."""

from __future__ import annotations

import logging
from collections.abc import Collection

logger = logging.getLogger(__name__)


class InputOddities:
    """Says each oddity of one topic once, until it has been well in between."""

    def __init__(self) -> None:
        self._frame: str | None = None
        self._several: tuple[str, ...] = ()
        self._said_of: tuple[str, ...] = ()

    def check_frame(self, topic: str, frame: str) -> None:
        """Warns of a frame_id that tf2 and RViz can't place; to be called with each image's."""
        if frame == self._frame:
            return
        self._frame = frame
        if not frame:
            logger.warning(
                "images on %s have an empty frame_id, and so have all outputs: tf2 and RViz can't "
                "place them; set frame_id in the camera's driver",
                topic,
            )
        elif frame.startswith("/"):
            logger.warning(
                "images on %s have the frame_id %r: tf2 knows no frames with a slash in front; set "
                "frame_id to %r in the camera's driver",
                topic,
                frame,
                frame.lstrip("/"),
            )

    def check_publishers(self, topic: str, nodes: Collection[str]) -> None:
        """Warns of several nodes on one topic that are there the second time it is called."""
        several = tuple(sorted(set(nodes))) if len(set(nodes)) > 1 else ()
        if several and several == self._several and several != self._said_of:
            self._said_of = several
            logger.warning(
                "%d nodes publish on %s: %s. Their images mix in the outputs; remap all but one, "
                "or name them as several cameras",
                len(several),
                topic,
                ", ".join(several),
            )
        self._said_of = self._said_of if several else ()
        self._several = several
