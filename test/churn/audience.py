# SPDX-License-Identifier: Apache-2.0
"""Those who listen: they come, go, come late, and are killed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from class_reader import ClassNames, ClassReader
from findings import Findings
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from sent import Sent
from std_msgs.msg import Header
from tips_ros.msg import DepthInfo

from tips_ros.messages.outputs import TOPICS
from tips_ros.messages.types import rclpy_class

_MOST = 14  # subscriptions at a time
_PEER_S = 12.0


class Audience:
    """Subscriptions of all kinds in this process, and processes that are killed.

    Attributes:
        heard: messages by output, of all cameras.
        judged: masks that were read with their classes.
    """

    def __init__(
        self, node: Node, cameras: list[str], domain: int, sent: Sent, findings: Findings
    ) -> None:
        self._node, self._cameras, self._domain = node, cameras, domain
        self._sent, self._findings = sent, findings
        self._names = ClassNames(findings)
        self._subscriptions: list[Any] = []
        self._readers: list[ClassReader] = []
        self._peers: list[subprocess.Popen] = []
        self._read = 0
        self.heard: Counter[str] = Counter()

    @property
    def judged(self) -> int:
        """Masks that were read with their classes."""
        return self._read + sum(reader.judged for reader in self._readers)

    def disturbances(self) -> list[tuple[int, Any]]:
        """Disturbances of this kind, each with a weight."""
        return [
            (4, self.come),
            (3, self.go),
            (3, self.aim),
            (3, self.read_classes),
            (1, self.stop_reading),
            (1, self.start_peer),
            (1, self.kill_peer),
        ]

    def come(self, rng: random.Random) -> str:
        """Somebody wants an output."""
        topic, camera = rng.choice(TOPICS), rng.choice(self._cameras)
        kind = rclpy_class(topic.type)
        self.listen(camera, topic.name, kind, rng.choice(list(ReliabilityPolicy)[1:3]))
        if rng.random() < 0.3:
            self.listen(camera, "depth/info", DepthInfo, ReliabilityPolicy.RELIABLE)
        return f"somebody wants {camera} {topic.name}"

    def go(self, rng: random.Random) -> str:
        """Somebody does not want it any more; sometimes everybody."""
        count = len(self._subscriptions) if rng.random() < 0.15 else 1
        for _ in range(min(count, len(self._subscriptions))):
            subscription = self._subscriptions.pop(rng.randrange(len(self._subscriptions)))
            self._node.destroy_subscription(subscription)
        return f"{count} go"

    def aim(self, rng: random.Random) -> str:
        """Somebody wants heat maps that are there now."""
        topics = [name for name, _ in self._node.get_topic_names_and_types()]
        maps = sorted(name for name in topics if "/similarity/" in name)
        for topic in rng.sample(maps, min(len(maps), 3)):
            camera = topic.split("/")[2] if topic.split("/")[3] == "similarity" else ""
            output = topic.removeprefix(f"/tips/{camera}/" if camera else "/tips/")
            self.listen(camera, output, Image, ReliabilityPolicy.RELIABLE)
        return f"somebody wants heat maps, of {len(maps)}"

    def read_classes(self, rng: random.Random) -> str:
        """Somebody reads masks from now on."""
        camera = rng.choice(self._cameras)
        if len(self._readers) < 3 * len(self._cameras):
            self._read_masks(camera)
        return f"somebody reads the masks of {camera!r}"

    def read_all(self) -> None:
        """Somebody reads the masks of each camera from now on."""
        for camera in self._cameras:
            self._read_masks(camera)

    def stop_reading(self, rng: random.Random) -> str:
        """One of them does so no more."""
        if self._readers:
            reader = self._readers.pop(rng.randrange(len(self._readers)))
            self._read += reader.judged
            reader.close()
        return "somebody reads no masks any more"

    def start_peer(self, rng: random.Random) -> str:
        """Another process publishes and listens."""
        camera = rng.choice(self._cameras)
        if len([peer for peer in self._peers if peer.poll() is None]) < 2:
            command = [sys.executable, str(Path(__file__).with_name("peer.py")), camera]
            environment = {**os.environ, "ROS_DOMAIN_ID": str(self._domain)}
            quiet = subprocess.DEVNULL
            self._peers.append(
                subprocess.Popen(
                    [*command, str(_PEER_S)], env=environment, stdout=quiet, stderr=quiet
                )
            )
        return f"a process joins at {camera!r}"

    def kill_peer(self, rng: random.Random) -> str:
        """It is killed."""
        if self._peers:
            peer = self._peers.pop(rng.randrange(len(self._peers)))
            peer.kill()
            peer.wait()
        return "a process is killed"

    def _read_masks(self, camera: str) -> None:
        self._readers.append(ClassReader(self._node, camera, self._names, self._findings))

    def listen(self, camera: str, output: str, kind: Any, reliability: Any) -> Any:
        """Subscribes to an output and checks whatever comes."""

        def check(message: Any) -> None:
            self.heard[output] += 1
            self.heard[f"{camera} {output}"] += 1
            first = message.markers[0] if output == "objects/markers" else message
            header = first.header
            if output == "scan":  # in the level frame of its camera's
                frame_id = header.frame_id.removesuffix("_level")
                header = Header(stamp=header.stamp, frame_id=frame_id)
            if output != "depth/info" and not self._sent.has(camera, output, header):
                self._findings.add(f"nobody sent {first.header} of {camera!r} {output}")

        topic = f"/tips/{camera}/{output}" if camera else f"/tips/{output}"
        profile = QoSProfile(depth=10, reliability=reliability)
        subscription = self._node.create_subscription(kind, topic, check, profile)
        if len(self._subscriptions) >= _MOST:
            self._node.destroy_subscription(self._subscriptions.pop(0))
        self._subscriptions.append(subscription)
        return subscription

    def judge(self) -> None:
        """Reads the masks that came."""
        for reader in list(self._readers):
            reader.judge()

    def leave(self) -> None:
        """All go."""
        while self._readers:
            self.stop_reading(random.Random(0))
        while self._subscriptions:
            self._node.destroy_subscription(self._subscriptions.pop())
        while self._peers:
            self.kill_peer(random.Random(0))
