# SPDX-License-Identifier: Apache-2.0
"""A node and a camera whose shared memory is full, in a mount namespace of their own.

`unshare --mount python test/faults/full_shared_memory.py BYTES LOG`: /dev/shm becomes a disk of so
many bytes. It is filled once images are answered, and another process asks for depth then.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from tips_ros.messages.conversions import image_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.replay.domain import own_graph_environment
from tips_ros.replay.graph import RosSession
from tips_ros.ros.topics import qos
from tips_ros.ros.transport_profile import VARIABLES, transport_environment

MEMORY = Path("/dev/shm")
WAITS_S = 90.0
NODE = (sys.executable, "-m", "tips_ros.ros.main", "--ros-args", "-r", "image:=/picture")
NODE += ("-p", "input_height:=56", "-p", "input_width:=56", "-p", "precision:=fp32")
# Another viewer, which can get no shared memory any more.
VIEWER = """
import sys, time, rclpy
from sensor_msgs.msg import Image
from tips_ros.ros.topics import qos
sys.stdin.read()  # until shared memory is full
rclpy.init()
TOPIC = "/tips/depth/image"
node, seen = rclpy.create_node("viewer"), []
node.create_subscription(Image, TOPIC, seen.append, qos.output())
end = time.monotonic() + 60.0
while not seen and time.monotonic() < end:
    rclpy.spin_once(node, timeout_sec=0.2)
print("seen" if seen else "nothing")
"""


def until(predicate: Callable[[], object], what: str) -> None:
    """Waits for it."""
    end = time.monotonic() + WAITS_S
    while not predicate():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.05)


def main(size: int, log: Path) -> None:
    """Raises AssertionError where a frame is not answered."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(MEMORY)], check=True)
    environment = own_graph_environment()
    for name in VARIABLES:  # as of whoever sets up nothing
        os.environ.pop(name, None)
    os.environ.update(environment)
    os.environ.update(transport_environment())
    with log.open("w") as out:
        node = subprocess.Popen(NODE, stdout=out, stderr=subprocess.STDOUT)
    viewer = subprocess.Popen(
        [sys.executable, "-c", VIEWER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        with RosSession("camera", environment) as session:
            _disturb(session, node, viewer)
        node.send_signal(signal.SIGINT)
        assert node.wait(60) == 0, f"it ended with {node.returncode}"
    finally:
        node.kill()
        viewer.kill()


def _disturb(
    session: RosSession, node: subprocess.Popen[bytes], viewer: subprocess.Popen[bytes]
) -> None:
    depths: list[int] = []
    session.node.create_subscription(
        Image, "/tips/depth/image", lambda m: depths.append(m.header.stamp.sec), qos.output()
    )
    camera = session.node.create_publisher(Image, "/picture", qos.output())
    until(camera.get_subscription_count, "the node to listen")
    rgb = np.zeros((48, 64, 3), np.uint8)

    def show(sec: int) -> bool:
        assert node.poll() is None, f"the node ended with {node.returncode}"
        header = Header(frame_id="camera")
        header.stamp.sec = sec
        camera.publish(image_message(RCLPY_TYPES, header, rgb, "rgb8"))
        time.sleep(0.1)
        return sec in depths

    until(lambda: show(1), "depth")
    there = os.statvfs(MEMORY)
    with (MEMORY / "ballast").open("wb", buffering=0) as ballast:
        ballast.write(bytes(there.f_bavail * there.f_frsize))
    assert os.statvfs(MEMORY).f_bavail == 0
    for sec in (2, 3, 4):
        until(lambda sec=sec: show(sec), "depth while shared memory is full")
    assert viewer.stdin is not None and viewer.stdout is not None
    viewer.stdin.close()
    until(lambda: show(5) and viewer.poll() is not None, "another viewer")
    said = viewer.stdout.read()  # Fast DDS tells there, too, what it goes without
    assert said.endswith(b"seen\n"), f"another viewer saw {said!r}"
    (MEMORY / "ballast").unlink()
    until(lambda: show(6), "depth once there is room again")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
    print("well")
