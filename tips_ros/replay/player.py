# SPDX-License-Identifier: Apache-2.0
"""Plays a bag into a live graph: the recorded bytes as they are, at the recorded pace."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

from builtin_interfaces.msg import Time
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosbags.interfaces import QosHistory, QosReliability
from rosgraph_msgs.msg import Clock

from tips_ros.bags import BagError, BagMessage, BagReader, TopicInfo
from tips_ros.messages.types import rclpy_class
from tips_ros.replay.stamp_log import StampLog, begins_with_header, header_stamp_ns

logger = logging.getLogger(__name__)

_DEPTH = 10
_MOST_LATCHED = 100
_POLL_S = 0.02
_CLOCK_PERIOD_S = 0.025
# We see a match a little before the subscriber does, and a best-effort subscriber loses what
# comes in between.
_SETTLE_S = 0.3


class BagPlayer:
    """Publishers for a bag's topics; `play` sends the messages.

    Attributes:
        live_topics: bag topic → topic it is published on; without those that cannot be.
        qos: topic it is published on → what is offered there.
        counts: bag topic → messages published.
        published: bag topic → when each header stamp was published (time.monotonic_ns), for the
            types that begin with a header.
    """

    def __init__(
        self,
        node: Node,
        reader: BagReader,
        topics: Collection[str] | Mapping[str, str] | None = None,
        *,
        rate: float = 1.0,
        clock: bool = False,
        loop: bool = False,
    ) -> None:
        """Creates the publishers, with the QoS that was recorded; reliable where none was.

        Args:
            node: who publishes.
            reader: an open bag; it stays the caller's to close.
            topics: bag topics to play, or bag topic → live topic; all as they are by default.
            rate: bag seconds per second.
            clock: publish the bag's time on /clock, for nodes with use_sim_time.
            loop: begin again at the end, until `stop`.

        Raises:
            BagError: a topic that is not in the bag.
            ValueError: a rate that is not above 0.
        """
        if not rate > 0.0:
            raise ValueError(f"rate {rate} must be above 0")
        self._reader = reader
        self._rate = rate
        self._loop = loop
        self._stop = threading.Event()
        self.live_topics: dict[str, str] = {}
        self.qos: dict[str, QoSProfile] = {}
        self.counts: Counter[str] = Counter()
        self.published: dict[str, StampLog] = {}
        self._publishers: dict[str, Any] = {}
        names = list(reader.topics) if topics is None else list(topics)
        for name in names:
            live = topics[name] if isinstance(topics, Mapping) else name
            self._add(node, name, live)
        self._clock = node.create_publisher(Clock, "/clock", _DEPTH) if clock else None

    def _add(self, node: Node, name: str, live: str) -> None:
        if name not in self._reader.topics:
            raise BagError(f"{self._reader.path} has no topic {name}")
        topic = self._reader.topics[name]
        try:
            message_class = rclpy_class(topic.type)
        except (ImportError, AttributeError, ValueError):
            logger.info("%s is not played: %s is not installed", name, topic.type)
            return
        self.live_topics[name] = live
        self.qos[live] = offered_qos(topic)
        self._publishers[name] = node.create_publisher(message_class, live, self.qos[live])
        if begins_with_header(message_class):
            self.published[name] = StampLog()

    def wait_for_subscribers(
        self, expected: Mapping[str, int], timeout_s: float = 10.0
    ) -> list[str]:
        """Waits until the live topics have this many subscribers, and these are ready.

        Returns:
            The topics that still lack some when the time was up; empty when all is well.
        """
        by_live = {live: self._publishers[name] for name, live in self.live_topics.items()}
        deadline = time.monotonic() + timeout_s
        while missing := [
            live
            for live, count in expected.items()
            if live in by_live and by_live[live].get_subscription_count() < count
        ]:
            if time.monotonic() >= deadline or self._stop.wait(_POLL_S):
                return missing
        self._stop.wait(_SETTLE_S)
        return []

    def play(self, progress: Callable[[BagMessage], None] | None = None) -> int:
        """Publishes the messages at their pace, in this thread; returns how many.

        A message that is late is published at once: none is skipped.

        Args:
            progress: called after each message.

        Raises:
            BagError: the bag cannot be read on.
        """
        total = 0
        while True:
            total += self._play_once(progress)
            if not self._loop or self._stop.is_set():
                return total

    def stop(self) -> None:
        """Ends `play` before its next message; from any thread."""
        self._stop.set()

    def _play_once(self, progress: Callable[[BagMessage], None] | None) -> int:
        count = 0
        began_s, began_ns = time.monotonic(), self._reader.start_ns
        for message in self._reader.messages(self._publishers):
            due_s = began_s + (message.stamp_ns - began_ns) / 1e9 / self._rate
            self._wait_until(due_s, message.stamp_ns)
            if self._stop.is_set():
                break
            self._publish(message)
            count += 1
            if progress is not None:
                progress(message)
        return count

    def _publish(self, message: BagMessage) -> None:
        log = self.published.get(message.topic)
        if log is not None and (stamp_ns := header_stamp_ns(message.data)) is not None:
            log.add(stamp_ns, time.monotonic_ns())
        self._publishers[message.topic].publish(message.data)
        self.counts[message.topic] += 1

    def _wait_until(self, due_s: float, bag_ns: int) -> None:
        """Waits for the time of a message; the clock goes on meanwhile."""
        while (left_s := due_s - time.monotonic()) > 0.0 and not self._stop.is_set():
            if self._clock is None:
                self._stop.wait(left_s)
            else:
                self._tell_time(bag_ns - round(left_s * self._rate * 1e9))
                self._stop.wait(min(left_s, _CLOCK_PERIOD_S))
        self._tell_time(bag_ns)

    def _tell_time(self, bag_ns: int) -> None:
        if self._clock is not None:
            sec, nanosec = divmod(bag_ns, 10**9)
            self._clock.publish(Clock(clock=Time(sec=sec, nanosec=nanosec)))


def offered_qos(topic: TopicInfo) -> QoSProfile:
    """Returns the QoS to offer for a recorded topic: the recorded one, else reliable."""
    recorded = topic.qos
    best_effort = recorded is not None and recorded.reliability == QosReliability.BEST_EFFORT
    profile = QoSProfile(
        depth=_DEPTH,
        reliability=ReliabilityPolicy.BEST_EFFORT if best_effort else ReliabilityPolicy.RELIABLE,
    )
    if topic.latched or topic.name.rpartition("/")[2] == "tf_static":
        # The messages of several publishers, each of which kept its last, come from us alone.
        profile.durability = DurabilityPolicy.TRANSIENT_LOCAL
        profile.depth = min(max(topic.count, 1), _MOST_LATCHED)
    elif recorded is not None and recorded.history == QosHistory.KEEP_LAST and recorded.depth > 0:
        profile.depth = recorded.depth
    return profile
