# SPDX-License-Identifier: Apache-2.0
"""A reader of masks who knows no more than the rule in ClassMap.msg."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any, NamedTuple

import numpy as np
from findings import Findings
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from sent import stamp_ns
from tips_ros.msg import ClassMap

LATCHED = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_UNLABELLED = 255
# Two topics may overtake each other on the way: the classes may come after their mask, and a mask
# after classes that were told later.
_LATER_S, _EARLIER_S = 1.5, 0.5
_MOST_NAMES = 240  # beyond, ids are given a second time


class _Map(NamedTuple):
    came_at: float
    stamp_ns: int
    names: dict[int, str]


class _Mask(NamedTuple):
    came_at: float
    stamp_ns: int
    ids: frozenset[int]


class ClassNames:
    """Each id stands for one name as long as the process lives, for whichever camera."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._names: dict[int, str] = {}
        self._known: set[str] = set()

    def add(self, names: dict[int, str]) -> None:
        """Adds the names of one class map."""
        self._known |= set(names.values())
        for i, name in names.items():
            before = self._names.setdefault(i, name)
            if before != name and len(self._known) < _MOST_NAMES:
                self._findings.add(f"class {i} was {before!r} and is {name!r}")


class ClassReader:
    """Reads a camera's masks from when it came, as a late subscriber does.

    Attributes:
        judged: how many masks were read.
    """

    def __init__(self, node: Node, camera: str, names: ClassNames, findings: Findings) -> None:
        self._node, self._camera = node, camera
        self._names, self._findings = names, findings
        self._lock = threading.Lock()
        self._maps: list[_Map] = []
        self._waiting: deque[_Mask] = deque()
        self.judged = 0
        self._prefix = f"/tips/{camera}/semantic" if camera else "/tips/semantic"
        self._began = time.monotonic()
        self._masks: Any = None
        # The classes first: a mask that came before its reader had them could not be read.
        self._classes = node.create_subscription(
            ClassMap, f"{self._prefix}/classes", self._on_map, LATCHED
        )

    def listen(self) -> None:
        """Subscribes to the masks, once it has heard what the classes are."""
        if self._masks is None and self._maps:
            topic = f"{self._prefix}/image"
            self._masks = self._node.create_subscription(Image, topic, self._on_mask, 20)

    def judge(self) -> None:
        """Reads the masks that have waited for long enough."""
        self.listen()
        now = time.monotonic()
        while True:
            with self._lock:
                if not self._waiting or now - self._waiting[0].came_at < _LATER_S:
                    return
                mask, maps = self._waiting.popleft(), list(self._maps)
            self.judged += 1
            if not any(mask.ids <= set(names) for names in _readings(mask, maps)):
                self._findings.add(self._unreadable(mask, maps))
                return

    def close(self) -> None:
        """Unsubscribes."""
        for subscription in (self._masks, self._classes):
            if subscription is not None:
                self._node.destroy_subscription(subscription)

    def _on_map(self, message: ClassMap) -> None:
        names = dict(zip(message.ids, message.names, strict=True))
        with self._lock:
            self._maps.append(_Map(time.monotonic(), stamp_ns(message.header), names))
        self._names.add(names)

    def _on_mask(self, message: Image) -> None:
        ids = frozenset(np.unique(np.frombuffer(message.data, np.uint8)).tolist()) - {_UNLABELLED}
        with self._lock:
            self._waiting.append(_Mask(time.monotonic(), stamp_ns(message.header), ids))

    def _unreadable(self, mask: _Mask, maps: list[_Map]) -> str:
        said = "\n".join(
            f"    {m.came_at - mask.came_at:+.3f} s, stamp {m.stamp_ns}: "
            f"{dict(list(m.names.items())[:6])} ({len(m.names)})"
            for m in maps[-8:]
        )
        return (
            f"a mask of camera {self._camera!r} can't be read: stamp {mask.stamp_ns}, ids "
            f"{sorted(mask.ids)[:20]}; the reader came {mask.came_at - self._began:.1f} s before; "
            f"{len(maps)} class maps, of which\n{said}"
        )


def _readings(mask: _Mask, maps: list[_Map]) -> list[dict[int, str]]:
    """The maps that the rule may give for the mask, by what of those around it had arrived."""
    begin, end = mask.came_at - _EARLIER_S, mask.came_at + _LATER_S
    readings = []
    for count in range(len(maps), 0, -1):
        known = maps[:count]
        if known[-1].came_at <= end:
            early = [m for m in known if m.stamp_ns <= mask.stamp_ns]
            if early:
                # Of equal stamps max() takes the first: the one that came last stands first.
                readings.append(max(reversed(early), key=lambda m: m.stamp_ns).names)
        if known[-1].came_at < begin:
            break
    return readings
