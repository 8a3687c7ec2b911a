# SPDX-License-Identifier: Apache-2.0
"""The stamps and frames that cameras have sent, by which outputs are recognised."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

PEER = "peer of "  # a frame_id that begins so, and ends with the camera, is of a killed process
TARGETS = ("base_link", "odom")  # where points_filtered may be


def stamp_ns(header: Any) -> int:
    """The stamp of a header."""
    return header.stamp.sec * 10**9 + header.stamp.nanosec


class Sent:
    """Written by cameras before they send, asked about outputs after."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._headers: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
        self._stamps: defaultdict[str, set[int]] = defaultdict(set)

    def add(self, camera: str, header: Any) -> None:
        """A camera is about to send a picture with this header."""
        with self._lock:
            self._headers[camera].add((stamp_ns(header), header.frame_id))
            self._stamps[camera].add(stamp_ns(header))

    def has(self, camera: str, output: str, header: Any) -> bool:
        """Whether an output of a camera can have this header."""
        frame_id, at = header.frame_id, stamp_ns(header)
        if frame_id.startswith(PEER):
            return frame_id == PEER + camera
        with self._lock:
            if output == "points_filtered" and frame_id in TARGETS:
                return True  # of a peer, perhaps
            return (at, frame_id) in self._headers[camera]
