# SPDX-License-Identifier: Apache-2.0
"""Records live topics to a bag: the bytes as they come, never deserialised."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from tips_ros.bags import BagError, BagWriter
from tips_ros.messages.types import rclpy_class
from tips_ros.replay.stamp_log import StampLog, begins_with_header, header_stamp_ns

logger = logging.getLogger(__name__)

# A few of the largest clouds may wait while the disk is busy.
_DEPTH = 10
_POLL_S = 0.02


class Recorder:
    """Raw subscriptions that write to a bag as soon as a message comes.

    Attributes:
        counts: topic → messages recorded.
        arrived: topic → when each header stamp came (time.monotonic_ns), for the types that begin
            with a header.
        last: topic → the last message's bytes, of the topics to keep.
        error: what ended the recording early, a full disk for example; None while all is well.
    """

    def __init__(
        self,
        node: Node,
        topics: Mapping[str, str],
        writer: BagWriter,
        *,
        qos: Mapping[str, QoSProfile] | None = None,
        keep: Collection[str] = (),
    ) -> None:
        """Subscribes. The node must be spun, by one thread at a time.

        Args:
            node: who subscribes.
            topics: full name → ROS type. What is not installed is left out, and said once.
            writer: an open bag without these topics; it stays the caller's to close, after `close`.
            qos: profiles that differ from reliable, volatile, the last ten: what publishers offer.
            keep: topics whose last message is to be at hand.
        """
        self._node = node
        self._writer = writer
        self.counts: Counter[str] = Counter()
        self.arrived: dict[str, StampLog] = {}
        self.last: dict[str, bytes] = {}
        self._keep = frozenset(keep)
        self.error: BagError | OSError | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._last_at = dict.fromkeys(topics, time.monotonic())
        group = MutuallyExclusiveCallbackGroup()
        self._subscriptions = {}
        for name, type_name in topics.items():
            profile = (qos or {}).get(name) or _reliable()
            try:
                message_class = rclpy_class(type_name)
            except (ImportError, AttributeError):
                logger.info("%s is not recorded: %s is not installed", name, type_name)
                continue
            if type_name not in writer.typestore.fielddefs:
                logger.info("%s is not recorded: the bag does not know %s", name, type_name)
                continue
            latched = profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
            writer.add_topic(name, type_name, latched=latched)
            if begins_with_header(message_class):
                self.arrived[name] = StampLog()
            self._subscriptions[name] = node.create_subscription(
                message_class, name, self._writes(name), profile, callback_group=group, raw=True
            )

    @property
    def topics(self) -> Collection[str]:
        """The topics that are recorded."""
        return self._subscriptions.keys()

    def wait_for_publishers(self, topics: Collection[str], timeout_s: float = 5.0) -> list[str]:
        """Waits until somebody publishes each topic; returns those that nobody does in time."""
        deadline = time.monotonic() + timeout_s
        while missing := [t for t in topics if not self._node.count_publishers(t)]:
            if time.monotonic() >= deadline:
                return missing
            time.sleep(_POLL_S)
        return []

    def quiet_s(self, topics: Collection[str] | None = None) -> float:
        """Seconds since the last message on any of the topics (all by default), or the start."""
        last = [at for name, at in self._last_at.items() if topics is None or name in topics]
        return time.monotonic() - max(last, default=0.0)

    def close(self) -> None:
        """Unsubscribes. When it returns, nothing more is written."""
        with self._lock:
            self._closed = True
        for subscription in self._subscriptions.values():
            self._node.destroy_subscription(subscription)

    def _writes(self, name: str) -> Callable[[bytes], None]:
        def write(data: bytes) -> None:
            with self._lock:
                if not self._closed and self.error is None:
                    self._write(name, data)

        return write

    def _write(self, name: str, data: bytes) -> None:
        arrived_ns = time.monotonic_ns()
        try:
            self._writer.write(name, time.time_ns(), data)
        except (BagError, OSError) as error:
            self.error = error
            return
        self.counts[name] += 1
        if name in self._keep:
            self.last[name] = data
        self._last_at[name] = arrived_ns / 1e9
        log = self.arrived.get(name)
        if log is not None and (stamp_ns := header_stamp_ns(data)) is not None:
            log.add(stamp_ns, arrived_ns)


def _reliable() -> QoSProfile:
    return QoSProfile(depth=_DEPTH, reliability=ReliabilityPolicy.RELIABLE)
